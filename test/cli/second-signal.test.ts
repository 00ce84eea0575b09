// A model that does not let go: the first signal waits for it, the second does not. In one process, because outside nothing
// tells a slow clean stop from an end at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { driveRun } from "../../src/cli/commands/run.ts";
import type { Io } from "../../src/cli/io.ts";
import type { Cli } from "../../src/cli/main.ts";
import { startRun } from "../../src/app/start-run.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import type { Model } from "../../src/ports/model.ts";
import { epicFile, makeProject, openTestEngine, script } from "../support/project.ts";

test("the first signal stops the run as soon as it can, the second ends the process at once with 130", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script({ api: { coder: [{ text: "Done.", delayMs: 60_000 }] } }),
  });
  context.after(project.remove);
  const opened = await openTestEngine(project.dir);
  context.after(opened.close);
  const called = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const model: Model = {
    ...opened.engine.model,
    reply: async (request, stop, onText) => {
      called.resolve();
      await letGo.promise;
      return opened.engine.model.reply(request, stop, onText);
    },
  };
  const engine = { ...opened.engine, model };
  let signal = (): void => {};
  const exits: number[] = [];
  const said: string[] = [];
  const io = {
    onSignal: (listener: () => void) => {
      signal = listener;
      return () => {};
    },
    exitNow: (code: number) => void exits.push(code),
  } as unknown as Io;
  const cli = { io, workbench: { isOwnerGone: () => true } } as unknown as Cli;
  const screen = {
    watcher: opened.engine.watcher,
    start: () => {},
    stop: () => {},
    say: (text: string) => void said.push(text),
  };
  const request = { card: "work", build: null, department: null, restart: false, model: null };
  const run = await startRun(engine, { ...request, budget: NO_BUDGET });
  assert.ok(run.ok);
  const chosen = { run: run.value.id, resume: false };
  const driven = driveRun(cli, { engine, screen, chosen });
  await called.promise;
  signal();
  assert.deepEqual([exits, said.length], [[], 1]);
  signal();
  assert.deepEqual(exits, [130]);
  letGo.resolve();
  const ended = await driven;
  assert.ok(ended.ok);
  assert.deepEqual([ended.value.status, ended.value.reason], ["paused", "interrupted"]);
});
