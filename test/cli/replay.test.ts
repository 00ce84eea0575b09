// `runs export` and `runs replay` as a user meets them: a run is kept, the project changes, and the difference is named.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { stringify } from "yaml";
import { runOrket } from "../support/orket.ts";
import { approve, call, epicFile, makeProject, reject, say, write } from "../support/project.ts";

const SCRIPT = {
  version: 1,
  cards: {
    api: {
      coder: [
        write("src/engines/api_engine.ts", "export const one = 1;\n"),
        call("create_issue", { seat: "coder", summary: "Write it down as well" }),
        say("Done with s3cret-value-of-mine."),
        write("docs/api.md", "more\n"),
        say("Done."),
      ],
      guard: [reject("Please say more about it."), approve],
    },
    ui: {
      coder: [{ failure: { code: "MODEL_REFUSED", message: "not this" } }],
    },
  },
  match: [
    { when: { seat: "guard" }, reply: approve },
    { when: { seat: "coder", contains: "docs/" }, reply: say("Done.") },
    { when: { seat: "coder" }, reply: write("docs/down.md", "down\n") },
  ],
};

async function scene(context: TestContext) {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui" }, { id: "docs" }]),
    "script.yaml": stringify(SCRIPT),
    ".env": "OPENAI_API_KEY=s3cret-value-of-mine\n",
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  const idOf = async (): Promise<string> => {
    const { out } = await orket("runs", "--json");
    const { runs } = JSON.parse(out) as { readonly runs: readonly { readonly id: string }[] };
    return runs[0]?.id ?? "";
  };
  return { dir: project.dir, orket, idOf };
}

test("an exported run replays as recorded; a role that loses a tool is named as the first difference", async (context) => {
  const { dir, orket, idOf } = await scene(context);
  await orket("run", "work");
  const run = await idOf();
  const exported = await orket("runs", "export", run, "--to", "kept/api");
  assert.equal(exported.code, 0, exported.err);
  const text = await readFile(join(dir, "kept/api/recording.yaml"), "utf8");
  assert.doesNotMatch(text, /s3cret-value/);
  assert.match(text, /created\(api#1\):/);
  const same = await orket("runs", "replay", "kept/api");
  assert.deepEqual(
    [same.code, /^\d+ events, all as recorded\n$/.test(same.out)],
    [0, true],
    same.err,
  );
  const role = { name: "coder", description: "Writes only.", tools: ["write_file"] };
  await writeFile(join(dir, "model/core/roles/coder.yaml"), stringify(role));
  const changed = await orket("runs", "replay", "kept/api");
  assert.equal(changed.code, 1);
  assert.match(changed.out, /The first difference is at event \d+/);
  assert.match(changed.out, /replayed: tool-denied api .*create_issue/);
  const json = await orket("runs", "replay", "kept/api", "--json");
  const answer = JSON.parse(json.out) as { readonly same: boolean; readonly difference: object };
  assert.deepEqual([json.code, answer.same, answer.difference !== null], [1, false, true]);
  // Nothing of a replay stays: the project knows the one run that there was.
  assert.equal(await idOf(), run);
});

test("what cannot be recorded or read is refused with its reason", async (context) => {
  const { dir, orket, idOf } = await scene(context);
  await orket("run", "work");
  const run = await idOf();
  await orket("runs", "export", run, "--to", "kept");
  await orket("run", "--from", `${run}:1`);
  const fork = await idOf();
  await orket("run", "docs");
  const second = await idOf();
  await mkdir(join(dir, "bad"));
  await writeFile(join(dir, "bad/recording.yaml"), "version: 1\ncard: 7\nextra: 1\n");
  await writeFile(join(dir, "bad/events.txt"), "");
  const refusals = [
    [["runs", "export", run, "--to", "kept"], 2, "already"],
    [["runs", "export", "run-none", "--to", "other"], 2, "RUN_UNKNOWN"],
    [["runs", "export", fork, "--to", "other"], 5, "began as a fork"],
    [["runs", "export", second, "--to", "other"], 5, "worked on before"],
    [["runs", "export", run], 2, "--to"],
    [["runs", "replay", "nowhere"], 3, "RECORDING_INVALID"],
    [["runs", "replay", "bad"], 3, "$.card"],
  ] as const;
  for (const [args, code, words] of refusals) {
    const ended = await orket(...args);
    assert.deepEqual([ended.code, ended.out], [code, ""], args.join(" "));
    assert.ok(ended.err.includes(words), ended.err);
  }
  await writeFile(join(dir, "model/core/epics/work.yaml"), stringify(epicFile([{ id: "only" }])));
  const gone = await orket("runs", "replay", "kept");
  assert.equal(gone.code, 1, gone.err);
});

test("a run in which a person took part is not recorded: a replay meets nobody", async (context) => {
  const { orket, idOf } = await scene(context);
  await orket("run", "work", "--max-tokens", "1");
  await orket("cards", "comment", "api", "Use UTC.");
  const run = await idOf();
  await orket("resume", run, "--max-tokens", "100000");
  const refused = await orket("runs", "export", run, "--to", "kept");
  assert.deepEqual([refused.code, /human:\S+ took part/.test(refused.err)], [5, true], refused.err);
});
