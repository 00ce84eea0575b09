// Runs in parts, newest first, as the command line and the API list them.
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import type { Run, RunStatus } from "../domain/run.ts";
import type { Engine } from "./engine.ts";
import { runUnknown } from "./show-run.ts";

export type RunQuery = {
  readonly limit: number;
  readonly build?: string;
  readonly statuses?: readonly RunStatus[];
  /** The run that the part before ended with. */
  readonly before?: string;
};

export type RunPage = {
  readonly runs: readonly Run[];
  /** What `before` is for the next part; null when this is the last. */
  readonly next: string | null;
  readonly asOfSeq: number;
};

export const listRuns = async (
  { store }: Pick<Engine, "store">,
  query: RunQuery,
): Promise<RunPage> =>
  store.read(async ({ runs, events }) => {
    // One more tells whether there are more.
    const found = await runs.list({ ...query, limit: query.limit + 1 });
    const page = found.slice(0, query.limit);
    const next = found.length > query.limit ? (page.at(-1)?.id ?? null) : null;
    return { runs: page, next, asOfSeq: await events.lastSeq() };
  });

/** What the run was started with. */
export const runSnapshot = async (
  { store }: Pick<Engine, "store">,
  run: string,
): Promise<Result<{ readonly snapshot: JsonObject; readonly asOfSeq: number }>> =>
  store.read(async ({ runs, events }) => {
    const snapshot = await runs.snapshot(run);
    return snapshot === null ? runUnknown(run) : ok({ snapshot, asOfSeq: await events.lastSeq() });
  });
