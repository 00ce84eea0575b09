// Kills the product at each step of looking after a pull request and starts it again: whatever it leaves on the forge and in
// the store is there once. The steps are those that a life without a kill is seen to take, so that none is forgotten.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Kills, Life } from "./pull-request-kills.ts";
import { live, NO_KILLS, stepsOf } from "./pull-request-kills.ts";

/** Many lives, each of some seconds, two at a time. */
export const MANY_LIVES = { concurrency: 2, timeout: 280_000 };

type Killing = (name: string, kills: Kills, life?: Life) => Promise<void>;

export async function killEach(
  context: TestContext,
  life: Life,
  more: (kill: Killing) => readonly Promise<void>[] = () => [],
): Promise<void> {
  const { outcome, requests } = await live(context, life, NO_KILLS);
  assert.deepEqual(outcome.lost, []);
  assert.deepEqual(outcome.audit, life.ends === "merged" ? ["pr-merge-asked", "pr-merged"] : []);
  const kill: Killing = async (name, kills, lived = life) =>
    context.test(name, { timeout: MANY_LIVES.timeout }, async (inner) => {
      const killed = await live(inner, lived, kills);
      assert.deepEqual(new Set(killed.killed), new Set(kills.steps));
      assert.deepEqual(killed.outcome, outcome);
    });
  const steps = stepsOf(requests);
  const effects = steps.filter(({ isEffect }) => isEffect).map(({ step }) => step);
  context.diagnostic(`${effects.length} effects: ${effects.join("; ")}`);
  const all = steps.map(({ step }) => step);
  await Promise.all([
    kill("before each request, one after another", { steps: all, when: "before" }),
    ...effects.map((step) => kill(`after ${step}`, { steps: [step], when: "after" })),
    ...more(kill),
  ]);
}
