// Edits of asset files: what was written around the change stays, and the change is exactly the one that was wanted.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import type { Edit } from "./edit-text.ts";
import { editText } from "./edit-text.ts";
import { blockOf } from "./edit-yaml.ts";
import { parseText } from "./parse-text.ts";

const append = (value: Record<string, string>, block: string | null = null): Edit => ({
  kind: "append",
  key: "issues",
  value,
  block,
});
const remove = (place: number): Edit => ({ kind: "remove", key: "issues", place });

const YAML = `# Head of the file
summary: Work   # said in passing
team:  "crew"
issues:
  # The first one
  - id: a
    summary: >-
      Folded over
      two lines

  - {id: b, summary: 'In one line'}   # short

  # The last one
  - id: c
    requirements: |
      Literal text
        # no comment

      with a gap
# Foot of the file
environment: local
`;

test("an entry is appended to a YAML list, and every other line stays as it was", () => {
  const made = editText(YAML, "yaml", append({ id: "d", summary: "New" }));
  assert.equal(
    made,
    YAML.replace("      with a gap\n", "      with a gap\n\n  - id: d\n    summary: New\n"),
  );
});

test("an entry as somebody wrote it is moved with its comments", () => {
  const block = blockOf(YAML, "issues", 2) ?? "";
  assert.equal(
    block,
    "# The last one\n- id: c\n  requirements: |\n    Literal text\n      # no comment\n\n    with a gap\n",
  );
  const value = (parse(block) as Record<string, string>[])[0] ?? {};
  const target = "summary: x\nissues:\n- id: z\n";
  assert.equal(editText(target, "yaml", append(value, block)), target + block);
});

test("a block that says something else than its value is not taken", () => {
  const made = editText("issues:\n  - id: z\n", "yaml", append({ id: "a" }, "- id: b\n"));
  assert.equal(made, "issues:\n  - id: z\n  - id: a\n");
});

test("entries are removed with the comments above them, first, middle, last and only", () => {
  const without = (place: number): string => editText(YAML, "yaml", remove(place)) ?? "";
  assert.ok(without(0).includes("issues:\n  - {id: b"));
  assert.ok(!without(0).includes("The first one"));
  assert.ok(without(1).includes("two lines\n\n  # The last one\n  - id: c"));
  assert.ok(without(2).includes("# short\n\n# Foot of the file\n"));
  assert.ok(!without(2).includes("The last one"));
  const only = "a: 1\nissues: # of today\n  # one\n  - id: a\n    summary: x\nteam: t\n";
  assert.equal(editText(only, "yaml", remove(0)), "a: 1\nissues: [] # of today\nteam: t\n");
});

test("lists that are empty, missing or written in one line take an entry too", () => {
  const value = { id: "d", summary: "New" };
  assert.equal(
    editText("issues: [] # none\nteam: t\n", "yaml", append(value)),
    "issues:\n  - id: d\n    summary: New # none\nteam: t\n",
  );
  assert.equal(
    editText("team: t # the team", "yaml", append(value)),
    "team: t # the team\nissues:\n  - id: d\n    summary: New\n",
  );
  assert.equal(
    editText("issues: [{id: a}] # few\n", "yaml", append(value)),
    'issues: [{id: a}, {"id":"d","summary":"New"}] # few\n',
  );
  assert.deepEqual(parse(editText("{team: t}\n", "yaml", append(value)) ?? ""), {
    team: "t",
    issues: [value],
  });
});

test("a value is set where it stands, and an id comes first where there was none", () => {
  const set = (path: (string | number)[], value: string): string | null =>
    editText(YAML, "yaml", { kind: "set", path, value });
  assert.equal(set(["team"], "other"), YAML.replace('"crew"', "other"));
  assert.equal(set(["team"], "123"), YAML.replace('"crew"', '"123"'));
  const bare = "issues:\n  - summary: x # why\n    seat: s\n  - {summary: y}\n";
  const first = editText(bare, "yaml", { kind: "set", path: ["issues", 0, "id"], value: "a" });
  assert.equal(first, bare.replace("- summary: x", "- id: a\n    summary: x"));
  const second = editText(bare, "yaml", { kind: "set", path: ["issues", 1, "id"], value: "b" });
  assert.equal(second, bare.replace("{summary: y}", "{ id: b,summary: y}"));
});

test("windows line ends and a byte order mark stay", () => {
  const text = `\uFEFF${YAML.replaceAll("\n", "\r\n")}`;
  const made = editText(text, "yaml", append({ id: "d", summary: "a\nb" })) ?? "";
  assert.ok(made.startsWith("\uFEFF# Head of the file\r\n"));
  assert.ok(!/[^\r]\n/.test(made));
});

test("a list with an anchor that something else uses is not pulled apart", () => {
  const text = "issues:\n  - &one {id: a}\nnote: *one\n";
  assert.equal(editText(text, "yaml", remove(0)), null);
});

test("JSON with comments keeps them, with its own indentation", () => {
  const text =
    '{\n    // why\n    "team": "t",\n    "issues": [\n        { "id": "a" } // first\n    ]\n}\n';
  const made = editText(text, "json", append({ id: "b" })) ?? "";
  assert.ok(made.includes("    // why\n"));
  assert.ok(made.includes("// first"));
  assert.ok(made.includes('        {\n            "id": "b"\n        }'));
  assert.equal(
    editText(text, "json", { kind: "set", path: ["team"], value: "x" }),
    text.replace('"t"', '"x"'),
  );
  for (const bare of [
    "{}",
    '{"issues":[]}',
    '{"issues":[{"id":"a"},]}',
    '{\n\t"issues": [\n\t]\n}',
  ])
    assert.ok((editText(bare, "json", append({ id: "b" })) ?? "").includes('"b"'), bare);
  assert.ok(!(editText(text, "json", remove(0)) ?? '"id"').includes('"id"'));
});

test("a text that cannot be read is not edited", () => {
  assert.equal(editText("a: [", "yaml", append({ id: "a" })), null);
  assert.equal(editText("{", "json", append({ id: "a" })), null);
});

test("whatever the entries are, an edit leaves what was wanted, however the library writes them", () => {
  // Not all of them are written so by the library that it can read them again.
  const text = fc.stringMatching(/^[ -~\n]{1,40}$/);
  const issue = fc.record(
    { id: fc.stringMatching(/^[a-z]{1,5}$/), summary: text, note: text },
    { noNullPrototype: true },
  );
  const options = fc.constantFrom(
    {},
    { indentSeq: false },
    { collectionStyle: "flow" as const },
    { defaultStringType: "QUOTE_DOUBLE" as const },
    { lineWidth: 20 },
  );
  const issues = fc.array(issue, { maxLength: 4 });
  fc.assert(
    fc.property(issues, issue, fc.tuple(options, fc.nat()), (list, added, [style, pick]) => {
      const written = stringify({ name: "x", issues: list, note: "end" }, style);
      const read = parseText(written, "yaml");
      fc.pre(read.ok);
      const before = read.value as { readonly issues: readonly unknown[] };
      const more = editText(written, "yaml", append(added));
      assert.deepEqual(parse(more ?? ""), {
        name: "x",
        issues: [...before.issues, added],
        note: "end",
      });
      if (list.length === 0) return;
      const place = pick % list.length;
      const fewer = editText(written, "yaml", remove(place));
      const left = before.issues.filter((_, one) => one !== place);
      assert.deepEqual(parse(fewer ?? ""), { name: "x", issues: left, note: "end" });
    }),
    { numRuns: 500 },
  );
});
