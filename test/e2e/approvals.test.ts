// Calls that need a person: the question, the wait, the decision, and that an answer is good for one call only.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decideApproval, waitingApprovals } from "../../src/app/approvals.ts";
import { createSimulatedClock } from "../../src/adapters/clock/simulated.ts";
import { moveCardByHand } from "../../src/app/edit-cards.ts";
import { stopRun } from "../../src/app/stop-run.ts";
import type { Approval } from "../../src/domain/approval.ts";
import { DEFAULT_RISK_POLICY } from "../../src/domain/governance.ts";
import type { RiskPolicy } from "../../src/domain/governance.ts";
import { cardOf, openProject, statuses, types } from "../support/open-project.ts";
import type { TestEngine } from "../support/project.ts";
import { approve, call, openTestEngine, say, script, write } from "../support/project.ts";

const promote = (content: string) =>
  call("promote_prompt", { seat: "coder", content, model_family: "generic" });
const work = (id: string) => [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")];
const PATCH = "prompts/coder/generic.txt";

const pending = async ({ engine }: TestEngine): Promise<readonly Approval[]> =>
  (await waitingApprovals(engine)).approvals;

async function onlyOne(engine: TestEngine): Promise<Approval> {
  const list = await pending(engine);
  assert.equal(list.length, 1);
  return list[0] as Approval;
}

async function decide(
  engine: TestEngine,
  decision: "allow" | "deny",
  reason: string | null = null,
): Promise<Approval> {
  const { id } = await onlyOne(engine);
  const decided = await decideApproval(engine.engine, { id, decision, reason, person: "me" });
  assert.ok(decided.ok);
  return decided.value;
}

const stored = async ({ engine }: TestEngine, id: string) =>
  engine.store.read(async ({ approvals }) => approvals.get(id));
const callsOf = ({ events }: TestEngine, tool: string): number =>
  events.filter(({ type, data }) => type === "tool-called" && data["tool"] === tool).length;
const asking = (policy: Partial<RiskPolicy>): RiskPolicy => ({ ...DEFAULT_RISK_POLICY, ...policy });

/** What the model was told of each call of the card's turns, in order. */
const resultsOf = async ({ engine }: TestEngine, card: string) =>
  engine.store.read(async ({ turns }) => {
    const results = [];
    for (const turn of await turns.list({ card, limit: 100 }))
      for (const step of await turns.steps(turn.id))
        for (const { result } of step.results) results.push(result);
    return results;
  });

const oneCard = (coder: readonly unknown[]) => ({
  issues: [{ id: "api" }],
  script: script({ api: { coder, guard: [approve] } }),
});

test("a call that needs a person pauses the run, and is made once and in the same turn when it is allowed", async (context) => {
  const engine = await openProject(context, oneCard([promote("Be brief."), ...work("api")]));
  const run = await engine.run({ card: "work" });
  assert.deepEqual([run.status, run.reason, run.endedAt], ["paused", "approval", null]);
  assert.equal(existsSync(join(engine.dir, PATCH)), false);
  const asked = await onlyOne(engine);
  assert.match(
    run.detail ?? "",
    new RegExp(
      `^api waits for a decision on promote_prompt coder .*orket approvals allow ${asked.id}`,
    ),
  );
  assert.deepEqual(
    [asked.kind, asked.run, asked.card, asked.step, asked.call, asked.tool, asked.riskClass],
    ["tool", run.id, "api", 1, "call-1-1", "promote_prompt", "sensitive"],
  );
  assert.deepEqual([asked.epoch, asked.reason], [run.epoch, "class sensitive"]);
  assert.equal(Date.parse(asked.expiresAt) - Date.parse(asked.requestedAt), 24 * 3_600_000);
  await decide(engine, "allow", "go ahead");
  const resumed = await engine.resume(run.id);
  assert.deepEqual([resumed.status, resumed.turns], ["done", 2]);
  assert.equal(readFileSync(join(engine.dir, PATCH), "utf8"), "Be brief.");
  assert.equal(callsOf(engine, "promote_prompt"), 1);
  const after = await stored(engine, asked.id);
  assert.deepEqual(
    [after?.state, after?.decidedBy, after?.usedAt !== null],
    ["allowed", "human:me", true],
  );
  const called = engine.events.find(
    ({ data }) => data["tool"] === "promote_prompt" && data["verdict"] === "allow",
  );
  assert.equal(called?.data["approval"], asked.id);
  const chain = await engine.engine.store.verifyChain();
  assert.equal(chain.valid, true);
});
