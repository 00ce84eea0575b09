// A run's turns from near: what one was told and answered, what the gate said to its calls, and what each changed.
import type { Event } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { FileDiff } from "../domain/split-diff.ts";
import { splitDiff } from "../domain/split-diff.ts";
import type { ChatMessage, Step, Turn } from "../domain/turn.ts";
import type { Workspaces } from "../ports/workspace.ts";
import type { Store } from "../ports/store.ts";
import { runUnknown } from "./show-run.ts";
import type { NumberedTurn } from "./show-run.ts";
import { allEvents, turnsInOrder } from "./turn-numbers.ts";

const TURNS_MAX = 10_000;

export type TurnView = {
  readonly turn: NumberedTurn;
  readonly prompt: readonly ChatMessage[];
  readonly steps: readonly Step[];
  /** Everything the log says of it, the gate's refusals among them. */
  readonly events: readonly Event[];
  readonly asOfSeq: number;
};

/** `number` is the turn's number in its run, from 1. */
export async function showTurn(
  { store }: { readonly store: Store },
  { run: id, number }: { readonly run: string; readonly number: number },
): Promise<Result<TurnView>> {
  return store.read(async ({ runs, turns, events }): Promise<Result<TurnView>> => {
    if ((await runs.get(id)) === null) return runUnknown(id);
    const turnId = (await turnsInOrder(events, id))[number - 1];
    const played = await turns.list({ run: id, limit: TURNS_MAX });
    const turn = played.find((one) => one.id === turnId);
    if (turn === undefined) return turnUnknown(id, number, played.length);
    const told = await allEvents(events, { run: id, card: turn.card });
    return ok({
      turn: { ...turn, numberInRun: number },
      prompt: await turns.prompt(turn.id),
      steps: await turns.steps(turn.id),
      events: told.filter((event) => event.turn === turn.id),
      asOfSeq: await events.lastSeq(),
    });
  });
}

const turnUnknown = (run: string, number: number, count: number): Result<never> =>
  refuse("TURN_UNKNOWN", `Run ${run} has no turn ${number}; it has ${count}.`, { run, number });

export type TurnDiff = {
  readonly turn: string;
  readonly commit: string;
  readonly diff: string;
};

/** What each turn committed, as one unified diff, in the order given; turns that changed no file are left out. */
export async function turnDiffs(
  { workspaces }: { readonly workspaces: Workspaces },
  turns: readonly Pick<Turn, "id" | "build" | "commit">[],
): Promise<readonly TurnDiff[]> {
  const diffs: TurnDiff[] = [];
  for (const { id: turn, build, commit } of turns) {
    if (commit === null) continue;
    const workspace = await workspaces.open(build);
    diffs.push({ turn, commit, diff: await workspace.diff(commit) });
  }
  return diffs;
}

export type ChangedFile = FileDiff & { readonly build: string; readonly turn: number };
export type RunFiles = {
  readonly files: readonly ChangedFile[];
  /** The first turn that was left out because the diffs before it filled the answer; null when all are there. */
  readonly nextTurn: number | null;
  readonly asOfSeq: number;
};

const DIFF_CHARACTERS_MAX = 1024 * 1024;

/** The files that the run's turns changed, turn by turn, from `fromTurn` on. */
export async function runFiles(
  { store, workspaces }: { readonly store: Store; readonly workspaces: Workspaces },
  { run: id, fromTurn }: { readonly run: string; readonly fromTurn: number },
): Promise<Result<RunFiles>> {
  const found = await store.read(async ({ runs, turns, events }) => {
    if ((await runs.get(id)) === null) return null;
    return {
      order: await turnsInOrder(events, id),
      played: await turns.list({ run: id, limit: TURNS_MAX }),
      asOfSeq: await events.lastSeq(),
    };
  });
  if (found === null) return runUnknown(id);
  const { order, played, asOfSeq } = found;
  const byId = new Map(played.map((turn) => [turn.id, turn]));
  const files: ChangedFile[] = [];
  let characters = 0;
  for (let number = Math.max(1, fromTurn); number <= order.length; number += 1) {
    const turn = byId.get(order[number - 1] ?? "");
    if (turn === undefined) continue;
    // The first one is always there, so that a page makes progress.
    if (characters > DIFF_CHARACTERS_MAX) return ok({ files, nextTurn: number, asOfSeq });
    const [changed] = await turnDiffs({ workspaces }, [turn]);
    if (changed === undefined) continue;
    characters += changed.diff.length;
    const { build } = turn;
    files.push(...splitDiff(changed.diff).map((file) => ({ ...file, build, turn: number })));
  }
  return ok({ files, nextTurn: null, asOfSeq });
}
