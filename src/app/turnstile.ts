// Lets the parts of an engine work one after another, so that the same run goes the same way every time: an answer of a
// port comes when all that followed from the one before it has happened, and time passes only when nothing else can.
import { EngineError } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "./engine.ts";

/** A clock that passes to the end of the next sleep on demand; false when nobody sleeps. */
export type SteppedClock = Clock & { readonly step: () => Promise<boolean> };

export type Turnstile = {
  readonly engine: Engine;
  /** Gives what the work gives. Throws when it waits for something that never comes. */
  readonly drive: <Value>(work: () => Promise<Value>) => Promise<Value>;
};

/** Leases and looks at wishes go on for ever; so many steps of the clock without an event are the end. */
const IDLE_STEPS_MAX = 20_000;

export function createTurnstile(engine: Engine, clock: SteppedClock): Turnstile {
  const waiting: (() => Promise<void>)[] = [];
  let idleSteps = 0;

  const pass = async <Value>(work: () => Value | Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      waiting.push(async () => {
        await Promise.resolve().then(work).then(resolve, reject);
      });
    });

  /** Every call of the port waits for its turn. */
  const inTurn = <Port extends object>(port: Port): Port =>
    Object.fromEntries(
      Object.entries(port).map(([name, member]: [string, unknown]) => [
        name,
        typeof member === "function"
          ? async (...given: readonly unknown[]) =>
              pass(() => Reflect.apply(member, port, given) as unknown)
          : member,
      ]),
    ) as Port;

  const { workspaces } = engine;
  const drive = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    let over = false;
    const done = work().finally(() => {
      over = true;
    });
    // Whoever waits for `done` sees its failure.
    done.catch(() => undefined);
    for (await settled(); !over; await settled()) {
      const next = waiting.shift();
      if (next !== undefined) {
        await next();
        continue;
      }
      idleSteps += 1;
      if (idleSteps > IDLE_STEPS_MAX || !(await clock.step())) throw stuck();
    }
    return done;
  };

  return {
    engine: {
      ...engine,
      clock,
      store: inTurn(engine.store),
      workspaces: {
        ...inTurn(workspaces),
        open: async (build) => inTurn(await pass(async () => workspaces.open(build))),
      },
      assets: inTurn(engine.assets),
      model: inTurn(engine.model),
      containment: inTurn(engine.containment),
      stateFiles: inTurn(engine.stateFiles),
      watcher: {
        ...engine.watcher,
        onEvents: (events) => {
          idleSteps = 0;
          engine.watcher.onEvents(events);
        },
      },
    },
    drive,
  };
}

const stuck = (): EngineError =>
  new EngineError("INTERNAL", "The replay stands still: it waits for something that never comes.");

/** All that follows from an answer has run when the loop of events comes round. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
