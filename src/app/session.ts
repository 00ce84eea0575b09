// One run while this process owns it: its fence, its lanes, what it has spent, and the one way to write for it.
import type { Department, Environment, Epic, ProjectAssets, Role, Team } from "../domain/assets.ts";
import type { ApproveMode } from "../domain/approval.ts";
import type { Backlog } from "../domain/backlog.ts";
import type { PullUnderReview } from "../domain/pull-review.ts";
import type { Run, Usage } from "../domain/run.ts";
import type { ModelFacts } from "../ports/model.ts";
import type { Fence, StoreTransaction } from "../ports/store.ts";
import type { Workspace } from "../ports/workspace.ts";
import type { Engine } from "./engine.ts";
import type { FileLocks } from "./file-locks.ts";
import type { LeaseHold } from "./hold-lease.ts";
import { writeTold } from "./write-told.ts";

/** One build of the run: an epic with its team, its folder and its cards. */
export type Lane = {
  readonly build: string;
  readonly epic: Epic;
  readonly team: Team;
  readonly environment: Environment;
  readonly department: Department | null;
  readonly workspace: Workspace;
  readonly backlog: Backlog;
  readonly locks: FileLocks;
  /** AGENTS.md as it was when the lane was opened; agents cannot change it. */
  readonly agentsText: string | null;
  /** Set when the run is for a single issue: nothing else is dispatched. */
  readonly only: string | null;
  /** The event number up to which `backlog` is what the store holds. */
  seenSeq: number;
};

export type Session = {
  readonly engine: Engine;
  readonly run: Run;
  readonly assets: ProjectAssets;
  readonly fence: Fence;
  /** What becomes of a call that needs a person. */
  readonly approve: ApproveMode;
  /** What the run reviews, and all that it does; null for every other run. */
  readonly pullRequest: PullUnderReview | null;
  /** Whether the process that a lease names is gone for certain. */
  readonly isOwnerGone: (owner: string) => boolean;
  /** Asked before anything is done outside the store. */
  readonly lease: LeaseHold;
  /** Aborted when a person or a signal stops the run: no new step starts, model calls end. */
  readonly signal: AbortSignal;
  /** Aborted when a person asked the run to pause: running steps end as they would, no new step starts. */
  readonly pause: AbortSignal;
  /** Aborted, with `signal`, when a person canceled the run. */
  readonly cancel: AbortSignal;
  readonly facts: Map<string, ModelFacts>;
  /** Prompt patches by seat and model family, as they were when the run first needed them. */
  readonly patches: Map<string, Promise<string | null>>;
  spent: Usage;
  turns: number;
  replies: number;
  /** Monotonic milliseconds at which this process took the run. */
  readonly startedMs: number;
  /** How much of the time since then is stored with the run already. */
  countedMs: number;
};

/** How long this process has worked on the run. */
export const activeMs = ({ engine, startedMs }: Pick<Session, "engine" | "startedMs">): number =>
  engine.clock.monotonic() - startedMs;

/** Whether a person or a signal wants no new step. */
export const isStopping = ({ signal, pause }: Pick<Session, "signal" | "pause">): boolean =>
  signal.aborted || pause.aborted;

/**
 * Writes for the run: fenced by its epoch, and told to the watcher only after the commit, so that what a person sees
 * has happened.
 */
export const write = async <Value>(
  { engine, fence }: Pick<Session, "engine" | "fence">,
  work: (transaction: StoreTransaction) => Promise<Value>,
): Promise<Value> => writeTold(engine, work, fence);

export const rolesOf = (team: Team, seat: string): readonly Role[] =>
  (team.seats.find((one) => one.key === seat)?.roles ?? [])
    .map((name) => team.roles[name])
    .filter((role) => role !== undefined);

/** What every record of the log says that concerns a turn. */
export const idsOf = (
  { run }: Session,
  {
    card,
    turn,
  }: { readonly card: { readonly id: string }; readonly turn: { readonly id: string } },
) => ({ run: run.id, card: card.id, turn: turn.id });
