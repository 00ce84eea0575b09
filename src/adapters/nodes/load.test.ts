// Nodes out of real files in a real project folder.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { GateInput, Nodes, PlanInput } from "../../domain/decision.ts";
import type { LoadedNodes, NodeNames } from "../../ports/nodes.ts";
import { loadNodes } from "./load.ts";

const builtIn: Nodes = {
  plan: () => ["built-in"],
  route: () => ({ seat: "built-in" }),
  selectModel: () => ({ model: "built-in" }),
  gate: () => ({ kind: "abstain" }),
  evaluate: () => ({ kind: "commit" }),
};
const PLAN_INPUT: PlanInput = { candidates: [], live: [], slots: 1 };

let projectDir = "";
before(async () => {
  projectDir = await mkdtemp(join(tmpdir(), "orket-nodes-"));
  await mkdir(join(projectDir, "nodes", "folder.ts"), { recursive: true });
  await writeFile(join(projectDir, "outside.ts"), "export default () => ['outside'];");
});
after(() => rm(projectDir, { recursive: true, force: true }));

const write = (file: string, text: string) => writeFile(join(projectDir, "nodes", file), text);
const load = (names: NodeNames) => loadNodes({ projectDir, names, builtIn, timeoutMs: 300 });
async function loaded(names: NodeNames): Promise<LoadedNodes> {
  const answer = await load(names);
  assert.ok(answer.ok, answer.ok ? "" : answer.error.message);
  return answer.value;
}
async function problemOf(names: NodeNames): Promise<string> {
  const answer = await load(names);
  assert.ok(!answer.ok);
  assert.equal(answer.error.code, "NODE_INVALID");
  assert.match(answer.error.message, /orket\.yaml, or take it out to use the built-in node\.$/);
  return answer.error.message;
}

test("without names, and under its own two, the built-in node decides", async () => {
  const { nodes, names, shadows } = await loaded({
    gate: { use: "default", shadow: "built-in" },
    plan: {},
  });
  assert.deepEqual(nodes, builtIn);
  assert.deepEqual(names, {
    plan: "built-in",
    route: "built-in",
    selectModel: "built-in",
    gate: "built-in",
    evaluate: "built-in",
  });
  assert.deepEqual(shadows, { gate: { name: "built-in", node: builtIn.gate } });
});

test("a TypeScript file of the project decides by its default export, and only at the seam that names it", async () => {
  await write("mine.ts", "type Ids = readonly string[];\nexport default (): Ids => ['mine'];\n");
  const { nodes, names } = await loaded({ plan: { use: "mine" } });
  assert.deepEqual(nodes.plan(PLAN_INPUT), ["mine"]);
  assert.equal(names.plan, "mine");
  assert.equal(nodes.gate, builtIn.gate);
});

test("the export named after the seam goes before the default, so one file can serve several seams", async () => {
  await write(
    "both.mjs",
    "export const gate = () => ({ kind: 'deny', reason: 'no' });\nexport default function plan() { return ['x']; }\n",
  );
  await write("plain.js", "export default () => ['plain'];\n");
  const { nodes, shadows } = await loaded({
    gate: { use: "both", shadow: "both" },
    plan: { use: "both", shadow: "plain" },
  });
  const input = {} as GateInput;
  assert.deepEqual(nodes.gate(input), { kind: "deny", reason: "no" });
  assert.deepEqual(nodes.plan(PLAN_INPUT), ["x"]);
  assert.deepEqual(shadows.plan?.node(PLAN_INPUT), ["plain"]);
  assert.equal(shadows.gate?.name, "both");
});

test("a name that is no file stops the start and names the file that was looked for", async () => {
  assert.match(
    await problemOf({ plan: { use: "missing" } }),
    /^The plan node 'missing': there is no nodes\/missing\.ts/,
  );
  assert.match(await problemOf({ plan: { shadow: "missing" } }), /nodes\/missing\.ts/);
  assert.match(await problemOf({ plan: { use: "folder" } }), /nodes\/folder\.ts/);
});

test("a name cannot leave the folder", async () => {
  for (const use of [
    "../outside",
    "a/b",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a\\b",
    "file:x",
    "x".repeat(65),
    "mine.ts\n",
  ])
    assert.match(
      await problemOf({ plan: { use } }),
      /is no name of a file in nodes\//,
      JSON.stringify(use),
    );
});

test("modules that do not load, or have nothing to call, stop the start with the reason", async () => {
  await write("broken.ts", "export default (: => 5;");
  await write("throws.ts", "throw new Error('not today');");
  await write("throws-text.mjs", "throw 'just a text';");
  await write("imports.ts", "import './nowhere.ts';\nexport default () => [];");
  await write("empty.ts", "export {};");
  await write("number.ts", "export default 5;");
  await write("late.ts", "export default async () => [];");
  await write("generator.ts", "export default function* () {}");
  await write("waits.ts", "await new Promise(() => {});\nexport default () => [];");
  const expected: Readonly<Record<string, RegExp>> = {
    broken: /broken\.ts does not load/,
    throws: /does not load: not today\./,
    "throws-text": /does not load: just a text\./,
    imports: /does not load: .*nowhere/,
    empty: /exports no synchronous function as plan or as default/,
    number: /exports no synchronous function/,
    late: /exports no synchronous function/,
    generator: /exports no synchronous function/,
    waits: /took more than 300 ms/,
  };
  for (const [use, problem] of Object.entries(expected))
    assert.match(await problemOf({ plan: { use } }), problem);
});

test("two files of one name are refused, not chosen between", async () => {
  await write("twin.ts", "export default () => ['ts'];");
  await write("twin.js", "export default () => ['js'];");
  assert.match(
    await problemOf({ plan: { use: "twin" } }),
    /twin\.ts and .*twin\.js have the same name/,
  );
});

test("all problems are told at once", async () => {
  const message = await problemOf({ plan: { use: "one" }, gate: { use: "two", shadow: "three" } });
  assert.equal(message.split("\n").length, 3);
});

test("a file that changed is loaded anew", async () => {
  await write("changing.ts", "export default () => ['before'];");
  const first = await loaded({ plan: { use: "changing" } });
  await write("changing.ts", "export default () => ['after'];");
  await utimes(join(projectDir, "nodes", "changing.ts"), new Date(), new Date(Date.now() + 5000));
  const second = await loaded({ plan: { use: "changing" } });
  assert.deepEqual(
    [first.nodes.plan(PLAN_INPUT), second.nodes.plan(PLAN_INPUT)],
    [["before"], ["after"]],
  );
});

test("a node that never returns is cut off, and the next call works", async () => {
  await write(
    "endless.ts",
    "let calls = 0; export default () => { calls += 1; while (calls === 1); return ['after']; };",
  );
  const { nodes } = await loaded({ plan: { use: "endless" } });
  assert.throws(() => nodes.plan(PLAN_INPUT), /did not answer within 1000 ms/);
  assert.deepEqual(nodes.plan(PLAN_INPUT), ["after"]);
});

test("what a node throws comes out as it is", async () => {
  await write("angry.ts", "export default () => { throw new TypeError('no'); };");
  const { nodes } = await loaded({ plan: { use: "angry" } });
  assert.throws(() => nodes.plan(PLAN_INPUT), { name: "TypeError", message: "no" });
});
