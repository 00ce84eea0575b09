// The store fails at its n-th transaction, for every n of a whole run: the run ends in a true state or says that it could
// not, nothing is left unobserved, and a resume finishes the work with every turn done once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { EngineError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { approve, epicFile, makeProject, openTestEngine, say, write } from "../support/project.ts";

/** Fails once, as a full disk does: nothing of that transaction is kept. */
function failingAt(store: Store, number: number): Store & { readonly count: () => number } {
  let count = 0;
  return {
    ...store,
    count: () => count,
    transaction: async (work, fence) => {
      count += 1;
      if (count === number) throw new EngineError("STORE_FULL", "The disk is full.");
      return store.transaction(work, fence);
    },
  };
}

const IDS = ["api", "ui"];

/** A model that answers what it is told: it writes again when the outcome of its write is unknown, as a real one would. */
const SCRIPT = {
  version: 1,
  match: [
    { when: { seat: "guard" }, reply: approve },
    { when: { contains: '"ok":true' }, reply: say("Done.") },
    ...IDS.map((card) => ({ when: { card }, reply: write(`docs/${card}.md`, `${card}\n`) })),
  ],
};

async function open() {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui", depends_on: ["api"] }]),
    "script.yaml": stringify(SCRIPT),
  });
  return { project, dir: project.dir };
}

/** One whole run against a store that fails at its n-th transaction; gives how many transactions there were. */
async function playWith(number: number): Promise<number> {
  const { project, dir } = await open();
  const first = await openTestEngine(dir);
  const store = failingAt(first.engine.store, number);
  const broken = await openTestEngine(dir, { replace: { store } });
  await broken
    .run({ card: "work" })
    .catch((error: unknown) => assert.match(String(error), /STORE_FULL|disk is full/));
  const started = await first.engine.store.read(async ({ runs }) => runs.list({ limit: 10 }));
  const run = started[0];
  const ended =
    run === undefined
      ? await first.run({ card: "work" })
      : run.status === "done"
        ? run
        : await first.resume(run.id);
  assert.deepEqual(
    [ended.status, ended.reason],
    ["done", "complete"],
    `after a failure at transaction ${number}`,
  );
  const { turns, cards } = await first.engine.store.read(async ({ turns: list, cards: all }) => ({
    turns: await list.list({ limit: 100, statuses: ["committed"] }),
    cards: await all.list({ kind: "issue" }),
  }));
  assert.deepEqual(
    cards.map((card) => card.status),
    ["done", "done"],
  );
  assert.deepEqual(
    turns.map((turn) => `${turn.card} ${turn.kind}`),
    ["api work", "api review", "ui work", "ui review"],
    `at ${number}`,
  );
  const history = await (await first.engine.workspaces.open("build-work")).history(10);
  assert.deepEqual(history.map((commit) => commit.card).toSorted(), IDS);
  assert.equal((await first.engine.store.verifyChain()).valid, true);
  await broken.close();
  await first.close();
  await project.remove();
  return store.count();
}

test("R-85 R-12 a store that fails at any one transaction loses nothing and hides nothing", async () => {
  const unobserved: unknown[] = [];
  const note = (error: unknown): void => void unobserved.push(error);
  process.on("unhandledRejection", note);
  const whole = await playWith(Number.POSITIVE_INFINITY);
  assert.ok(whole > 15, String(whole));
  for (let number = 1; number <= whole; number += 1) await playWith(number);
  process.off("unhandledRejection", note);
  assert.deepEqual(unobserved, []);
});
