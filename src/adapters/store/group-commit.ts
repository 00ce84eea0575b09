// One connection, one transaction at a time, and one commit for those that wait together. A commit waits for the disk; so
// transactions that queued up behind a running one join it, each in a savepoint of its own, and are answered when the common
// commit is through. Each is still all or nothing, sees what was before it, and is durable when it resolves.
import { AsyncLocalStorage } from "node:async_hooks";
import type { DatabaseConnection, Kysely } from "kysely";
import { CompiledQuery } from "kysely";
import { setImmediate as letOthersArrive } from "node:timers/promises";
import { EngineError } from "../../domain/errors.ts";
import type { Schema } from "./sql/schema.ts";

/** Transactions and reads that may wait for their turn; more than that is a caller gone wild. */
const WAITING_MAX = 10_000;
/** The most that share a commit: what one failing disk can take back at once stays small. */
const GROUP_MAX = 64;

export type Mode = "read" | "write";

export type Job<Value> = {
  readonly mode: Mode;
  /** Throws `Refused` to be rolled back with an answer. */
  readonly work: (connection: DatabaseConnection) => Promise<Value>;
};

/** Carries a refusal out of a transaction, so that it is rolled back. */
export class Refused extends Error {
  readonly answer: unknown;

  constructor(answer: unknown) {
    super("refused");
    this.answer = answer;
  }
}

type Waiting = Job<unknown> & {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

export type Lane = {
  readonly run: <Value>(job: Job<Value>) => Promise<Value>;
  readonly close: (end: () => Promise<void>) => Promise<void>;
};

export type LaneDeps = {
  readonly db: Kysely<Schema>;
  /** Turns what the driver throws into an EngineError. */
  readonly translate: (error: unknown) => unknown;
};

const SAVEPOINT = CompiledQuery.raw("savepoint joined");
const RELEASE = CompiledQuery.raw("release savepoint joined");
const ROLL_BACK = CompiledQuery.raw("rollback to savepoint joined");

export function createLane(deps: LaneDeps): Lane {
  const inside = new AsyncLocalStorage<{ open: boolean }>();
  const waiting: Waiting[] = [];
  let draining: Promise<void> | null = null;
  let closing: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
      await runGroup(deps, first, waiting);
    }
    draining = null;
  };

  const entered = (work: Waiting["work"]): Waiting["work"] => {
    const place = { open: true };
    return async (connection) =>
      inside
        .run(place, async () => work(connection))
        .finally(() => {
          place.open = false;
        });
  };

  return {
    run: async <Value>({ mode, work }: Job<Value>): Promise<Value> => {
      // It would wait for itself.
      if (inside.getStore()?.open === true) {
        throw new EngineError("INTERNAL", "A transaction of the store was opened inside another.");
      }
      if (closing !== null) throw new EngineError("STORE_FAILED", "The store is closed.");
      if (waiting.length >= WAITING_MAX) {
        throw new EngineError(
          "STORE_BUSY",
          `${WAITING_MAX} transactions wait for the database already.`,
        );
      }
      return new Promise<Value>((resolve, reject) => {
        waiting.push({ mode, work: entered(work), resolve: resolve as Waiting["resolve"], reject });
        draining ??= drain();
      });
    },
    close: async (end) => {
      closing ??= (draining ?? Promise.resolve()).then(end);
      return closing;
    },
  };
}

/** A read is alone, as it needs no lock; a write takes along what waits behind it. Nobody is answered before the commit. */
async function runGroup(
  { db, translate }: LaneDeps,
  first: Waiting,
  waiting: Waiting[],
): Promise<void> {
  const joined: Waiting[] = [];
  const answers: (() => void)[] = [];
  const access = first.mode === "read" ? "read only" : "read write";
  const group = async (connection: DatabaseConnection): Promise<void> => {
    const value = await first.work(connection);
    answers.push(() => first.resolve(value));
    if (first.mode === "write" && waiting.length === 0) await letOthersArrive();
    while (first.mode === "write" && joined.length < GROUP_MAX) {
      const next = waiting.shift();
      if (next === undefined) return;
      joined.push(next);
      answers.push(await joinGroup(connection, next, translate));
    }
  };
  try {
    await db
      .transaction()
      .setAccessMode(access)
      .execute(async (transaction) => transaction.getExecutor().provideConnection(group));
  } catch (error) {
    // Either the first failed, and was alone; or the commit did, and nothing of the group was kept.
    if (error instanceof Refused) first.resolve(error.answer);
    else first.reject(translate(error));
    for (const one of joined) one.reject(translate(error));
    return;
  }
  for (const answer of answers) answer();
}

/** One that failed or was refused takes back only its own; where even that fails, the database has given up the whole. */
async function joinGroup(
  connection: DatabaseConnection,
  { work, resolve, reject }: Waiting,
  translate: LaneDeps["translate"],
): Promise<() => void> {
  await connection.executeQuery(SAVEPOINT);
  try {
    const value = await work(connection);
    await connection.executeQuery(RELEASE);
    return () => resolve(value);
  } catch (error) {
    try {
      await connection.executeQuery(ROLL_BACK);
      await connection.executeQuery(RELEASE);
    } catch {
      throw error;
    }
    return error instanceof Refused ? () => resolve(error.answer) : () => reject(translate(error));
  }
}
