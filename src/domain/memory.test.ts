// What is remembered, what counts as a word, which memories are shown, and that none of them can break out of its line.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Memory } from "./memory.ts";
import {
  chooseMemories,
  decisionIn,
  memoryLine,
  memoryText,
  MEMORY_LIMITS,
  queryOf,
  scoreOf,
  wordsOf,
} from "./memory.ts";

const memory = (id: number, text: string, more: Partial<Memory> = {}): Memory => ({
  id,
  project: "Orket",
  build: "build-a",
  card: "A-1",
  run: "run-1",
  turn: `turn-${id}`,
  seat: "coder",
  at: "2026-01-02T03:04:05.000Z",
  text,
  ...more,
});
const ids = (memories: readonly Memory[]): readonly number[] => memories.map(({ id }) => id);
/** Any text: letters of all planes, half surrogates, control characters, line ends. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        "`",
        "``",
        "\n",
        "\u2028",
        "\u0085",
        "\0",
        "\ud800",
        "ß",
        "decision",
        " ",
        "中文字",
        "e\u0301",
      ),
    )
    .map((parts) => parts.join("")),
);

test("a word is a run of letters, marks and digits with three letters at least, in lower case, once", () => {
  const table: readonly (readonly [text: string, words: readonly string[]])[] = [
    ["Use the DB, use UTF8; a1b2 2024 v12", ["use", "the", "utf8"]],
    ["Größe GRÖSSE größe", ["größe", "grösse"]],
    ["Cafe\u0301 CAFÉ", ["café"]],
    ["don't l’équipe o'clock", ["don", "équipe", "clock"]],
    ["データベース 数据库 是", ["データベース", "数据库"]],
    ["🦀crab🦀 👩‍👩‍👧 1️⃣", ["crab"]],
    ["ΟΔΟΣ οδος İstanbul", ["οδος", "i̇stanbul"]],
    ["snake_case kebab-case path/to/file.ts", ["snake", "case", "kebab", "path", "file"]],
    ["हिन्दी العربية", ["हिन्दी", "العربية"]],
    ["", []],
    ["\ud800abc\udfff \0def", ["abc", "def"]],
  ];
  for (const [text, words] of table) assert.deepEqual([...wordsOf(text)], words, text);
});

test("a word is its own only word, whatever the text it was found in", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const word of wordsOf(text)) assert.deepEqual([...wordsOf(word)], [word]);
    }),
  );
});

test("the query is the first words of summary and note", () => {
  assert.deepEqual(
    [...queryOf({ summary: "One two", note: "two three" })],
    ["one", "two", "three"],
  );
  assert.equal(queryOf({ summary: "a b", note: "" }).size, 0);
  const note = Array.from({ length: 500 }, (_, place) => `word${place}`).join(" ");
  const query = [...queryOf({ summary: "summary", note })];
  assert.deepEqual([query.length, query[0]], [MEMORY_LIMITS.queryWordsMax, "summary"]);
});

test("a turn is remembered for the first comment with the word decision, else for its final text", () => {
  const kept = (comments: readonly string[], text: string, roles: readonly string[] = ["coder"]) =>
    decisionIn({ roles, comments, text });
  assert.equal(kept(["A note", "Decision: x", "decision: y"], "decision: z"), "Decision: x");
  assert.equal(kept(["A note"], "The DECISION\n is z"), "The DECISION is z");
  assert.equal(kept(["Decisions, indecision, decision1"], "Done."), null);
  assert.equal(kept(["_decision_"], ""), "_decision_");
  assert.equal(kept([], ""), null);
});

test("an architect is remembered whatever the words are, if there are any", () => {
  const kept = (comments: readonly string[], text: string, role: string) =>
    decisionIn({ roles: ["coder", role], comments, text });
  assert.equal(kept(["A note"], "Done.", "lead_architect"), "Done.");
  assert.equal(kept(["A note", "Another"], " \n", "Data Architect"), "Another");
  assert.equal(kept(["My decision"], "Done.", "lead_architect"), "My decision");
  assert.equal(kept([" "], "\0", "lead_architect"), null);
  assert.equal(kept(["A note"], "Done.", "archivist"), null);
});

test("a memory is one line with the first 200 characters, and no character is cut in two", () => {
  const origin = { seat: "coder", card: "A-1" };
  assert.equal(memoryText(origin, " One\r\n\ttwo "), "Decision by coder on A-1: One two");
  assert.equal(
    memoryText(origin, "🦀".repeat(300)),
    `Decision by coder on A-1: ${"🦀".repeat(200)}`,
  );
  fc.assert(
    fc.property(anyText, anyText, (words, seat) => {
      const text = memoryText({ seat, card: "A-1" }, words);
      assert.ok(text.isWellFormed());
      assert.doesNotMatch(text, /[\p{Cc}\u2028\u2029]/u);
    }),
  );
});

test("the score is the number of distinct words that are shared", () => {
  const query = wordsOf("storage format, storage layout");
  assert.equal(scoreOf(query, "Storage storage STORAGE"), 1);
  assert.equal(scoreOf(query, "the layout of the format of the storage"), 3);
  assert.equal(scoreOf(query, "store"), 0);
});

test("the best come first, the newest among equals, and what shares nothing is left out", () => {
  const query = wordsOf("storage format");
  const candidates = [
    memory(1, "storage"),
    memory(2, "nothing in common"),
    memory(3, "the format of the storage"),
    memory(4, "format"),
  ];
  assert.deepEqual(ids(chooseMemories(query, candidates)), [3, 4, 1]);
});

test("without a word to look for the newest are shown", () => {
  const candidates = [1, 3, 2].map((id) => memory(id, "x"));
  assert.deepEqual(ids(chooseMemories(new Set(), candidates)), [3, 2, 1]);
});

test("five at most are shown, and one that is too long makes way for a shorter one", () => {
  const query = wordsOf("storage");
  const short = Array.from({ length: 9 }, (_, place) => memory(place + 1, "storage"));
  assert.deepEqual(ids(chooseMemories(query, short)), [9, 8, 7, 6, 5]);
  const long = `storage ${"ü".repeat(900)}`;
  const mixed = [memory(9, long), memory(8, long), memory(7, "storage")];
  assert.deepEqual(ids(chooseMemories(query, mixed)), [9, 7]);
});

test("whatever the memories are, what is shown fits, shares a word and is in order", () => {
  const someWords = fc.array(fc.constantFrom("storage", "format", "ünïcode", "数据库", "x", "🦀"));
  const entry = fc.tuple(someWords, fc.nat(400)).map(([words, more]) => ({
    text: `${words.join(" ")} ${"ü".repeat(more)}`,
  }));
  fc.assert(
    fc.property(someWords, fc.array(entry, { maxLength: 12 }), (asked, entries) => {
      const query = wordsOf(asked.join(" "));
      const chosen = chooseMemories(
        query,
        entries.map(({ text }, place) => memory(place, text)),
      );
      const scores = chosen.map(({ text }) => scoreOf(query, text));
      assert.ok(chosen.length <= MEMORY_LIMITS.shownMax);
      assert.ok(
        Buffer.byteLength(chosen.map((one) => `${memoryLine(one)}\n`).join("")) <=
          MEMORY_LIMITS.shownBytesMax,
      );
      assert.ok(query.size === 0 || scores.every((score) => score > 0));
      assert.deepEqual(
        scores,
        scores.toSorted((left, right) => right - left),
      );
    }),
  );
});

test("a shown memory is one line that names where it comes from", () => {
  assert.equal(
    memoryLine(memory(1, "Decision by coder on A-1: x")),
    "- Decision by coder on A-1: x (seat coder, card A-1, build build-a, turn turn-1, 2026-01-02)",
  );
  fc.assert(
    fc.property(anyText, anyText, (text, build) => {
      assert.doesNotMatch(memoryLine(memory(1, text, { build })), /[\p{Cc}\u2028\u2029]/u);
    }),
  );
});
