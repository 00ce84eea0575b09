// The demo as a person runs it: from the shipped project through the command line to tested code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runOrket } from "../support/orket.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Line = {
  readonly type: string;
  readonly card?: string | null;
  readonly data: Record<string, unknown>;
};

test("R-67 the shipped demo ends well: six cards done, refused actions with their reasons, tests green", async (context) => {
  const cwd = await tempFolder(context);
  const { code, out, err } = await runOrket(["demo", "--json", "--keep", "kept"], { cwd });
  assert.equal(code, 0, err);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line & Record<string, unknown>);
  const demo = lines.at(-1) as unknown as {
    status: string;
    cards: Record<string, string>;
    refusals: { card: string; reason: string }[];
    builds: { files: string[]; tests: string }[];
  };
  assert.equal(demo.status, "done");
  assert.deepEqual(
    Object.values(demo.cards),
    Array.from({ length: 6 }, () => "done"),
  );
  assert.match(
    demo.refusals.find((one) => one.card === "duration-parse")?.reason ?? "",
    /outside\.mjs leaves the workspace/,
  );
  assert.match(
    demo.refusals.find((one) => one.card === "size-parse")?.reason ?? "",
    /ROOT_FILE_VIOLATION/,
  );
  assert.deepEqual(
    demo.builds.map((build) => build.tests),
    ["11 tests passed", "9 tests passed"],
  );
  const rejected = lines.filter((line) => line.type === "review-rejected");
  assert.deepEqual(
    rejected.map((line) => line.card),
    ["size-format"],
  );
  const done = lines
    .filter((line) => line.type === "card-moved" && line.data["to"] === "done")
    .map((line) => line.card);
  assert.ok(done.indexOf("duration-design") < done.indexOf("duration-parse"));
  assert.ok(done.indexOf("duration-parse") < done.indexOf("duration-format"));
});

test("the demo without a terminal tells the story in plain lines, and its next commands work", async (context) => {
  const cwd = await tempFolder(context);
  const { code, out, err } = await runOrket(["demo", "--keep", "kept"], { cwd });
  assert.equal(code, 0, err);
  assert.ok(!`${out}${err}`.includes("\u001b"));
  for (const words of [
    "Refused on the way",
    "The cards",
    "What was built",
    "Next",
    "orket init my-project",
  ])
    assert.ok(out.includes(words), words);
  assert.match(err, /orket cards move duration-parse ready[\s\S]*orket resume run-/);
  const next = /orket (events verify --project \S+)/.exec(out)?.[1]?.split(" ") ?? [];
  assert.equal((await runOrket(next, { cwd })).code, 0);
});
