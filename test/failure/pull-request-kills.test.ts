// The product is killed at each step of looking after a pull request, and started again: whatever it leaves on the forge and in
// the store is there once. The steps are those that a life without a kill is seen to take, so that none is forgotten.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Kills, Life } from "../support/pull-request-kills.ts";
import {
  live,
  MERGED,
  MERGED_SLOWLY,
  NO_KILLS,
  REJECTED,
  stepsOf,
} from "../support/pull-request-kills.ts";

/** Of the review's run: its head is brought, it is verified, the model is asked. */
const REVIEW = ["pull-review-queued", "verification-started", "turn-started"] as const;

/** Many lives, each of some seconds, two at a time. */
const MANY_LIVES = { concurrency: 2, timeout: 280_000 };

type Killing = (name: string, kills: Kills, life?: Life) => Promise<void>;

async function killEach(
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

test(
  "R-42 R-43 killed at each step towards the merge: each effect once",
  MANY_LIVES,
  async (context) =>
    killEach(context, MERGED, (kill) => [
      kill("while the head is reviewed", { steps: REVIEW, when: "during" }, MERGED_SLOWLY),
    ]),
);

test(
  "R-42 killed at each step towards the rejection: each effect once",
  MANY_LIVES,
  async (context) => killEach(context, REJECTED),
);
