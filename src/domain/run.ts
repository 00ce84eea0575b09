// Runs: one execution over one build or the builds of a rock, its states and what ends it.
//
//   queued ──▶ running ◀──▶ paused        done and canceled are final;
//                 │  ╲                    blocked and failed come back only by `resume`
//                 ▼    ▶ blocked | failed | canceled
//               done
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

export const RUN_STATUSES = [
  "queued",
  "running",
  "paused",
  "done",
  "blocked",
  "failed",
  "canceled",
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const RUN_REASONS = [
  "complete",
  "stalled",
  "budget",
  "turn-limit",
  "dependency",
  "provider",
  "storage",
  "node",
  "internal",
  "requested",
  "approval",
  "interrupted",
] as const;
export type RunReason = (typeof RUN_REASONS)[number];

/** Limits a person set for one run, or for each card of it; null = none. */
export type Budget = {
  readonly tokensMax: number | null;
  readonly costUsdMax: number | null;
  readonly minutesMax: number | null;
  readonly turnsMax: number | null;
};

export const NO_BUDGET: Budget = {
  tokensMax: null,
  costUsdMax: null,
  minutesMax: null,
  turnsMax: null,
};

/** What was asked for; where nothing was, what holds otherwise. */
export const budgetOr = (asked: Budget, otherwise: Budget): Budget => ({
  tokensMax: asked.tokensMax ?? otherwise.tokensMax,
  costUsdMax: asked.costUsdMax ?? otherwise.costUsdMax,
  minutesMax: asked.minutesMax ?? otherwise.minutesMax,
  turnsMax: asked.turnsMax ?? otherwise.turnsMax,
});

/** What a person may ask of a run that another process works on. */
export const RUN_WISHES = ["pause", "cancel"] as const;
export type RunWish = (typeof RUN_WISHES)[number];

export type Usage = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
};

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 };

export const addUsage = (left: Usage, right: Usage): Usage => ({
  inputTokens: left.inputTokens + right.inputTokens,
  outputTokens: left.outputTokens + right.outputTokens,
  costUsd: left.costUsd + right.costUsd,
});

export type Run = {
  readonly id: string;
  /** Id of the card that was asked for: an epic, a rock or one issue. */
  readonly card: string;
  readonly kind: "rock" | "epic" | "issue";
  /** Builds this run works on; the first is the one named in events that concern the whole run. */
  readonly builds: readonly string[];
  readonly status: RunStatus;
  readonly reason: RunReason | null;
  /** What the reason means here, in words: what is open and what would free it. */
  readonly detail: string | null;
  readonly turns: number;
  readonly usage: Usage;
  readonly budget: Budget;
  /** `--model` of the run; null when each role chooses by the settings. */
  readonly model: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** How long processes worked on it, in milliseconds; waiting while it was paused does not count. */
  readonly activeMs: number;
  /** Rises with each new owner of the run; a write that carries an older one is refused. */
  readonly epoch: number;
};

const ALLOWED: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ["running", "canceled", "failed"],
  running: ["done", "blocked", "failed", "paused", "canceled"],
  paused: ["running", "canceled"],
  blocked: ["running"],
  failed: ["running"],
  done: [],
  canceled: [],
};

/** Active runs hold their builds: a second run on one of them is refused. */
export const isActive = (status: RunStatus): boolean =>
  status === "queued" || status === "running" || status === "paused";

export const decideRunMove = (run: Pick<Run, "id" | "status">, to: RunStatus): Result<RunStatus> =>
  ALLOWED[run.status].includes(to)
    ? ok(to)
    : refuse("RUN_STATE", `Run ${run.id} is ${run.status}; it cannot become ${to}.`, {
        run: run.id,
        from: run.status,
        to,
      });
