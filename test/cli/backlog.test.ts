// The command line as a process: what a person does to cards, and the prompt of one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject, openTestEngine, simpleScript } from "../support/project.ts";
import { stringify } from "yaml";

test("R-45 archive counts each card once, names the missing ones and keeps the rest", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui" }]),
    "script.yaml": stringify(simpleScript(["api", "ui"])),
  });
  context.after(project.remove);
  await runOrket(["run", "work"], { cwd: project.dir });
  const args = [
    "cards",
    "archive",
    "--card",
    "api",
    "api",
    "ghost",
    "--related",
    "api",
    "--reason",
    "test",
    "--json",
  ];
  const { code, out } = await runOrket(args, { cwd: project.dir });
  assert.deepEqual(
    [code, JSON.parse(out)],
    [0, { v: 1, ok: true, archived_count: 1, archived_ids: ["api"], missing_ids: ["ghost"] }],
  );
  const again = await runOrket(["cards", "move", "api", "ready"], { cwd: project.dir });
  assert.deepEqual(
    [again.code, /Invalid transition for issue: archived -> ready/.test(again.err)],
    [5, true],
  );
});

test("R-78 preview prints byte for byte the prompt that the run then sends", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api", description: "Say it twice." }]),
    "script.yaml": stringify(simpleScript(["api"])),
    "AGENTS.md": "Write little.",
  });
  context.after(project.remove);
  const shown = await runOrket(["preview", "api", "--json"], { cwd: project.dir });
  const { messages } = JSON.parse(shown.out) as { messages: unknown };
  assert.equal((await runOrket(["run", "work"], { cwd: project.dir })).code, 0);
  const opened = await openTestEngine(project.dir);
  const sent = await opened.engine.store.read(async ({ turns }) => {
    const [first] = await turns.list({ card: "api", limit: 10 });
    return turns.prompt(first?.id ?? "");
  });
  await opened.close();
  assert.equal(JSON.stringify(messages), JSON.stringify(sent));
});
