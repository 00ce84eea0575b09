// Which process owns a run, until when, and what others want of it. Each new owner gets a higher epoch; what carries an
// older one is refused.
import type { Kysely } from "kysely";
import { EngineError } from "../../../domain/errors.ts";
import { RUN_WISHES } from "../../../domain/run.ts";
import type { Fence, Lease, RunStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, integer, oneOfOrNull, table, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { prepare } from "./statement.ts";

const RUNS = table("runs", "id");

export type LeaseStatements = ReturnType<typeof leaseStatements>;

export const leaseStatements = (db: Kysely<Schema>) => ({
  epoch: prepare<"id">((value) =>
    db.selectFrom("runs").select(["id", "epoch", "owner"]).where("id", "=", value("id")),
  ),

  claim: prepare<"id" | "owner" | "now" | "until">((value) =>
    db
      .updateTable("runs")
      .set((set) => ({
        owner: value("owner"),
        lease_until_ms: value("until"),
        epoch: set("epoch", "+", 1),
        wanted: null,
      }))
      .where("id", "=", value("id"))
      .where((either) =>
        either.or([either("owner", "is", null), either("lease_until_ms", "<", value("now"))]),
      )
      .returning(["id", "epoch"]),
  ),
  renew: prepare<"id" | "epoch" | "until">((value) =>
    db
      .updateTable("runs")
      .set({ lease_until_ms: value("until") })
      .where("id", "=", value("id"))
      .where("epoch", "=", value("epoch"))
      .where("owner", "is not", null),
  ),
  release: prepare<"id" | "epoch">((value) =>
    db
      .updateTable("runs")
      .set({ owner: null, lease_until_ms: null })
      .where("id", "=", value("id"))
      .where("epoch", "=", value("epoch")),
  ),
  want: prepare<"id" | "wish">((value) =>
    db
      .updateTable("runs")
      .set({ wanted: value("wish") })
      .where("id", "=", value("id"))
      .where("status", "=", "running"),
  ),
  wanted: prepare<"id">((value) =>
    db.selectFrom("runs").select(["id", "wanted", "epoch"]).where("id", "=", value("id")),
  ),
  addActive: prepare<"id" | "ms">((value) =>
    db
      .updateTable("runs")
      .set((set) => ({ active_ms: set("active_ms", "+", value("ms")) }))
      .where("id", "=", value("id")),
  ),
  lease: prepare<"id">((value) =>
    db
      .selectFrom("runs")
      .select(["id", "owner", "epoch", "lease_until_ms"])
      .where("id", "=", value("id")),
  ),
});

type Leases = Pick<
  RunStore,
  "claim" | "renew" | "release" | "lease" | "want" | "wanted" | "addActive"
>;

export const openLeases = (session: Session, statements: LeaseStatements): Leases => ({
  claim: async (id, owner, ...[now, until]) => {
    const row = await session.row(statements.claim, { id, owner, now, until });
    return row === null ? null : integer(cellsOf(RUNS, row), "epoch");
  },
  renew: async (id, epoch, until) =>
    (await session.change(statements.renew, { id, epoch, until })) === 1,
  release: async (id, epoch) => {
    await session.change(statements.release, { id, epoch });
  },
  want: async (id, wish) => (await session.change(statements.want, { id, wish })) === 1,
  wanted: async (id) => {
    const row = await session.row(statements.wanted, { id });
    if (row === null) return null;
    const cells = cellsOf(RUNS, row);
    return { wish: oneOfOrNull(cells, "wanted", RUN_WISHES), epoch: integer(cells, "epoch") };
  },
  addActive: async (id, ms) => {
    await session.change(statements.addActive, { id, ms: Math.max(0, Math.round(ms)) });
  },
  lease: async (id) => {
    const row = await session.row(statements.lease, { id });
    return row === null ? null : readLease(row);
  },
});

/** The first thing in a transaction that carries a fence: is the run still this owner's? */
export async function checkFence(
  session: Session,
  statements: LeaseStatements,
  { run, epoch }: Fence,
): Promise<void> {
  const row = await session.row(statements.epoch, { id: run });
  if (row === null)
    throw new EngineError("RUN_UNKNOWN", `There is no run ${run}.`, { details: { run } });
  if (row["epoch"] === epoch && row["owner"] !== null) return;
  throw new EngineError("RUN_LOST", `Run ${run} has a newer owner; nothing was written.`, {
    details: { run, epoch },
  });
}

function readLease(row: Row): Lease | null {
  const cells = cellsOf(RUNS, row);
  const owner = textOrNull(cells, "owner");
  return owner === null
    ? null
    : { owner, epoch: integer(cells, "epoch"), untilMs: integer(cells, "lease_until_ms") };
}
