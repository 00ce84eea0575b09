// Why the organization loop leaves an epic alone: another run holds it, it has just failed, or its last run ended for a cause
// that is still there. The cause is read out of the store and the assets, so that a new process knows it too.
import type { ProjectAssets } from "../domain/assets.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Budget, Run } from "../domain/run.ts";
import { budgetOr } from "../domain/run.ts";
import type { StoreTransaction } from "../ports/store.ts";
import type { Engine } from "./engine.ts";
import type { LoopCandidate } from "./loop-targets.ts";
import type { RunSnapshot, RunTarget } from "./start-run.ts";
import { pruned } from "./start-run.ts";

export type Skip = {
  readonly reason: "active-run" | "cause-unchanged" | "resting" | "refused";
  /** The run that holds the epic, or that ended for the cause. */
  readonly run: string | null;
  readonly detail: string;
};

export type LoopRules = { readonly model: string | null; readonly budget: Budget };

type Question = {
  readonly assets: ProjectAssets;
  readonly candidate: LoopCandidate;
  readonly rules: LoopRules;
};

export async function skipOf(
  { store, settings }: Pick<Engine, "store" | "settings">,
  { assets, candidate, rules }: Question,
): Promise<Skip | null> {
  const { target, build } = candidate;
  return store.read(async (transaction): Promise<Skip | null> => {
    const { runs } = transaction;
    const holder = await runs.activeOn(target.entries.map((entry) => entry.build));
    if (holder !== null)
      return { reason: "active-run", run: holder.id, detail: `${holder.id} is ${holder.status}` };
    const [last] = await runs.list({ build, limit: 1 });
    if (last === undefined || !hasStopped(last, target)) return null;
    const budget = budgetOr(rules.budget, settings.budgets.run);
    if (isOtherwise(last, { ...rules, budget }) || (await hasNews(transaction, last))) return null;
    const snapshot = (await runs.snapshot(last.id)) as unknown as RunSnapshot | null;
    const now = canonicalJson(pruned(assets, target));
    if (snapshot === null || canonicalJson(snapshot.assets) !== now) return null;
    const why = last.reason === null ? last.status : `${last.status} (${last.reason})`;
    return { reason: "cause-unchanged", run: last.id, detail: `${last.id} ended ${why}` };
  });
}

/** Canceled counts as well: whoever canceled a run did not want the next one at once. */
const hasStopped = ({ status, card, kind }: Run, target: RunTarget): boolean =>
  (status === "blocked" || status === "canceled") && card === target.card && kind === target.kind;

/** With another model, or more to spend, the same cards may go another way. */
const isOtherwise = ({ model, budget }: Run, rules: LoopRules): boolean =>
  model !== rules.model || canonicalJson(budget) !== canonicalJson(rules.budget);

/** Whether any card of the run's builds was written since it ended. */
async function hasNews({ cards, events }: StoreTransaction, run: Run): Promise<boolean> {
  const before = Number.MAX_SAFE_INTEGER; // from the end
  const [end] = await events.list({ run: run.id, types: ["run-ended"], before, limit: 1 });
  if (end === undefined) return true;
  for (const build of run.builds)
    if ((await cards.changedSince(build, end.seq)).length > 0) return true;
  return false;
}
