// The runs that a long-lived process works on beside each other. Each is a task of its own: however it ends, the others go
// on. As many as there are slots are in flight, some more wait for one, and the rest is refused before anything is stored.
import { EngineError } from "../domain/errors.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Budget, Run } from "../domain/run.ts";
import { isActive } from "../domain/run.ts";
import type { Engine } from "./engine.ts";
import { executeRun } from "./execute-run.ts";
import type { Left } from "./take-up-runs.ts";
import { leftRuns } from "./take-up-runs.ts";

export type RunTasks = {
  /** Stores a run by `begin`, unless too many wait already, and works on it, at once or when a slot is free. */
  readonly submit: (begin: () => Promise<Result<Run>>) => Promise<Result<Run>>;
  /** Goes on with a run that is stored: after its task here ended, if it still has one. Only what is active goes on. */
  readonly resume: (run: string, budget?: Budget) => Result<null>;
  /** Takes up what others left; in parts where there is more than waits here. */
  readonly takeUp: (which: Left) => Promise<void>;
  /** Resolves when nothing here works on the run or is about to; however it ended. */
  readonly settled: (run: string) => Promise<void>;
  /** In flight: those that wait for a slot are not counted. */
  readonly activeCount: () => number;
  /** Pauses every run; resolves when each is stored as resumable. */
  readonly stop: () => Promise<void>;
};

type RunTask = { readonly run: string; readonly resume: boolean; readonly budget?: Budget };

export type RunTaskDeps = {
  readonly engine: Engine;
  /** Whether the process that a lease names is gone; asked on this machine only. */
  readonly isOwnerGone: (owner: string) => boolean;
  readonly limits?: { readonly slotsMax: number; readonly waitingMax: number };
};

const LIMITS = { slotsMax: 8, waitingMax: 1000 } as const;

type Desk = Required<RunTaskDeps> & {
  readonly stopped: AbortController;
  readonly active: Map<string, Promise<void>>;
  readonly waiting: Map<string, RunTask>;
  /** Places kept for runs that are being stored. */
  reserved: number;
};

export function createRunTasks(deps: RunTaskDeps): RunTasks {
  const desk: Desk = {
    limits: LIMITS,
    ...deps,
    stopped: new AbortController(),
    active: new Map(),
    waiting: new Map(),
    reserved: 0,
  };
  return {
    submit: async (begin) => submit(desk, begin),
    resume: (run, budget) => {
      const free = checkRoom(desk);
      if (!free.ok) return free;
      add(desk, { run, resume: true, ...(budget === undefined ? {} : { budget }) });
      return ok(null);
    },
    takeUp: async (which) => takeUp(desk, which),
    settled: async (run) => {
      while (!desk.stopped.signal.aborted && (desk.waiting.has(run) || desk.active.has(run)))
        await (desk.active.get(run) ?? Promise.race(desk.active.values()));
      await desk.active.get(run);
    },
    activeCount: () => desk.active.size,
    stop: async () => {
      desk.stopped.abort();
      desk.waiting.clear();
      await Promise.all(desk.active.values());
    },
  };
}

function checkRoom({ stopped, waiting, reserved, limits }: Desk): Result<null> {
  if (stopped.signal.aborted)
    return refuse("SERVER_STOPPING", "The server is stopping and starts no run.");
  if (waiting.size + reserved < limits.waitingMax) return ok(null);
  return refuse("RUNS_FULL", `${waiting.size} runs wait in this server already.`, {
    waiting: waiting.size,
  });
}

async function submit(desk: Desk, begin: () => Promise<Result<Run>>): Promise<Result<Run>> {
  const free = checkRoom(desk);
  if (!free.ok) return free;
  desk.reserved += 1;
  try {
    const begun = await begin();
    if (begun.ok) add(desk, { run: begun.value.id, resume: false });
    return begun;
  } finally {
    desk.reserved -= 1;
  }
}

/** What is stored and not worked on any more when the server stops is found by the next one. */
function add(desk: Desk, task: RunTask): void {
  if (desk.stopped.signal.aborted || desk.waiting.has(task.run)) return;
  desk.waiting.set(task.run, task);
  fill(desk);
}

function fill(desk: Desk): void {
  const { waiting, active, stopped, limits } = desk;
  for (const [run, task] of waiting) {
    if (active.size >= limits.slotsMax || stopped.signal.aborted) return;
    // Its last task is about to end: the run is paused already, and its files are still being closed.
    if (active.has(run)) continue;
    waiting.delete(run);
    const ended = work(desk, task).finally(() => {
      active.delete(run);
      fill(desk);
    });
    active.set(run, ended);
  }
}

/** Never throws: one run's trouble is no other's. The run itself ends in the store with its reason. */
async function work({ engine, isOwnerGone, stopped }: Desk, task: RunTask): Promise<void> {
  const { run } = task;
  try {
    if (task.resume && !(await isToGoOn(engine, run))) return;
    const done = await executeRun(engine, { ...task, isOwnerGone }, stopped.signal);
    if (done.ok) return;
    const { code, message } = done.error;
    engine.log.warn({ run, code, detail: message }, "a run could not be worked on");
  } catch (error) {
    const code = error instanceof EngineError ? error.code : "INTERNAL";
    engine.log.error({ run, code, error: String(error) }, "the task of a run failed");
  }
}

/** Asked when its turn has come: what was blocked or failed meanwhile needs a person's look first. */
async function isToGoOn({ store }: Engine, run: string): Promise<boolean> {
  const found = await store.read(async ({ runs }) => runs.get(run));
  return found !== null && isActive(found.status);
}

async function takeUp(desk: Desk, which: Left): Promise<void> {
  const { engine, isOwnerGone, active } = desk;
  for (const { id } of await leftRuns(engine, isOwnerGone, which)) {
    if (!checkRoom(desk).ok) return;
    if (!active.has(id)) add(desk, { run: id, resume: true });
  }
}
