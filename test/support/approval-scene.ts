// A project whose agents make calls that need a person, and what tests ask and decide of it.
import assert from "node:assert/strict";
import { decideApproval, waitingApprovals } from "../../src/app/approvals.ts";
import type { Approval } from "../../src/domain/approval.ts";
import { DEFAULT_RISK_POLICY } from "../../src/domain/governance.ts";
import type { RiskPolicy } from "../../src/domain/governance.ts";
import type { TestEngine } from "./project.ts";
import { approve, call, say, script, write } from "./project.ts";

export const promote = (content: string) =>
  call("promote_prompt", { seat: "coder", content, model_family: "generic" });
export const work = (id: string) => [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")];
export const PATCH = "prompts/coder/generic.txt";

export const pending = async ({ engine }: TestEngine): Promise<readonly Approval[]> =>
  (await waitingApprovals(engine)).approvals;

export async function onlyOne(engine: TestEngine): Promise<Approval> {
  const list = await pending(engine);
  assert.equal(list.length, 1);
  return list[0] as Approval;
}

export async function decide(
  engine: TestEngine,
  decision: "allow" | "deny",
  reason: string | null = null,
): Promise<Approval> {
  const { id } = await onlyOne(engine);
  const decided = await decideApproval(engine.engine, { id, decision, reason, person: "me" });
  assert.ok(decided.ok);
  return decided.value;
}

export const stored = async ({ engine }: TestEngine, id: string) =>
  engine.store.read(async ({ approvals }) => approvals.get(id));
export const callsOf = ({ events }: TestEngine, tool: string): number =>
  events.filter(({ type, data }) => type === "tool-called" && data["tool"] === tool).length;
export const asking = (policy: Partial<RiskPolicy>): RiskPolicy => ({
  ...DEFAULT_RISK_POLICY,
  ...policy,
});

/** What the model was told of each call of the card's turns, in order. */
export const resultsOf = async ({ engine }: TestEngine, card: string) =>
  engine.store.read(async ({ turns }) => {
    const results = [];
    for (const turn of await turns.list({ card, limit: 100 }))
      for (const step of await turns.steps(turn.id))
        for (const { result } of step.results) results.push(result);
    return results;
  });

export const oneCard = (coder: readonly unknown[]) => ({
  issues: [{ id: "api" }],
  script: script({ api: { coder, guard: [approve] } }),
});

/** Lets `meanwhile` happen before the model answers for that card the first time. */
export function beforeReply(
  engine: TestEngine,
  card: string,
  meanwhile: () => Promise<void>,
): void {
  const { model } = engine.engine;
  let isFirst = true;
  const reply = async (...given: Parameters<typeof model.reply>) => {
    if (given[0].origin.card === card && isFirst) {
      isFirst = false;
      await meanwhile();
    }
    return model.reply(...given);
  };
  Object.assign(engine.engine, { model: { ...model, reply } });
}

export const twoCards = (apiMoves: readonly unknown[]) => ({
  issues: [{ id: "api", priority: "high" }, { id: "ui" }],
  script: script({
    api: { coder: apiMoves, guard: [approve] },
    ui: { coder: work("ui"), guard: [approve] },
  }),
});
