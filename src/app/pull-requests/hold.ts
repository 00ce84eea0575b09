// The right to act for a pull request on the forge: a lease in the store, so that of several processes one acts. It is asked
// for before each call that leaves something there.
import type { PullRequestKey } from "../../domain/pull-request.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Holder } from "../../ports/store.ts";
import type { PullRequestLoop } from "./loop.ts";

const LEASE_MS = 60_000;
/** Whoever is there is done within moments, as a rule. */
const WAIT_MS = 10_000;
const STEP_MS = 100;

export type Hold = {
  /** Asked right before acting. A refusal means that somebody else acts now. */
  readonly ensure: () => Promise<Result<null>>;
  readonly letGo: () => Promise<void>;
};

const busy = ({ number }: PullRequestKey): Refused =>
  refuse("PULL_REQUEST_BUSY", `Another process looks after the pull request #${number}.`);

/** What is kept of the pull request may have changed until it is held. */
export async function holdPullRequest(
  loop: PullRequestLoop,
  key: PullRequestKey,
  signal: AbortSignal,
): Promise<Result<Hold>> {
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    const held = await tryToHold(loop, key);
    if (held.ok || waitedMs >= WAIT_MS || signal.aborted) return held;
    await loop.engine.clock.sleep(STEP_MS, signal);
  }
}

async function tryToHold(
  { engine, isOwnerGone }: PullRequestLoop,
  key: PullRequestKey,
): Promise<Result<Hold>> {
  const { store, clock, settings } = engine;
  const mine = (): Holder => ({ owner: settings.owner, untilMs: clock.now() + LEASE_MS });
  let held: Holder | null = null;
  const change = async (from: Holder | null, to: Holder | null): Promise<boolean> =>
    store.transaction(async ({ pullRequests }) => pullRequests.hold(key, { from, to }));
  const ensure = async (): Promise<Result<null>> => {
    if (held !== null && held.untilMs - clock.now() > LEASE_MS / 2) return ok(null);
    const to = mine();
    if (!(await change(held, to))) return busy(key);
    held = to;
    return ok(null);
  };
  const found = await store.read(async ({ pullRequests }) => pullRequests.holder(key));
  const isFree =
    found === null ||
    found.untilMs <= clock.now() ||
    found.owner === settings.owner ||
    isOwnerGone(found.owner);
  if (!isFree) return busy(key);
  const first = mine();
  if (!(await change(found, first))) return busy(key);
  held = first;
  return ok({
    ensure,
    letGo: async () => {
      if (held !== null) await change(held, null);
      held = null;
    },
  });
}
