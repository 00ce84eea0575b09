// One open transaction as the tables' modules see it: executes statements and tells the time. It refuses to work once
// the transaction is over, or once one of its statements failed: the database may have rolled back by itself then, and
// whatever came after would be written outside of any transaction.
import type { Compilable, CompiledQuery, DatabaseConnection } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import type { Row } from "./rows.ts";
import type { Statement, Value } from "./statement.ts";
import { bind } from "./statement.ts";

export type Session = {
  readonly rows: <Name extends string>(
    statement: Statement<Name>,
    values: Readonly<Record<Name, Value>>,
  ) => Promise<readonly Row[]>;
  readonly row: <Name extends string>(
    statement: Statement<Name>,
    values: Readonly<Record<Name, Value>>,
  ) => Promise<Row | null>;
  /** The number of rows that were written. */
  readonly change: <Name extends string>(
    statement: Statement<Name>,
    values: Readonly<Record<Name, Value>>,
  ) => Promise<number>;
  /** A query that is built for this one call. */
  readonly select: (query: Compilable) => Promise<readonly Row[]>;
  /** Now, as it is stored. */
  readonly now: () => string;
};

/** A session with what only its owner may do. */
export type OwnedSession = Session & {
  /** Throws what failed inside, also when the work went on as if nothing had been. */
  readonly check: () => void;
  readonly end: () => void;
};

export type SessionOptions = {
  readonly mode: "read" | "write";
  readonly now: () => string;
  /** Turns what the driver throws into an EngineError. */
  readonly translate: (error: unknown) => unknown;
};

/** On the connection itself: the builder's own way to it costs more than a short statement does. */
export function openSession(
  connection: DatabaseConnection,
  { mode, now, translate }: SessionOptions,
): OwnedSession {
  let ended = false;
  let failure: { readonly error: unknown } | null = null;

  const check = (): void => {
    if (failure !== null) throw failure.error;
  };

  async function execute(query: CompiledQuery, writes: boolean) {
    if (ended) throw new EngineError("INTERNAL", "A transaction was used after its end.");
    if (writes && mode === "read")
      throw new EngineError("INTERNAL", "A read of the store may not write.");
    check();
    try {
      return await connection.executeQuery<Row>(query);
    } catch (error) {
      failure ??= { error: translate(error) };
      throw failure.error;
    }
  }

  const session: OwnedSession = {
    rows: async (statement, values) =>
      (await execute(bind(statement, values), statement.writes)).rows,
    row: async (statement, values) =>
      (await execute(bind(statement, values), statement.writes)).rows[0] ?? null,
    change: async (statement, values) =>
      Number((await execute(bind(statement, values), statement.writes)).numAffectedRows ?? 0),
    select: async (query) => (await execute(query.compile(), false)).rows,
    now,
    check,
    end: () => {
      ended = true;
    },
  };
  return session;
}

/** The most rows one call gives, whatever it asks for. */
const ROWS_MAX = 100_000;

/** A limit as the database takes it: a whole number from 0 to the most there is. */
export const rowLimit = (limit: number | undefined): number =>
  limit === undefined || limit > ROWS_MAX ? ROWS_MAX : Math.max(0, Math.trunc(limit) || 0);
