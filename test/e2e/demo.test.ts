// The demo as a person runs it: from the shipped project through the command line to tested code. The last test looks at
// the script itself: the bug that the review finds is a real one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { runOrket } from "../support/orket.ts";
import { tempFolder } from "../support/temp-folder.ts";

const DEMO = fileURLToPath(new URL("../../examples/demo/", import.meta.url));
const CARDS_COUNT = 6;

type Line = {
  readonly type: string;
  readonly card?: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

type Closing = {
  readonly type: string;
  readonly status: string;
  readonly cards: Readonly<Record<string, string>>;
  readonly refusals: readonly { readonly card: string; readonly reason: string }[];
  readonly builds: readonly { readonly build: string; readonly tests: string }[];
};

const readDemo = async (path: string): Promise<unknown> =>
  parse(await readFile(join(DEMO, path), "utf8"));

type Epic = { readonly issues: readonly { readonly id: string; readonly depends_on?: string[] }[] };

const issuesOfDemo = async (): Promise<Epic["issues"]> =>
  (
    await Promise.all(
      ["duration", "size"].map(async (name) => readDemo(`model/core/epics/${name}.yaml`)),
    )
  ).flatMap((epic) => (epic as Epic).issues);

test("R-67 the shipped demo ends well: six cards done, refused actions with their reasons, tests green", async (context) => {
  const cwd = await tempFolder(context);
  const { code, out, err } = await runOrket(["demo", "--json", "--keep", "kept"], { cwd });
  assert.equal(code, 0, err);
  const parsed = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const demo = parsed.at(-1) as unknown as Closing;
  const lines = parsed.slice(0, -1);
  const cardsOf = (type: string) =>
    lines.filter((line) => line.type === type).map((line) => line.card);

  assert.deepEqual([demo.type, demo.status], ["demo", "done"]);
  const issues = await issuesOfDemo();
  assert.equal(issues.length, CARDS_COUNT);
  assert.deepEqual(demo.cards, Object.fromEntries(issues.map(({ id }) => [id, "done"])));

  const denied = lines.filter((line) => line.type === "tool-denied");
  const reasonFor = (card: string) =>
    String(denied.find((line) => line.card === card)?.data["reason"]);
  assert.match(reasonFor("duration-parse"), /outside\.mjs leaves the workspace/);
  assert.match(reasonFor("size-engine"), /ROOT_FILE_VIOLATION/);
  assert.deepEqual(
    demo.refusals.map(({ card, reason }) => [card, reason]),
    denied.map(({ card, data }) => [card, data["reason"]]),
  );
  assert.deepEqual(cardsOf("governance-violated"), ["duration-parse"]);
  assert.deepEqual(cardsOf("review-rejected"), ["size-engine"]);

  assert.deepEqual(
    demo.builds.map(({ build, tests }) => [build, tests]),
    [
      ["unit-kit/duration", "13 tests passed"],
      ["unit-kit/size", "14 tests passed"],
    ],
  );
  const edges = issues.flatMap(({ id, depends_on = [] }) =>
    depends_on.map((before) => [id, before]),
  );
  assert.equal(edges.length, 4);
  for (const [id, before] of edges) {
    const done = lines.findIndex(
      (line) => line.type === "card-moved" && line.card === before && line.data["to"] === "done",
    );
    const started = lines.findIndex((line) => line.type === "turn-started" && line.card === id);
    assert.ok(done >= 0 && done < started, `${id} started before ${before} was done`);
  }
  await assert.rejects(
    readFile(join(cwd, "kept/.orket/workspaces/unit-kit/outside.mjs")),
    /ENOENT/,
  );
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

type Call = { readonly tool: string; readonly args: Readonly<Record<string, string>> };
type Script = {
  readonly cards: Record<string, Record<string, readonly { readonly calls?: Call[] }[]>>;
};

/** Leaves in the folder what the replies wrote; the gate's refusals are not replayed, so a refused file must be no test. */
async function replay(dir: string, calls: readonly Call[]): Promise<void> {
  for (const { tool, args } of calls) {
    const path = join(dir, args["path"] ?? "");
    if (tool === "write_file") {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, args["content"] ?? "");
    }
    if (tool === "edit_file") {
      const text = await readFile(path, "utf8");
      assert.equal(text.split(args["old"] ?? "").length, 2, "the edit fits in exactly one place");
      await writeFile(
        path,
        text.replace(args["old"] ?? "", () => args["new"] ?? ""),
      );
    }
  }
}

test("the bug that the demo's review finds is real: the tests of the rework fail without its edit", async (context) => {
  const dir = await tempFolder(context);
  const { cards } = (await readDemo("demo-script.yaml")) as Script;
  const calls = (cards["size-engine"]?.["second_coder"] ?? []).flatMap(
    (reply) => reply.calls ?? [],
  );
  const isEdit = ({ tool }: Call): boolean => tool === "edit_file";
  const failuresIn = (cwd: string): readonly string[] => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const flags = ["--test", "--test-reporter=tap"];
    const { stdout } = spawnSync(process.execPath, flags, { cwd, env, encoding: "utf8" });
    assert.match(stdout, /^# pass [1-9]/m);
    return [...stdout.matchAll(/^not ok \d+ - (.*)$/gm)].map((found) => found[1] ?? "");
  };
  await replay(
    dir,
    calls.filter((call) => !isEdit(call)),
  );
  assert.deepEqual(failuresIn(dir), ["goes up a unit at 1024, never later"]);
  await replay(dir, calls.filter(isEdit));
  assert.deepEqual(failuresIn(dir), []);
});
