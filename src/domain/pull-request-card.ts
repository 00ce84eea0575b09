// Which card a pull request is for: named in its title, else its body, else its head branch. A name is any existing issue's
// id, in any case, or a word like ISSUE-12 that may turn out to name none. Whether a card exists is looked up elsewhere.

export type NamingTexts = {
  readonly title: string;
  readonly body: string;
  readonly branch: string;
};

export type NamedCard =
  | { readonly kind: "card"; readonly id: string }
  /** It reads like an id, and nothing has it. */
  | { readonly kind: "unknown"; readonly id: string }
  | { readonly kind: "none" };

const TOKEN = /[A-Za-z0-9][A-Za-z0-9._-]*/g;
const SEPARATOR = /([._-])/;
const ISSUE_WORD = /(?<![A-Za-z0-9])ISSUE-[A-Z0-9]+(?![A-Za-z0-9])/;

const CHARACTERS_MAX = 20_000;
const PARTS_MAX = 12;
const ID_CHARACTERS_MAX = 64;
const WORDS_MAX = 2000;

const placesOf = ({ title, body, branch }: NamingTexts): readonly string[] =>
  [title, body, branch].map((text) => text.slice(0, CHARACTERS_MAX));

/** All that could be an id, in lower case; what is to be looked up. */
export const wordsOf = (texts: NamingTexts): readonly string[] => [
  ...new Set(placesOf(texts).flatMap(wordsIn)),
];

/** `known`: ids of issues that exist, in lower case. */
export function chooseCard(texts: NamingTexts, known: ReadonlySet<string>): NamedCard {
  for (const place of placesOf(texts)) {
    const found = wordsIn(place).find((word) => known.has(word));
    if (found !== undefined) return { kind: "card", id: found };
    const [unknown] = ISSUE_WORD.exec(place) ?? [];
    if (unknown !== undefined) return { kind: "unknown", id: unknown };
  }
  return { kind: "none" };
}

/** In the order of the text, the longer before the shorter: `issue-12-fix` may name `issue-12-fix`, `issue-12` or `issue`. */
function wordsIn(text: string): readonly string[] {
  const words: string[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (words.length >= WORDS_MAX) break;
    words.push(...spansOf(token.toLowerCase()));
  }
  return words;
}

function spansOf(token: string): readonly string[] {
  // Every second piece is a separator.
  const pieces = token.split(SEPARATOR).slice(0, PARTS_MAX * 2 - 1);
  const spans: string[] = [];
  for (let from = 0; from < pieces.length; from += 2)
    for (let to = pieces.length; to > from; to -= 2) {
      const span = pieces.slice(from, to).join("");
      if (span !== "" && span.length <= ID_CHARACTERS_MAX) spans.push(span);
    }
  return spans;
}
