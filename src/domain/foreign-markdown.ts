// Words of models, files and strangers made fit for a forge, where they stand under Orket's own name: they may mention
// nobody, refer to and close nothing, load nothing, and hold no mark that Orket would take for its own.

/** What a reader cannot see, or what turns text around; but line feeds and tabs. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Between two characters it keeps them from meaning anything together, and nobody sees it. */
const GAP = "\u200b";

/**
 * `@name`, `#12`, `!12`, an address, a link, an image, a tag, an entity and a comment of HTML: each loses its meaning by a gap
 * behind its first character. Entities are decoded before a forge looks for names, so they are no way to write one.
 */
const MEANINGFUL =
  /[@#](?=[\p{L}\p{N}_-])|!(?=[\d[])|\](?=[([:])|<(?=[a-z/!?])|&(?=#?\w+;)|:(?=\/\/)|(?<=\bwww)\.|(?<=\bmailto):/giu;

export const foreignMarkdown = (text: string): string =>
  visible(text).replace(MEANINGFUL, `$&${GAP}`);

/** The same on one line, for the places that have no second one. */
export const foreignLine = (text: string): string =>
  foreignMarkdown(text.replace(/\s+/gu, " ").trim());

/** Text without what no reader sees; secrets are looked for in this, before gaps are put into it. */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSEEN, "");
}
