// The ids of sandboxes: the one function that makes them also finds them, so that no part can look for a sandbox under
// another name than the one that it was made with. What lies behind an id is not here.

/** What a sandbox shows: a build, or a pull request (`repository` as the forge writes it, `owner/name`). */
export type SandboxSubject =
  | { readonly kind: "build"; readonly build: string }
  | { readonly kind: "pull-request"; readonly repository: string; readonly number: number };

export const SANDBOX_ID_PATTERN = /^sandbox-[a-z0-9][a-z0-9-]{0,62}$/;

/** Longer ones would not fit into the names that an engine makes of it. */
const SLUG_CHARACTERS_MAX = 40;
const HASH_DIGITS = 6;

/** What a plain name must not look like, or it could be the id of something else. */
const LOOKS_MADE = /-(?:pr[0-9]+|[0-9a-f]{6})$/;

/**
 * `sandbox-<slug>` of the build, or of `<repository>-pr<number>`. Where the slug is not the name itself, six digits of a hash
 * follow: `a/b` and `a-b` are two builds and have two sandboxes. `digest` gives hex.
 */
export function sandboxIdOf(subject: SandboxSubject, digest: (text: string) => string): string {
  const isBuild = subject.kind === "build";
  const name = isBuild ? subject.build : subject.repository;
  const slug = slugOf(name);
  const ending = isBuild ? "" : `-pr${subject.number}`;
  const isPlain = slug === name && !(isBuild && LOOKS_MADE.test(name));
  if (isPlain) return `sandbox-${slug}${ending}`;
  const hash = digest(`${subject.kind} ${name}${ending}`).slice(0, HASH_DIGITS);
  return `sandbox-${slug}${ending}-${hash}`;
}

/** For what a person or a client named: an id is one already, anything else is taken for a build. */
export const sandboxIdFrom = (text: string, digest: (text: string) => string): string =>
  SANDBOX_ID_PATTERN.test(text) ? text : sandboxIdOf({ kind: "build", build: text }, digest);

function slugOf(name: string): string {
  const characters = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const slug = withoutDashes(withoutDashes(characters).slice(0, SLUG_CHARACTERS_MAX));
  return slug === "" ? "unnamed" : slug;
}

const withoutDashes = (text: string): string => text.replaceAll(/^-|-$/g, "");
