// Project memory: what a turn leaves behind for later ones, how a later card finds it again, and how it is cut to size.
// A memory is a model's text: it is data wherever it goes. Where memories lie is the store's business.

/** One decision that a turn left, with its origin. It never changes; a person can have it forgotten. */
export type Memory = {
  readonly id: number;
  /** The organization's name when it was written. */
  readonly project: string;
  readonly build: string;
  readonly card: string;
  readonly run: string;
  readonly turn: string;
  readonly seat: string;
  readonly at: string;
  readonly text: string;
};

export const MEMORY_LIMITS = {
  charactersMax: 200,
  shownMax: 5,
  shownBytesMax: 2048,
  /** Words of a card that are looked for, the first ones: a long note must not make each of its turns slow. */
  queryWordsMax: 128,
  /** The best finds of the store that are weighed here: more than are shown, for some may be too long. */
  candidatesMax: 16,
} as const;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const THREE_LETTERS = /\p{L}(?:.*?\p{L}){2}/su;
const DECISION = "decision";

/** The distinct words of a text: runs of letters, marks and digits with at least three letters, in lower case. */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().normalize("NFC").match(WORD) ?? [];
  return new Set(words.filter((word) => THREE_LETTERS.test(word)));
}

/** What a card asks of the memory: the words of its summary, then those of its note. */
export const queryOf = (card: { readonly summary: string; readonly note: string }) =>
  firstWords(`${card.summary}\n${card.note}`);

export const firstWords = (text: string): ReadonlySet<string> =>
  new Set([...wordsOf(text)].slice(0, MEMORY_LIMITS.queryWordsMax));

/** One line without control characters, so that no text can look like a line of its surroundings. */
const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();

export type TurnWords = {
  readonly roles: readonly string[];
  /** In the order they were written. */
  readonly comments: readonly string[];
  /** The model's last text. */
  readonly text: string;
};

/**
 * The words of a successful turn that are worth keeping, or null: the first comment that speaks of a decision, else the
 * final text that does; of an architect the final text, else the last comment, whatever it speaks of.
 */
export function decisionIn({ roles, comments, text }: TurnWords): string | null {
  const spoken = [...comments, text].map(oneLine).filter((words) => words !== "");
  const decision = spoken.find((words) => wordsOf(words).has(DECISION));
  if (decision !== undefined) return decision;
  const isArchitect = roles.some((role) => role.toLowerCase().includes("architect"));
  return isArchitect ? (spoken.at(-1) ?? null) : null;
}

/** The text of the memory. Secrets are taken out of `words` before: half of one would not be known for what it is. */
export const memoryText = (
  { seat, card }: Pick<Memory, "seat" | "card">,
  words: string,
): string => {
  const first = Array.from(oneLine(words)).slice(0, MEMORY_LIMITS.charactersMax).join("");
  return oneLine(`Decision by ${seat} on ${card}: ${first}`);
};

/** How many distinct words they share. */
export function scoreOf(query: ReadonlySet<string>, text: string): number {
  const words = wordsOf(text);
  return [...query].filter((word) => words.has(word)).length;
}

/**
 * The memories that are shown, best first, newest first among equals, as many as fit; one that is too long for the room
 * that is left makes way for a shorter one. Without a word to look for the newest are shown.
 */
export function chooseMemories(
  query: ReadonlySet<string>,
  candidates: readonly Memory[],
): readonly Memory[] {
  const scored = candidates
    .map((memory) => ({ memory, score: scoreOf(query, memory.text) }))
    .filter(({ score }) => score > 0 || query.size === 0)
    .toSorted((left, right) => right.score - left.score || right.memory.id - left.memory.id);
  const chosen: Memory[] = [];
  let bytes = 0;
  for (const { memory } of scored) {
    const size = bytesOf(`${memoryLine(memory)}\n`);
    if (chosen.length >= MEMORY_LIMITS.shownMax) break;
    if (bytes + size > MEMORY_LIMITS.shownBytesMax) continue;
    bytes += size;
    chosen.push(memory);
  }
  return chosen;
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** A memory with its origin, as it stands in a prompt. */
export function memoryLine({ text, seat, card, build, turn, at }: Memory): string {
  const origin = [
    `seat ${seat}`,
    `card ${card}`,
    `build ${build}`,
    `turn ${turn}`,
    at.slice(0, 10),
  ];
  return `- ${oneLine(text)} (${oneLine(origin.join(", "))})`;
}
