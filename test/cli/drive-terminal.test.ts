// The driver on a terminal: what it shows, that it asks, and what a yes, a no and anything else do.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { makeProject } from "../support/project.ts";
import type { TerminalSession } from "../support/terminal-session.ts";
import { startOnTerminal } from "../support/terminal-session.ts";

const EPIC = "model/core/epics/work.yaml";
const WORK =
  "summary: Work\nteam: core\nenvironment: local\nissues:\n  - id: api\n    summary: The api\n    seat: coder\n";

const planFor = (summary: string): string =>
  JSON.stringify({
    answer: `Let us write \u001b[31m${summary}\u202e.`,
    actions: [{ action: "create_issue", epic: "work", issue: { summary, seat: "coder" } }],
  });

type Opened = {
  readonly start: (...args: readonly string[]) => TerminalSession;
  readonly epic: () => string;
  readonly write: (text: string) => void;
};

async function open(context: TestContext, ...replies: readonly string[]): Promise<Opened> {
  const driver = replies.map((text) => ({ text }));
  const project = await makeProject({
    [EPIC]: WORK,
    "orket.yaml": { model: "scripted:driver.yaml" },
    "driver.yaml": stringify({ version: 1, cards: { driver: { driver } } }),
  });
  context.after(project.remove);
  const path = join(project.dir, EPIC);
  return {
    start: (...args) => startOnTerminal(["drive", ...args], project.dir),
    epic: () => readFileSync(path, "utf8"),
    write: (text) => writeFileSync(path, text),
  };
}

test("shows the answer, the plan and its diff, and applies it after a yes", async (context) => {
  const { start, epic } = await open(context, planFor("Notes"));
  const session = start("Plan the notes");
  await session.sees("Apply? [y/N] ");
  assert.equal(epic(), WORK);
  session.type("y\n");
  assert.equal(await session.ended, 0);
  assert.equal(epic(), `${WORK}  - summary: Notes\n    seat: coder\n`);
  const shown = session.lines().join("\n");
  assert.match(
    shown,
    /^Let us write Notes\.\n\nPlan plan-\S+\n {2}create_issue in core\/work: Notes\n/,
  );
  assert.match(shown, /\n\+ {2}- summary: Notes\n\+ {4}seat: coder\n/);
  assert.match(shown, /Applied plan-\S+\. See it with: orket board$/);
  assert.ok(session.raw().includes("\u001b[32m+  - summary: Notes\u001b[39m"));
});

test("anything but a yes changes nothing", async (context) => {
  for (const answer of ["n\n", "\n", "yes please\n", "yy\n"]) {
    const { start, epic } = await open(context, planFor("Notes"));
    const session = start("Plan the notes");
    await session.sees("Apply? [y/N] ");
    session.type(answer);
    assert.equal(await session.ended, 1, answer);
    assert.equal(epic(), WORK);
    assert.match(session.lines().at(-1) ?? "", /Nothing was changed\./);
  }
});

test("a file that is changed while the diff is looked at is not overwritten", async (context) => {
  const { start, epic, write } = await open(context, planFor("Notes"));
  const session = start("Plan the notes");
  await session.sees("Apply? [y/N] ");
  write(`${WORK}# mine\n`);
  session.type("y\n");
  assert.equal(await session.ended, 1);
  assert.equal(epic(), `${WORK}# mine\n`);
  assert.match(session.lines().join("\n"), /FILE_STALE/);
});

test("talks line by line until the input ends, and a paste cannot say yes", async (context) => {
  const none = JSON.stringify({ answer: "Nothing to do.", actions: [{ action: "none" }] });
  const { start, epic } = await open(context, planFor("First"), planFor("Second"), none);
  const session = start();
  await session.sees("> ");
  session.type("Plan the first\ny\n");
  await session.sees("Apply? [y/N] ");
  session.type("y\n");
  await session.sees("Applied");
  // The `y` of the paste is a message of its own now, and gets the second plan.
  await session.sees("Apply? [y/N] ");
  session.type("n\n");
  await session.sees("> ");
  session.type("\n");
  await session.sees("> ");
  session.type("Anything else?\n");
  await session.sees("Nothing to do.");
  await session.sees("> ");
  session.end();
  assert.equal(await session.ended, 0);
  assert.equal(epic(), `${WORK}  - summary: First\n    seat: coder\n`);
});
