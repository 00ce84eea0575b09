// The runs that a long-lived process works on beside each other. Each is a task of its own: however it ends, the others go
// on. As many as there are slots are in flight, some more wait for one, and the rest is refused before anything is stored.
import { EngineError } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Engine } from "./engine.ts";
import type { ExecuteRequest } from "./execute-run.ts";
import { executeRun } from "./execute-run.ts";

export type RunTasks = {
  /** Refused when too many wait already, or when it is stopping. Asked before a run is stored. */
  readonly mayStart: () => Result<null>;
  /** Works on a stored run, at once or when a slot is free. A run that is worked on here already is left alone. */
  readonly start: (task: RunTask) => void;
  /** In flight: those that wait for a slot are not counted. */
  readonly activeCount: () => number;
  /** Pauses every run; resolves when each is stored as resumable. */
  readonly stop: () => Promise<void>;
};

export type RunTask = Pick<ExecuteRequest, "run" | "resume" | "budget">;

export type RunTaskDeps = {
  readonly engine: Engine;
  readonly isOwnerGone: ExecuteRequest["isOwnerGone"];
};

export const SLOTS_MAX = 8;
export const WAITING_MAX = 1000;

export function createRunTasks({ engine, isOwnerGone }: RunTaskDeps): RunTasks {
  const stopped = new AbortController();
  const active = new Map<string, Promise<void>>();
  const waiting = new Map<string, RunTask>();

  async function work(task: RunTask): Promise<void> {
    try {
      const done = await executeRun(engine, { ...task, isOwnerGone }, stopped.signal);
      if (done.ok) return;
      const { code, message } = done.error;
      engine.log.warn({ run: task.run, code, detail: message }, "a run could not be worked on");
    } catch (error) {
      const code = error instanceof EngineError ? error.code : "INTERNAL";
      engine.log.error({ run: task.run, code, error: String(error) }, "a run's task failed");
    }
  }

  function fill(): void {
    for (const [run, task] of waiting) {
      if (active.size >= SLOTS_MAX || stopped.signal.aborted) return;
      waiting.delete(run);
      const ended = work(task).finally(() => {
        active.delete(run);
        fill();
      });
      active.set(run, ended);
    }
  }

  return {
    mayStart: () => {
      if (stopped.signal.aborted)
        return refuse("SERVER_STOPPING", "The server is stopping and starts no run.");
      if (waiting.size < WAITING_MAX) return ok(null);
      return refuse("RUNS_FULL", `${waiting.size} runs wait in this server already.`);
    },
    start: (task) => {
      if (stopped.signal.aborted || active.has(task.run)) return;
      waiting.set(task.run, task);
      fill();
    },
    activeCount: () => active.size,
    stop: async () => {
      stopped.abort();
      waiting.clear();
      await Promise.all(active.values());
    },
  };
}
