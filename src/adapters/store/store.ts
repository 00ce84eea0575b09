// The Store port over SQL: transactions one after another, each all or nothing, and the tables' modules bound to it.
// Which database it is stands in the dialect that comes in; nothing here or in sql/ knows.
import type { Kysely } from "kysely";
import type { Clock } from "../../ports/clock.ts";
import type { Redactor } from "../../domain/redact.ts";
import type { Store, StoreTransaction } from "../../ports/store.ts";
import type { Job, Mode } from "./group-commit.ts";
import { createLane, Refused } from "./group-commit.ts";
import { approvalStatements, openApprovals } from "./sql/approvals.ts";
import { keepNoSecrets } from "./keep-no-secrets.ts";
import { cardStatements, openCards } from "./sql/cards.ts";
import { commentStatements, openComments } from "./sql/comments.ts";
import { deliveryStatements, openDeliveries } from "./sql/deliveries.ts";
import type { LogEnd } from "./sql/events.ts";
import { eventStatements, openEvents, openLogEnd } from "./sql/events.ts";
import { checkFence } from "./sql/leases.ts";
import { keyStatements, openKeys } from "./sql/keys.ts";
import type { MemorySight } from "./sql/memories.ts";
import { memoryStatements, openMemories } from "./sql/memories.ts";
import { openPhases, phaseStatements } from "./sql/phases.ts";
import { openPublished, publishedStatements } from "./sql/published.ts";
import { openPullRequests } from "./sql/pull-requests.ts";
import { openSandboxes, sandboxStatements } from "./sql/sandboxes.ts";
import { openRuns, runStatements } from "./sql/runs.ts";
import type { Schema } from "./sql/schema.ts";
import type { Session } from "./sql/session.ts";
import { openSession } from "./sql/session.ts";
import { openTallies, tallyStatements } from "./sql/tallies.ts";
import { openTurns, turnStatements } from "./sql/turns.ts";
import { verifyEvents, verifyStatements } from "./sql/verify.ts";

export type SqlStoreDeps = {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  /** Takes secrets out of whatever is kept; of an event before it is hashed. */
  readonly redact: Redactor;
  /** Turns what the driver throws into an EngineError; anything else it gives back as it is. */
  readonly translate: (error: unknown) => unknown;
  readonly close: () => Promise<void>;
};

type Work<Value> = (transaction: StoreTransaction) => Promise<Value>;

export function createSqlStore({ db, clock, redact, translate, close }: SqlStoreDeps): Store {
  const statements = compileAll(db);
  const now = stampOf(clock);
  const memories: MemorySight = { any: false };
  const lane = createLane({ db, translate });

  const bindTables = (session: Session, end: LogEnd): StoreTransaction => {
    const cards = openCards({ db, session, statements: statements.cards, end });
    const tables = {
      cards,
      comments: openComments(session, statements.comments),
      runs: openRuns({ db, session, statements: statements.runs }),
      turns: openTurns({ db, session, statements: statements.turns, cards }),
      memories: openMemories({
        session,
        statements: statements.memories,
        redact,
        sight: memories,
      }),
      phases: openPhases({ db, session, statements: statements.phases }),
      approvals: openApprovals({ db, session, statements: statements.approvals, redact }),
      sandboxes: openSandboxes({ db, session, statements: statements.sandboxes, redact }),
      keys: openKeys(session, statements.keys),
      deliveries: openDeliveries({ db, session, statements: statements.deliveries, redact }),
      published: openPublished({ db, session, statements: statements.published }),
      tallies: openTallies(session, statements.tallies),

      pullRequests: openPullRequests({ db, session, redact }),
      events: openEvents({ db, session, end, redact }),
    };
    return keepNoSecrets(tables, redact);
  };

  const within = <Value>(mode: Mode, work: (session: Session) => Promise<Value>): Job<Value> => ({
    mode,
    work: async (connection) => {
      const session = openSession(connection, { mode, now, translate });
      // What the work left behind without waiting for it must not be written after the commit.
      const value = await work(session).finally(session.end);
      session.check();
      if (isRefusal(value)) throw new Refused(value);
      return value;
    },
  });

  const workOn = async <Value>(session: Session, work: Work<Value>): Promise<Value> => {
    const end = openLogEnd(session, statements.events);
    const value = await work(bindTables(session, end));
    if (!isRefusal(value)) await end.flush();
    return value;
  };

  return {
    transaction: async (work, fence) =>
      lane.run(
        within("write", async (session) => {
          if (fence !== undefined) await checkFence(session, statements.runs.leases, fence);
          return workOn(session, work);
        }),
      ),
    read: async (work) => lane.run(within("read", async (session) => workOn(session, work))),
    verifyChain: async () =>
      verifyEvents(async (work) => lane.run(within("read", work)), statements.verify),
    close: async () => lane.close(close),
  };
}

const compileAll = (db: Kysely<Schema>) => ({
  cards: cardStatements(db),
  comments: commentStatements(db),
  runs: runStatements(db),
  turns: turnStatements(db),
  memories: memoryStatements(db),
  phases: phaseStatements(db),
  approvals: approvalStatements(db),
  sandboxes: sandboxStatements(db),
  keys: keyStatements(db),
  deliveries: deliveryStatements(db),
  published: publishedStatements(db),
  tallies: tallyStatements(db),
  events: eventStatements(db),
  verify: verifyStatements(db),
});

const isRefusal = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "ok" in value && value.ok === false;

/** The time as it is stored; many rows of one millisecond share the text. */
function stampOf(clock: Clock): () => string {
  let known = { ms: Number.NaN, text: "" };
  return () => {
    const ms = clock.now();
    if (ms !== known.ms) known = { ms, text: new Date(ms).toISOString() };
    return known.text;
  };
}
