// A call whose arguments hold a secret: done as the model asked, kept without the secret, and after a crash never done
// with what was kept instead.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { EngineError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { openProject, workspace } from "../support/open-project.ts";
import { approve, call, say, write } from "../support/project.ts";

const SECRET = "canary-value-of-the-engine";
const FILE = "src/engines/api_engine.ts";
const CONTENT = `export const key = "${SECRET}";\nexport const other = "ghp_0123456789abcdefghijABCDEFGHIJ012345";\n`;

/** Dies when the first call with an effect begins, or ends: its process is gone before anything of it is kept. */
function dyingAt(store: Store, place: "beginCall" | "finishCall") {
  let dies = true;
  const live: Store = {
    ...store,
    transaction: async (work, fence) =>
      store.transaction(async (transaction) => {
        const die = async (): Promise<never> => {
          throw new EngineError("RUN_LOST", "killed");
        };
        const turns = dies ? { ...transaction.turns, [place]: die } : transaction.turns;
        return work({ ...transaction, turns });
      }, fence),
  };
  return { store: live, revive: () => (dies = false) };
}

async function runUntil(context: TestContext, place: "beginCall" | "finishCall") {
  const match = [
    { when: { seat: "guard" }, reply: approve },
    { when: { contains: '"ok":true' }, reply: say("Done.") },
    { when: {}, reply: write(FILE, CONTENT) },
  ];
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: stringify({ version: 1, match }),
    options: { secrets: [SECRET] },
  });
  const { store, revive } = dyingAt(opened.engine.store, place);
  Object.assign(opened.engine, { store });
  await assert.rejects(opened.run({ card: "work" }), { code: "RUN_LOST" });
  revive();
  const turnsOf = async () =>
    store.read(async ({ turns }) => {
      const list = await turns.list({ card: "api", limit: 10 });
      return Promise.all(list.map(async ({ id }) => turns.steps(id)));
    });
  const [run] = await store.read(async ({ runs }) => runs.list({ limit: 1 }));
  const file = (): string => readFileSync(join(workspace(opened.dir), FILE), "utf8");
  return { opened, turnsOf, file, resume: async () => opened.resume(run?.id ?? "") };
}

test("a call that a crash kept from happening is not made with what was kept of it; the model is told and asks again", async (context) => {
  const { opened, turnsOf, file, resume } = await runUntil(context, "beginCall");
  const [asked] = (await turnsOf())[0]?.[0]?.calls ?? [];
  assert.equal(asked?.redacted, true);
  assert.ok(
    !JSON.stringify(asked).includes(SECRET) && JSON.stringify(asked).includes("[redacted]"),
  );
  assert.ok(!existsSync(join(workspace(opened.dir), FILE)));
  assert.equal((await resume()).status, "done");
  assert.equal(file(), CONTENT, "as the model wrote it");
  const [first] = (await turnsOf())[0]?.[0]?.results ?? [];
  assert.equal(first?.result?.ok === false && first.result.code, "arguments_not_kept");
});

test("a call that had happened before the crash counts, though its arguments were not kept", async (context) => {
  const { turnsOf, file, resume } = await runUntil(context, "finishCall");
  assert.equal(file(), CONTENT);
  assert.equal((await resume()).status, "done");
  assert.equal(file(), CONTENT);
  const [first] = (await turnsOf())[0]?.[0]?.results ?? [];
  assert.equal(first?.result?.ok, true);
});

test("a call that needs a person and holds a secret is refused, for the answer would come to what was kept of it", async (context) => {
  const match = [
    { when: { seat: "guard" }, reply: approve },
    { when: { contains: "secret_in_arguments" }, reply: write(FILE, "1\n") },
    { when: { contains: '"ok":true' }, reply: say("Done.") },
    {
      when: {},
      reply: call("promote_prompt", { seat: "coder", content: SECRET, model_family: "generic" }),
    },
  ];
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    script: stringify({ version: 1, match }),
    options: { secrets: [SECRET] },
  });
  const run = await opened.run({ card: "work" });
  const denied = opened.events.find(({ type }) => type === "tool-denied");
  assert.equal(denied?.data["code"], "secret_in_arguments");
  assert.ok(!opened.events.some(({ type }) => type === "approval-requested"));
  assert.equal(run.status, "done", run.detail ?? "");
});
