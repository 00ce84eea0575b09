// The bug-fix phase and the sprint as processes show them: several at once, and one after another.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { openProject } from "../support/open-project.ts";
import { runOrket } from "../support/orket.ts";
import { script, simpleScript } from "../support/project.ts";
import { newCard } from "../support/store-records.ts";

const ROCK = { name: "Big", epics: [{ epic: "work", department: "core" }] };

async function finishRock(context: TestContext) {
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: simpleScript(["api"]),
    files: { "model/core/rocks/big.yaml": ROCK },
  });
  const ended = await opened.run({ card: "big" });
  return { ...opened, ended };
}

test("R-04 several processes that look at once write each step once, and all show the phase", async (context) => {
  const opened = await finishRock(context);
  await opened.engine.store.transaction(async ({ phases }) => {
    const [phase] = await phases.list({ limit: 1 });
    assert.ok(phase);
    await phases.change(phase, { ...phase, status: "completed", completedAt: phase.startedAt });
    const startedAt = "2026-01-01T00:00:00.000Z";
    const endsAt = "2026-01-08T00:00:00.000Z";
    await phases.start({ ...phase, startedAt, endsAt, extendableFrom: startedAt });
  });
  await opened.engine.store.transaction(async ({ cards }) => {
    for (const id of ["bug-1", "bug-2", "bug-3", "bug-4"])
      await cards.insert(newCard(id, { build: "big/work", type: "bug", priority: 4 }));
  });
  const commands = [["board"], ["board"], ["runs", "show", opened.ended.id], ["board"]];
  const ended = await Promise.all(
    commands.map(async (words) => runOrket(words, { cwd: opened.dir })),
  );
  for (const { code, out } of ended) {
    assert.equal(code, 0);
    assert.match(out, /bug-fix phase ended .*: 4 bugs, 4 open, 4 critical/);
  }
  const types = ["phase-extended", "phase-completed"] as const;
  const events = await opened.engine.store.read(async ({ events: log }) =>
    log.list({ types, limit: 99 }),
  );
  assert.deepEqual(
    events.map(({ type, data }) => data["days"] ?? type),
    [14, 21, 28, "phase-completed"],
  );
  assert.equal((await opened.engine.store.verifyChain()).valid, true);
});

test("R-04 a restart of everything changes nothing: the phase is where the store left it", async (context) => {
  const opened = await finishRock(context);
  const json = async () => {
    const { out } = await runOrket(["board", "--json"], { cwd: opened.dir });
    return (JSON.parse(out) as { rocks: { phase: { id: string; endsAt: string } }[] }).rocks[0]
      ?.phase;
  };
  const first = await json();
  assert.equal(first?.id, "phase-big");
  assert.deepEqual(await json(), first);
});

test("R-65 the board shows the sprint, as text and as JSON", async (context) => {
  const { dir } = await openProject(context, { issues: [{ id: "api" }], script: script({}) });
  const text = await runOrket(["board"], { cwd: dir });
  const [, name] =
    /^Sprint (Q[1-4] S\d+), \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/m.exec(text.out) ?? [];
  const json = await runOrket(["board", "--json"], { cwd: dir });
  const { sprint } = JSON.parse(json.out) as { sprint: { name: string } };
  assert.ok(name !== undefined && name === sprint.name, text.out);
});
