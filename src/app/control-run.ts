// What a person asks of runs that a server works on: start one, go on with one. Stopping is the same from everywhere, see
// stop-run.ts.
import type { Result } from "../domain/result.ts";
import { refuse } from "../domain/result.ts";
import type { Budget, Run } from "../domain/run.ts";
import type { Engine } from "./engine.ts";
import type { ForkRequest } from "./fork-run.ts";
import { forkRun } from "./fork-run.ts";
import type { RunTasks } from "./run-tasks.ts";
import type { RunRequest } from "./start-run.ts";
import { startRun } from "./start-run.ts";
import { pausedRun } from "./take-up-runs.ts";

type Deps = { readonly engine: Engine; readonly tasks: RunTasks };

/** Gives the run as it is stored; it is worked on after that. */
export const submitRun = async (
  { engine, tasks }: Deps,
  request: RunRequest,
): Promise<Result<Run>> => tasks.submit(async () => startRun(engine, request));

/** The same for a run that begins where another was. */
export const submitFork = async (
  { engine, tasks }: Deps,
  request: ForkRequest,
): Promise<Result<Run>> => tasks.submit(async () => forkRun(engine, request));

export async function continueRun(
  { engine, tasks }: Deps,
  { run, budget }: { readonly run: string; readonly budget: Budget },
): Promise<Result<Run>> {
  const found = await pausedRun(engine, run);
  if (!found.ok) return found;
  const taken = tasks.resume(run, budget);
  return taken.ok ? found : taken;
}

/** The card that an older caller means: an issue by its id, or an asset by its path, whose file carries the card's name. */
export function cardOfPath({
  path,
  issueId,
}: {
  readonly path: string | null;
  readonly issueId: string | null;
}): Result<string> {
  const issue = issueId?.trim() ?? "";
  const file = (path ?? "").trim().replace(/\.(?:jsonc?|ya?ml)$/i, "");
  const card = issue === "" ? (file.split("/").at(-1) ?? "") : issue;
  return card === "" ? refuse("ASSET_UNNAMED", "No asset ID provided.") : { ok: true, value: card };
}
