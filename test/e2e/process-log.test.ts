// The log of the process: each record that concerns a run, a card or a turn names it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createLog } from "../../src/adapters/log/pino.ts";
import type { Engine } from "../../src/app/engine.ts";
import { openProject } from "../support/open-project.ts";
import { call, say, script } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function recordsOf(context: TestContext, change: (engine: Engine) => Partial<Engine>) {
  const file = join(await tempFolder(context), "process.jsonl");
  const clock = { now: () => 0 };
  const log = createLog({ to: { file }, level: "debug", clock, secrets: () => [] });
  const opened = await openProject(context, {
    issues: [{ id: "api", max_retries: 0 }],
    script: script({
      api: { coder: [call("list_directory", { path: "." }), say("No."), say("No.")] },
    }),
    options: { replace: { log } },
  });
  Object.assign(opened.engine, change(opened.engine));
  const run = await opened.run({ card: "work" });
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line) as Record<string, string>);
  const [turn] = await opened.engine.store.read(async ({ turns }) => turns.list({ limit: 1 }));
  return { records, run: run.id, turn: turn?.id };
}

const broken = (): never => {
  throw new Error("broken");
};

test("a tool that fails, and a turn that fails, are recorded with run, card and turn", async (context) => {
  const tool = await recordsOf(context, ({ workspaces }) => ({
    workspaces: {
      ...workspaces,
      open: async (build) => ({ ...(await workspaces.open(build)), list: broken }),
    },
  }));
  const failed = tool.records.find(({ message }) => message === "tool failed");
  assert.deepEqual(
    [failed?.["run"], failed?.["card"], failed?.["turn"]],
    [tool.run, "api", tool.turn],
  );
  const turn = await recordsOf(context, ({ model }) => ({ model: { ...model, reply: broken } }));
  const ended = turn.records.find(({ message }) => message === "turn failed");
  assert.deepEqual(
    [ended?.["run"], ended?.["card"], ended?.["turn"]],
    [turn.run, "api", turn.turn],
  );
});

test("a run that fails is recorded with its id, and no record of a run is without it", async (context) => {
  const { records, run } = await recordsOf(context, ({ model }) => ({
    model: { ...model, describe: broken },
  }));
  assert.ok(records.some(({ message, run: named }) => message === "run failed" && named === run));
  for (const record of records) assert.equal(record["run"], run, JSON.stringify(record));
});
