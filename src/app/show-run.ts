// One run as a person wants to see it: its state, its cards and what each waits for, its turns.
import type { Approval } from "../domain/approval.ts";
import type { Card } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import type { Turn } from "../domain/turn.ts";
import type { CardWait } from "../domain/waiting.ts";
import { waitOf } from "../domain/waiting.ts";
import type { EventLog, Lease, Store } from "../ports/store.ts";
import { turnsInOrder } from "./turn-numbers.ts";

/** `numberInRun` is what `run --from` takes. */
export type NumberedTurn = Turn & { readonly numberInRun: number };

export type RunView = {
  readonly run: Run;
  readonly cards: readonly Card[];
  readonly turns: readonly NumberedTurn[];
  /** Set when the run began as a fork. */
  readonly from: { readonly run: string; readonly turn: number } | null;
  readonly lease: Lease | null;
  /** Why each open issue does not move: what it waits for, on whom, since when. */
  readonly waits: readonly CardWait[];
  /** Questions that a person has not answered yet. */
  readonly approvals: readonly Approval[];
  readonly asOfSeq: number;
};

const TURNS_MAX = 10_000;
const APPROVALS_MAX = 1000;

export async function showRun(
  { store }: { readonly store: Store },
  id: string,
): Promise<Result<RunView>> {
  return store.read(async ({ runs, cards, turns, approvals, events }): Promise<Result<RunView>> => {
    const run = await runs.get(id);
    if (run === null) return runUnknown(id);
    const lists = [];
    for (const build of run.builds) lists.push(await cards.list({ build }));
    const stored = lists.flat();
    const asked = await approvals.list({ run: id, states: ["pending"], limit: APPROVALS_MAX });
    const played = await turns.list({ run: id, limit: TURNS_MAX });
    return ok({
      run,
      cards: stored,
      turns: numbered(played, await turnsInOrder(events, id)),
      from: await originOf(events, id),
      waits: waitsOf({ run, cards: stored, turns: played, approvals: asked }),
      approvals: asked,
      lease: await runs.lease(id),
      asOfSeq: await events.lastSeq(),
    });
  });
}

type Waited = Pick<RunView, "run" | "cards" | "approvals"> & { readonly turns: readonly Turn[] };

function waitsOf({ run, cards, turns, approvals }: Waited): readonly CardWait[] {
  const keyOf = ({ build }: Card, id: string): string => `${build}/${id}`;
  const done = new Set(
    cards.filter((card) => card.status === "done").map((card) => keyOf(card, card.id)),
  );
  const live = new Map(
    turns
      .filter((turn) => turn.status === "live")
      .map((turn) => [`${turn.build}/${turn.card}`, turn]),
  );
  return cards
    .filter((card) => card.kind === "issue" && !card.orphaned)
    .map((card) =>
      waitOf(card, {
        unmet: card.dependsOn.filter((id) => !done.has(keyOf(card, id))),
        turn: live.get(keyOf(card, card.id)) ?? null,
        approval: approvals.find((one) => one.build === card.build && one.card === card.id) ?? null,
        run,
      }),
    )
    .filter((wait) => wait !== null);
}

function numbered(turns: readonly Turn[], order: readonly string[]): readonly NumberedTurn[] {
  const numbers = new Map(order.map((id, place) => [id, place + 1]));
  return turns
    .map((turn) => ({ ...turn, numberInRun: numbers.get(turn.id) ?? 0 }))
    .toSorted((left, right) => left.numberInRun - right.numberInRun);
}

async function originOf(events: EventLog, run: string): Promise<RunView["from"]> {
  const [forked] = await events.list({ run, types: ["run-forked"], limit: 1 });
  const { from, turn } = forked?.data ?? {};
  return typeof from === "string" && typeof turn === "number" ? { run: from, turn } : null;
}

export const runUnknown = (run: string): Result<never> =>
  refuse("RUN_UNKNOWN", `No run has the id ${run}. See them with: orket runs`, { run });

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
