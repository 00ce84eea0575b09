// A run's turns from near, after real runs: prompt, replies, refusals, and the files each turn changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runFiles, showTurn } from "../../src/app/run-turns.ts";
import { openProject } from "../support/open-project.ts";
import { approve, call, reject, say, script, write } from "../support/project.ts";

const CARDS = {
  api: {
    coder: [
      write(".env", "SECRET=1"),
      write("src/engines/api_engine.ts", "1\n"),
      say("Done."),
      write("src/engines/api_engine.ts", "2\n3\n"),
      call("delete_file", { path: "src/engines/api_engine.ts", confirm: true }),
      write("src/engines/two_engine.ts", "4\n"),
      say("Fixed."),
    ],
    guard: [reject("The number must be two, not one."), approve],
  },
};

const SCRIPT = {
  ...CARDS,
  api: { ...CARDS.api, coder: CARDS.api.coder.slice(1) },
};

async function ran(context: TestContext, cards: unknown) {
  const opened = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  const run = await opened.run({ card: "work" });
  return { ...opened, run };
}

test("a turn from near: prompt, replies with their results, and its own events alone", async (context) => {
  const { engine, run } = await ran(context, SCRIPT);
  assert.equal(run.status, "done");
  const first = await showTurn(engine, { run: run.id, number: 1 });
  assert.ok(first.ok);
  const { turn, prompt, steps, events, asOfSeq } = first.value;
  assert.deepEqual([turn.numberInRun, turn.seat, turn.card], [1, "coder", "api"]);
  assert.equal(prompt[0]?.role, "system");
  assert.deepEqual(
    steps.map(({ calls }) => calls.map(({ tool }) => tool)),
    [["write_file"], []],
  );
  assert.equal(steps[0]?.results[0]?.result?.ok, true);
  assert.ok(events.length > 3 && events.every((event) => event.turn === turn.id));
  assert.equal(asOfSeq, await engine.store.read(async ({ events: log }) => log.lastSeq()));
});

test("a refused call is shown with the gate's reason", async (context) => {
  const { engine, run } = await ran(context, CARDS);
  const first = await showTurn(engine, { run: run.id, number: 1 });
  assert.ok(first.ok);
  const denied = first.value.events.filter(({ type }) => type === "governance-violated");
  assert.equal(denied.length, 1);
  assert.match(JSON.stringify(denied[0]?.data), /\.env/);
});

test("the files of a run, turn by turn, and from a turn on", async (context) => {
  const { engine, run } = await ran(context, SCRIPT);
  const all = await runFiles(engine, { run: run.id, fromTurn: 1 });
  assert.ok(all.ok);
  assert.deepEqual(
    all.value.files.map(({ turn, path, change, build }) => [turn, path, change, build]),
    [
      [1, "src/engines/api_engine.ts", "added", "build-work"],
      [3, "src/engines/api_engine.ts", "deleted", "build-work"],
      [3, "src/engines/two_engine.ts", "added", "build-work"],
    ],
  );
  assert.match(all.value.files[0]?.text ?? "", /^\+1$/m);
  assert.equal(all.value.nextTurn, null);
  const later = await runFiles(engine, { run: run.id, fromTurn: 2 });
  assert.equal(later.ok && later.value.files.length, 2);
});

test("large diffs are given in pages that leave nothing out", async (context) => {
  const line = `${"x".repeat(1023)}\n`;
  const big = (name: string, mark: string): unknown =>
    write(`docs/${name}.md`, mark + line.repeat(600));
  const { engine, run } = await ran(context, {
    api: {
      coder: [big("one", "1"), big("two", "2"), say("Done."), big("one", "3"), say("Fixed.")],
      guard: [reject("Not good enough at all."), approve],
    },
  });
  const first = await runFiles(engine, { run: run.id, fromTurn: 1 });
  assert.ok(first.ok);
  assert.deepEqual([first.value.files.length, first.value.nextTurn], [2, 2]);
  const second = await runFiles(engine, { run: run.id, fromTurn: first.value.nextTurn ?? 0 });
  assert.ok(second.ok);
  assert.deepEqual(
    second.value.files.map(({ turn, path }) => [turn, path]),
    [[3, "docs/one.md"]],
  );
  assert.equal(second.value.nextTurn, null);
});

test("an unknown run and an unknown turn are refused", async (context) => {
  const { engine, run } = await ran(context, SCRIPT);
  for (const [request, code] of [
    [{ run: "run-ghost", number: 1 }, "RUN_UNKNOWN"],
    [{ run: run.id, number: 0 }, "TURN_UNKNOWN"],
    [{ run: run.id, number: 99 }, "TURN_UNKNOWN"],
  ] as const) {
    const shown = await showTurn(engine, request);
    assert.ok(!shown.ok && shown.error.code === code, code);
  }
  const files = await runFiles(engine, { run: "run-ghost", fromTurn: 1 });
  assert.ok(!files.ok && files.error.code === "RUN_UNKNOWN");
});
