// What the work on pull requests is made of: the forge, the parts, which repositories are handled, and what this process is
// busy with. Nothing is done here.
import type { NewEvent } from "../../domain/events.ts";
import type { LongErrand } from "../../domain/pull-request-errand.ts";
import type { LifeEvent } from "../../domain/pull-request-life.ts";
import type { PullRequestKey, TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import type { Account, Forge, Repository } from "../../ports/forge.ts";
import type { Engine } from "../engine.ts";
import type { PullRequestParts } from "./parts.ts";

export type LoopEngine = Pick<
  Engine,
  "store" | "clock" | "log" | "watcher" | "assets" | "settings" | "redact"
>;

export type LoopSettings = {
  /** `owner/name` of those that are handled. Empty: those that a delivery came from, for each was signed with the secret. */
  readonly repositories: readonly string[];
  /** The base branch that the policy covers; null = each repository's default branch. */
  readonly baseBranch: string | null;
  readonly reconcileMs: number;
};

export type LoopDeps = {
  readonly engine: LoopEngine;
  readonly forge: Forge;
  readonly parts: PullRequestParts;
  readonly settings: LoopSettings;
  /** Whether the process that a lease names is gone; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
};

export type PullRequestLoop = LoopDeps & {
  /** Whose token it is; asked once. */
  readonly self: (signal: AbortSignal) => Promise<Result<Account>>;
  /** One at a time for each pull request, in this process. */
  readonly inLane: <Value>(lane: string, work: () => Promise<Value>) => Promise<Value>;
  /** Long errands that this process is at, by their id. */
  readonly running: Map<number, RunningErrand>;
  /** Has errands looked for now. */
  readonly wake: () => void;
  readonly setWake: (wake: () => void) => void;
};

export type RunningErrand = PullRequestKey & {
  readonly kind: LongErrand;
  readonly about: string;
  readonly stop: AbortController;
};

export function createLoop(deps: LoopDeps): PullRequestLoop {
  const { forge } = deps;
  let account: Account | null = null;
  let wake = (): void => {};
  return {
    ...deps,
    self: async (signal) => {
      if (account !== null) return { ok: true, value: account };
      const asked = await forge.self(signal);
      if (asked.ok) account = asked.value;
      return asked;
    },
    inLane: createLanes(),
    running: new Map(),
    wake: () => wake(),
    setWake: (wanted) => {
      wake = wanted;
    },
  };
}

function createLanes(): PullRequestLoop["inLane"] {
  const last = new Map<string, Promise<unknown>>();
  return async (lane, work) => {
    const before = last.get(lane) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(lane, mine);
    try {
      return await mine;
    } finally {
      if (last.get(lane) === mine) last.delete(lane);
    }
  };
}

export const eventOf = (
  { build, card, fullName, number, round }: TrackedPullRequest,
  { type, data }: LifeEvent,
): NewEvent => ({
  type,
  build,
  card,
  actor: "engine",
  data: { repository: fullName, pullRequest: number, round, ...data },
});

export const keyOfRow = ({ repository, number }: PullRequestKey): PullRequestKey => ({
  repository,
  number,
});

/** Null for what is not `owner/name`. */
export function repositoryOf(fullName: string): Repository | null {
  const [owner = "", name = "", ...more] = fullName.split("/");
  return owner === "" || name === "" || more.length > 0 ? null : { owner, name };
}

export const fullNameOf = ({ owner, name }: Repository): string => `${owner}/${name}`;

export const isHandled = ({ settings }: Pick<LoopDeps, "settings">, fullName: string): boolean =>
  settings.repositories.length === 0 ||
  settings.repositories.some((one) => one.toLowerCase() === fullName.toLowerCase());
