// Names that may become part of an address on the forge. Stricter than the forge is: what does not fit is refused, never mended.

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
/** Endings that the forge takes for something else than a repository's name. */
const RESERVED = /\.(?:git|wiki|rss|atom)$/i;
const BRANCH = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/;
const SHA = /^[0-9a-f]{40}$/;

/** Of an owner or a repository: one part of a path, whatever else it is put between. */
export const isForgeName = (name: string): boolean =>
  NAME.test(name) && !name.includes("..") && !name.endsWith(".") && !RESERVED.test(name);

/** What git takes too (git-check-ref-format), and nothing that could be read as an option or a pattern. */
export const isBranchName = (name: string): boolean =>
  BRANCH.test(name) &&
  !/\.\.|\/\/|\/\.|\/$|\.$/.test(name) &&
  !name.split("/").some((part) => part.endsWith(".lock"));

/** The full name of a commit, as git prints it. */
export const isSha = (text: string): boolean => SHA.test(text);
