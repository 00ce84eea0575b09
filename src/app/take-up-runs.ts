// Which runs go on without being started anew: those a person continues, those whose question was answered, and those that
// a signal, a crash or a stop of the server left in the middle.
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import { answeredRuns } from "./approvals.ts";
import type { Engine } from "./engine.ts";
import { runUnknown } from "./show-run.ts";
import { adoptLostRuns } from "./stop-run.ts";

type TakeUpDeps = Pick<Engine, "store" | "clock" | "settings">;

/** As a resume, but only what was paused: a blocked or failed run needs a look first. */
export async function pausedRun(
  { store }: Pick<Engine, "store">,
  id: string,
): Promise<Result<Run>> {
  const found = await store.read(async ({ runs }) => runs.get(id));
  if (found === null) return runUnknown(id);
  if (found.status === "paused") return ok(found);
  const message = `Run ${id} is ${found.status}, not paused. See why with: orket runs show ${id}`;
  return refuse("RUN_STATE", message, { run: id, status: found.status });
}

const PAUSED_MAX = 1000;

/** Runs whose question was answered go on at any time. `lost`: runs whose process is gone. `stopped`: also those that a signal stopped, so that work goes on where it ended. */
export type Left = "lost" | "stopped";

export async function leftRuns(
  engine: TakeUpDeps,
  isOwnerGone: (owner: string) => boolean,
  which: Left,
): Promise<readonly Run[]> {
  const lost = await adoptLostRuns(engine, isOwnerGone);
  const answered = await answeredRuns(engine);
  if (which === "lost") return [...lost, ...answered];
  const paused = await engine.store.read(async ({ runs }) =>
    runs.list({ statuses: ["paused"], limit: PAUSED_MAX }),
  );
  return [...paused.filter(({ reason }) => reason === "interrupted").toReversed(), ...answered];
}
