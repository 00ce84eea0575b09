// One run as a person wants to see it: its state, its cards and what each waits for, its turns.
import type { Card } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import type { Turn } from "../domain/turn.ts";
import type { Lease, Store } from "../ports/store.ts";

export type RunView = {
  readonly run: Run;
  readonly cards: readonly Card[];
  readonly turns: readonly Turn[];
  readonly lease: Lease | null;
  readonly asOfSeq: number;
};

const TURNS_MAX = 10_000;

export async function showRun(
  { store }: { readonly store: Store },
  id: string,
): Promise<Result<RunView>> {
  return store.read(async ({ runs, cards, turns, events }): Promise<Result<RunView>> => {
    const run = await runs.get(id);
    if (run === null)
      return refuse("RUN_UNKNOWN", `No run has the id ${id}. See them with: orket runs`, {
        run: id,
      });
    const lists = [];
    for (const build of run.builds) lists.push(await cards.list({ build }));
    return ok({
      run,
      cards: lists.flat(),
      turns: await turns.list({ run: id, limit: TURNS_MAX }),
      lease: await runs.lease(id),
      asOfSeq: await events.lastSeq(),
    });
  });
}

/** The last line of `orket run --json`, as interfaces.md section 4 has it. */
export const runResult = ({ run, cards }: RunView) => ({
  v: 1,
  type: "result",
  run: {
    id: run.id,
    card: run.card,
    build: run.builds[0] ?? null,
    status: run.status,
    reason: run.reason,
    cards: Object.fromEntries(
      cards.filter((card) => card.kind === "issue").map((card) => [card.id, card.status]),
    ),
    turns: run.turns,
    tokens: { input: run.usage.inputTokens, output: run.usage.outputTokens },
    costUsd: run.usage.costUsd,
  },
});
