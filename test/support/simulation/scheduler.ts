// The scheduler of a simulation: every call of a port waits here for its turn, and chance says whose turn is next. It also
// gives calls their faults, and lets processes die, freeze and thaw. What the calls do is not its business.
import { EngineError } from "../../../src/domain/errors.ts";
import type { SimulatedClock } from "../../../src/adapters/clock/simulated.ts";

/** `after`: the call happened, and its answer was lost. */
export type Fault = "crash-before" | "crash-after" | "fail-before" | "fail-after";

export type PortKind = "store" | "workspace" | "model" | "clock" | "assets" | "files";

export type SimulatedProcess = {
  readonly name: string;
  state: "running" | "crashed" | "ended";
  /** Monotonic milliseconds until which the process does not go on. */
  frozenUntilMs: number;
  /** How far its clock on the wall is wrong. */
  readonly skewMs: number;
  /** It is here to cancel, and may take a run from whoever has it. */
  readonly cancels: boolean;
  readonly stop: AbortController;
};

export type PortCall<Value> = {
  readonly process: SimulatedProcess;
  readonly port: PortKind;
  /** As it stands in a trace. */
  readonly name: string;
  readonly work: () => Promise<Value>;
};

type Pending = Omit<PortCall<unknown>, "work"> & {
  readonly isAnswer: boolean;
  readonly run: () => Promise<void>;
};

export type Scheduler = {
  readonly call: <Value>(call: PortCall<Value>) => Promise<Value>;
  /** Lets one call happen, or time pass. False when nothing is left that could happen. */
  readonly step: () => Promise<boolean>;
  readonly crash: (process: SimulatedProcess) => void;
  readonly note: (line: string) => void;
  readonly steps: () => number;
  /** Calls that could be given a fault, so far. */
  readonly calls: () => number;
  /** The newest lines, oldest first. */
  readonly trace: () => readonly string[];
};

export type SchedulerOptions = {
  readonly random: () => number;
  readonly clock: SimulatedClock;
  /** By the number of the call, counted from 1 over all processes. */
  readonly faults: Map<number, Fault>;
  readonly onStep: () => void;
};

const TRACE_LINES = 150;
const LATE_ANSWERS = 0.1;
const BURSTS = 0.1;
const BURST_MAX = 4;
const TIME_PASSES = 0.03;
const PASSING_MS = [20, 400, 2500, 11_000, 31_000] as const;
/** Ports that reach outside of the process and may fail or be cut off there. */
const FAULTY: ReadonlySet<PortKind> = new Set(["store", "workspace", "files"]);

export function createScheduler({ random, clock, faults, onStep }: SchedulerOptions): Scheduler {
  const pending: Pending[] = [];
  const trace: string[] = [];
  let steps = 0;
  let calls = 0;

  const note = (line: string): void => {
    trace.push(`${String(steps).padStart(5)} ${line}`);
    if (trace.length > TRACE_LINES) trace.shift();
  };

  const crash = (process: SimulatedProcess): void => {
    process.state = "crashed";
    note(`${process.name} died`);
    for (let place = pending.length - 1; place >= 0; place -= 1) {
      if (pending[place]?.process === process) pending.splice(place, 1);
    }
  };

  const faultOf = ({ port }: PortCall<unknown>): Fault | undefined => {
    if (!FAULTY.has(port)) return undefined;
    calls += 1;
    return faults.get(calls);
  };

  const call = async <Value>(asked: PortCall<Value>): Promise<Value> => {
    const { process, port, name } = asked;
    // A dead process waits forever: nothing of it goes on.
    if (process.state === "crashed") return new Promise<Value>(() => {});
    return new Promise<Value>((resolve, reject) => {
      const answer = (settle: () => void): void => {
        if (process.state === "crashed") return;
        const late: Pending = {
          process,
          port,
          name: `${name} answers`,
          isAnswer: true,
          run: async () => settle(),
        };
        if (random() < LATE_ANSWERS || hasAnswerBefore(late)) pending.push(late);
        else settle();
      };
      const run = async (): Promise<void> => {
        const fault = faultOf(asked);
        if (fault !== undefined) note(`${process.name} ${name}: ${fault}`);
        if (fault === "crash-before") return crash(process);
        if (fault === "fail-before") return answer(() => reject(failureOf(port)));
        const settle = await asked.work().then(
          (value) => () => resolve(value),
          (error: unknown) => () => reject(error),
        );
        if (fault === "crash-after") return crash(process);
        answer(fault === "fail-after" ? () => reject(failureOf(port)) : settle);
      };
      pending.push({ process, port, name, isAnswer: false, run });
    });
  };

  const passTime = async (): Promise<void> => {
    const durationMs = PASSING_MS[Math.floor(random() * PASSING_MS.length)] ?? 20;
    note(`time passes: ${durationMs} ms`);
    await clock.advance(durationMs);
  };

  const take = (ready: readonly Pending[]): Pending | undefined => {
    const chosen = ready[Math.floor(random() * ready.length)];
    if (chosen !== undefined) pending.splice(pending.indexOf(chosen), 1);
    return chosen;
  };

  const hasAnswerBefore = ({ process, port }: Pending): boolean =>
    port === "store" &&
    pending.some((one) => one.process === process && one.port === port && one.isAnswer);

  /** The store of a process is a queue: it asks and answers in order. */
  const isFirst = (one: Pending): boolean =>
    one.port !== "store" ||
    pending.find(
      ({ process, port, isAnswer }) =>
        process === one.process && port === "store" && isAnswer === one.isAnswer,
    ) === one;

  const canGo = (one: Pending): boolean =>
    one.process.frozenUntilMs <= clock.monotonic() && isFirst(one);

  const step = async (): Promise<boolean> => {
    steps += 1;
    // A process that has just begun gets to its first call.
    if (pending.length === 0) await settled();
    if (!pending.some(canGo) || random() < TIME_PASSES) {
      if (pending.length === 0 && clock.sleepers() === 0) return false;
      await passTime();
    } else {
      const width = random() < BURSTS ? 1 + Math.floor(random() * BURST_MAX) : 1;
      const chosen: Pending[] = [];
      while (chosen.length < width) {
        const one = take(pending.filter(canGo));
        if (one === undefined) break;
        chosen.push(one);
      }
      for (const { process, name } of chosen) note(`${process.name} ${name}`);
      await Promise.all(chosen.map(async ({ run }) => run()));
    }
    await settled();
    onStep();
    return true;
  };

  return { call, step, crash, note, steps: () => steps, calls: () => calls, trace: () => trace };
}

/** What the answers set in motion runs on, up to the next call of a port. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const FAULT_WORDS = "disk of the simulation";

const failureOf = (port: PortKind): EngineError =>
  port === "store"
    ? new EngineError("STORE_FULL", `The ${FAULT_WORDS} is full.`)
    : new EngineError("WORKSPACE_FAILED", `The ${FAULT_WORDS} failed.`);
