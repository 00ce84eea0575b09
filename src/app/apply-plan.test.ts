// What only shows between the files and the store: one of them done and the other not, and what the next start makes of it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { openProject } from "../../test/support/open-project.ts";
import { script } from "../../test/support/project.ts";
import type { PlanAction } from "../domain/driver-plan.ts";
import { assetActionsOf } from "../domain/driver-plan.ts";
import { EngineError } from "../domain/errors.ts";
import type { Event } from "../domain/events.ts";
import type { Plan, PlanDeps } from "./apply-plan.ts";
import { applyPlan, recoverPlans } from "./apply-plan.ts";
import { answerApproval } from "./answer-approval.ts";
import type { DriveDeps } from "./drive.ts";
import { drive } from "./drive.ts";

const EPIC = "model/core/epics/work.yaml";
const ACTIONS: readonly PlanAction[] = [
  {
    action: "create_issue",
    department: "core",
    epic: "work",
    issue: { summary: "More", seat: "coder" },
  },
];

async function start(context: TestContext) {
  const { engine, dir } = await openProject(context, {
    issues: [{ id: "api" }],
    script: script({ driver: { driver: [{ text: JSON.stringify({ actions: ACTIONS }) }] } }),
  });
  const drafted = await engine.assetEdits.draft(assetActionsOf(ACTIONS));
  assert.ok(drafted.ok);
  const plan: Plan = { id: "plan-1", actions: ACTIONS, files: drafted.value };
  const text = async (): Promise<string> => readFile(join(dir, EPIC), "utf8");
  const types = async (): Promise<readonly string[]> =>
    (await eventsOf(engine)).map(({ type }) => type);
  return { engine, dir, plan, text, types, before: await text() };
}

const eventsOf = async ({ store }: Pick<PlanDeps, "store">): Promise<readonly Event[]> =>
  store.read(async ({ events }) => events.list({ limit: 100 }));

const application = (plan: Plan) => ({ plan, person: "me", approval: null });

test("when the store cannot keep it, the files are taken back", async (context) => {
  const { engine, plan, text, types, before } = await start(context);
  let isFull = true;
  const store: PlanDeps["store"] = {
    ...engine.store,
    transaction: async (work, fence) =>
      engine.store.transaction(async (transaction) => {
        const value = await work(transaction);
        if (isFull) {
          isFull = false;
          throw new EngineError("STORE_FULL", "full");
        }
        return value;
      }, fence),
  };
  await assert.rejects(applyPlan({ ...engine, store }, application(plan)), /full/);
  assert.equal(await text(), before);
  assert.deepEqual(await types(), []);
  assert.deepEqual(await engine.assetEdits.pending(), []);
  assert.ok((await applyPlan(engine, application(plan))).ok);
});

test("a plan that is in the store is only settled at the next start, whatever was done to its files since", async (context) => {
  const { engine, dir, plan, text, types } = await start(context);
  const assetEdits = { ...engine.assetEdits, settle: async () => {} };
  assert.ok((await applyPlan({ ...engine, assetEdits }, application(plan))).ok);
  assert.equal((await engine.assetEdits.pending()).length, 1);
  await writeFile(join(dir, EPIC), `${await text()}# mine\n`);
  await recoverPlans(engine);
  assert.match(await text(), /More[\s\S]*# mine/);
  assert.deepEqual(await engine.assetEdits.pending(), []);
  assert.deepEqual(await types(), ["plan-applied"]);
});

test("a plan whose process died before the store knew is completed with its event, once", async (context) => {
  const { engine, plan, text, types, before } = await start(context);
  const dead: PlanDeps["store"] = {
    ...engine.store,
    transaction: async () => {
      throw new EngineError("STORE_FAILED", "gone");
    },
  };
  const store: PlanDeps["store"] = {
    ...engine.store,
    transaction: async (work, fence) =>
      engine.store.transaction(async (transaction) => {
        await work(transaction);
        return dead.transaction(work);
      }, fence),
  };
  const assetEdits = {
    ...engine.assetEdits,
    undo: async () => {
      throw new EngineError("STORE_FAILED", "gone");
    },
  };
  await assert.rejects(applyPlan({ ...engine, store, assetEdits }, application(plan)));
  assert.deepEqual(await types(), []);
  await recoverPlans(engine);
  await recoverPlans(engine);
  assert.notEqual(await text(), before);
  assert.deepEqual(await types(), ["plan-applied"]);
  assert.ok((await engine.store.verifyChain()).valid);
});

async function propose(engine: DriveDeps) {
  const request = {
    message: "More",
    model: "scripted:script.yaml",
    person: "me",
    history: [],
    replies: 0,
    store: true,
    onRetry: () => {},
  };
  const driven = await drive(engine, request, new AbortController().signal);
  assert.ok(driven.ok && driven.value.plan !== null && driven.value.approval !== null);
  return { plan: driven.value.plan, approval: driven.value.approval };
}

test("files of a plan that was denied after its process died are taken back at the next start", async (context) => {
  const { engine, text, types, before } = await start(context);
  const { plan, approval } = await propose(engine);
  const record = {
    plan: plan.id,
    person: "me",
    approval: { id: approval, reason: null },
    directives: [],
    data: { plan: plan.id },
    afterSeq: 0,
  };
  assert.ok((await engine.assetEdits.apply({ id: plan.id, files: plan.files, record })).ok);
  const deny = { id: approval, decision: "deny", reason: null, person: "you" } as const;
  assert.ok((await answerApproval(engine, deny)).ok);
  await recoverPlans(engine);
  assert.equal(await text(), before);
  assert.deepEqual(await engine.assetEdits.pending(), []);
  assert.equal((await types()).at(-1), "plan-failed");
});

test("of two answers at once one applies the plan, and the other is told so", async (context) => {
  const { engine, text, types } = await start(context);
  const { approval } = await propose(engine);
  const allow = { id: approval, decision: "allow", reason: null, person: "me" } as const;
  const answers = await Promise.all([
    answerApproval(engine, allow),
    answerApproval(engine, allow),
    answerApproval(engine, allow),
  ]);
  assert.equal(answers.filter(({ ok }) => ok).length, 1);
  assert.equal((await text()).match(/summary: More/g)?.length, 1);
  assert.equal((await types()).filter((type) => type === "plan-applied").length, 1);
  assert.deepEqual(await engine.assetEdits.pending(), []);
});
