// Calls that a crash cut off: what they left decides whether they happened. The crash is the journal as it leaves it: a call
// begun, its file written or not, and no result.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { EngineError } from "../../src/domain/errors.ts";
import type { Event } from "../../src/domain/events.ts";
import type { Fence, Store, StoreTransaction } from "../../src/ports/store.ts";
import { cardOf, openProject, workspace } from "../support/open-project.ts";
import { approve, call, say, script } from "../support/project.ts";

const FILE = "src/engines/api_engine.ts";

/** A store whose process dies when the result of a call with an effect is to be stored, once. */
function dyingStore(store: Store): Store & { readonly revive: () => void } {
  let dies = true;
  return {
    ...store,
    revive: () => {
      dies = false;
    },
    transaction: async <Value>(
      work: (transaction: StoreTransaction) => Promise<Value>,
      fence?: Fence,
    ): Promise<Value> =>
      store.transaction(
        async (transaction) =>
          work({
            ...transaction,
            turns: {
              ...transaction.turns,
              finishCall: async (...args) => {
                const [step] = await transaction.turns.steps(args[0]);
                const begun = step?.results.some((one) => one.callId === args[2] && one.begun);
                if (dies && begun === true) throw new EngineError("RUN_LOST", "killed");
                await transaction.turns.finishCall(...args);
              },
            },
          }),
        fence,
      ),
  };
}

type Scene = { readonly cutOff: unknown; readonly before: string | null };

/** Runs until the call is cut off, lets `meanwhile` happen to the file, and resumes. */
async function cutOffAndResume(
  context: TestContext,
  { cutOff, before }: Scene,
  meanwhile: (path: string) => void,
) {
  const cards = { api: { coder: [cutOff, say("Done.")], guard: [approve] } };
  const engine = await openProject(context, { issues: [{ id: "api" }], script: script(cards) });
  const path = join(workspace(engine.dir), FILE);
  mkdirSync(dirname(path), { recursive: true });
  if (before !== null) writeFileSync(path, before);
  const store = dyingStore(engine.engine.store);
  Object.assign(engine.engine, { store });
  await assert.rejects(engine.run({ card: "work" }), { code: "RUN_LOST" });
  store.revive();
  meanwhile(path);
  const [run] = await store.read(async ({ runs }) => runs.list({ limit: 1 }));
  const resumed = await engine.resume(run?.id ?? "");
  const found = engine.events
    .filter(
      (event: Event) => event.type === "call-reconciled" || event.type === "effect-unverified",
    )
    .map((event) => event.data["found"] ?? event.type);
  return { engine, path, resumed, found };
}

const writing = call("write_file", { path: FILE, content: "after\n" });
const editing = call("edit_file", { path: FILE, old: "before", new: "after" });
const deleting = call("delete_file", { path: FILE, confirm: true });

for (const [name, cutOff, before] of [
  ["write", writing, null],
  ["overwrite", writing, "before\n"],
  ["edit", editing, "before\n"],
  ["deletion", deleting, "before\n"],
] as const) {
  const after = name === "deletion" ? null : "after\n";
  const contentOf = (path: string): string | null => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return null;
    }
  };

  test(`a ${name} that happened before the crash is not made again`, async (context) => {
    const { path, resumed, found } = await cutOffAndResume(context, { cutOff, before }, () => {});
    assert.deepEqual([resumed.status, found], ["done", ["happened"]]);
    assert.equal(contentOf(path), after);
  });

  test(`a ${name} that had not happened is made after the crash`, async (context) => {
    const undo = (path: string): void =>
      before === null ? rmSync(path) : writeFileSync(path, before);
    const { path, resumed, found } = await cutOffAndResume(context, { cutOff, before }, undo);
    assert.deepEqual([resumed.status, found], ["done", ["not-happened"]]);
    assert.equal(contentOf(path), after);
  });

  test(`a ${name} whose file is another by now is put to a person, and nothing is overwritten`, async (context) => {
    const { engine, path, resumed, found } = await cutOffAndResume(
      context,
      { cutOff, before },
      (file) => writeFileSync(file, "somebody else\n"),
    );
    assert.deepEqual([resumed.status, found], ["blocked", ["effect-unverified"]]);
    assert.equal(contentOf(path), "somebody else\n");
    const card = await cardOf(engine, "api");
    assert.deepEqual([card?.status, card?.waitReason], ["blocked", "input"]);
    assert.match(card?.waitDetail ?? "", /not known whether .*orket cards move api ready/);
    assert.equal(card?.retryCount, 0);
  });
}
