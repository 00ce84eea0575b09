// The words of a review as they go to the forge: the hidden mark that tells it is there already, the text, the comments on
// lines, and one line for a status. Whatever a model said is made harmless here; secrets are taken out by whoever hands it in.
import { foreignLine, foreignMarkdown } from "./foreign-markdown.ts";
import type { Verdict } from "./verdict.ts";

export type ReviewComment = {
  readonly path: string;
  readonly line: number;
  readonly body: string;
  /** Whether the line stands in the diff; what does not goes into the text. */
  readonly isInDiff: boolean;
};

export type ReviewWords = {
  readonly kind: "approved" | "changes-requested" | "not-reviewed";
  readonly card: string;
  readonly sha: string;
  readonly reason: string;
  readonly verdict: Verdict | null;
  readonly comments: readonly ReviewComment[];
  /** The review as what it is called: the forge lets nobody judge a pull request of their own. */
  readonly isOwn: boolean;
  /** Tells one review from another of the same commit. */
  readonly key: string;
};

const REASON_CHARACTERS_MAX = 8000;
const COMMENT_CHARACTERS_MAX = 4000;
const SHA_CHARACTERS_SHOWN = 12;

/** Only Orket can write it: in all text of others the beginning of an HTML comment is broken. */
export const reviewMark = ({ sha, key }: Pick<ReviewWords, "sha" | "key">): string =>
  `<!-- orket-review ${sha} ${key} -->`;

export function reviewBody(words: ReviewWords): string {
  const { card, sha, reason, comments, isOwn, verdict } = words;
  const loose = comments.filter(({ isInDiff }) => !isInDiff);
  const judged = isOwn && words.kind !== "not-reviewed";
  return [
    `**${headOf(words)}** (card ${code(card)}, commit ${code(sha.slice(0, SHA_CHARACTERS_SHOWN))})`,
    `Verification of this commit: ${verdict ?? "none"}.`,
    judged
      ? "Orket opened this pull request itself, so this is a comment and decides nothing."
      : "",
    // Last: what they leave open, such as a block of code, swallows nothing but the mark, which is read all the same.
    cut(foreignMarkdown(reason), REASON_CHARACTERS_MAX),
    loose.map(looseComment).join("\n"),
    reviewMark(words),
  ]
    .filter((part) => part.trim() !== "")
    .join("\n\n");
}

function headOf({ kind }: ReviewWords): string {
  switch (kind) {
    case "approved":
      return "The review accepts this change.";
    case "changes-requested":
      return "The review asks for changes.";
    case "not-reviewed":
      return "This commit was not reviewed.";
  }
}

const code = (word: string): string => `\`${foreignLine(word).replaceAll("`", "")}\``;

const looseComment = ({ path, line, body }: ReviewComment): string =>
  `- ${code(path)}, line ${line}: ${cut(foreignLine(body), COMMENT_CHARACTERS_MAX)}`;

/** The comments that stand on lines. */
export const lineComments = (
  comments: readonly ReviewComment[],
): readonly { readonly path: string; readonly line: number; readonly body: string }[] =>
  comments
    .filter(({ isInDiff }) => isInDiff)
    .map(({ path, line, body }) => ({
      path,
      line,
      body: cut(foreignMarkdown(body), COMMENT_CHARACTERS_MAX),
    }));

const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : `${text.slice(0, charactersMax).toWellFormed()}…`;

const STATUS_CHARACTERS_MAX = 140;

export const statusLine = (text: string): string => cut(foreignLine(text), STATUS_CHARACTERS_MAX);
