// Sandboxes: the registry that all processes share. A row is kept when its sandbox is deleted, so that epochs only rise.
import type { Kysely } from "kysely";
import type { Sandbox } from "../../../domain/sandbox.ts";
import { SANDBOX_STATES } from "../../../domain/sandbox.ts";
import { PORT_ROLES } from "../../../domain/sandbox-ports.ts";
import type { PublishedPort } from "../../../domain/stack.ts";
import type { Redactor } from "../../../domain/redact.ts";
import type { NewSandbox, SandboxChange, SandboxStore } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  integer,
  jsonList,
  jsonOf,
  jsonTexts,
  moment,
  momentOrNull,
  oneOf,
  table,
  text,
  textOrNull,
} from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const SANDBOXES = table("sandboxes", "id");

export const sandboxStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) =>
    db.selectFrom("sandboxes").selectAll().where("id", "=", value("id")),
  ),
  touch: prepare<"id" | "at" | "expires">((value) =>
    db
      .updateTable("sandboxes")
      .set({ last_used_at: value("at"), expires_at: value("expires") })
      .where("id", "=", value("id"))
      .where("state", "in", ["running", "unhealthy"]),
  ),
  leave: prepare<"id" | "owner">((value) =>
    db
      .updateTable("sandboxes")
      .set({ deployer: null })
      .where("id", "=", value("id"))
      .where("deployer", "=", value("owner")),
  ),
});

export type SandboxDeps = {
  readonly db: Kysely<Schema>;
  readonly session: Session;
  readonly statements: ReturnType<typeof sandboxStatements>;
  readonly redact: Redactor;
};

export function openSandboxes({ db, session, statements, redact }: SandboxDeps): SandboxStore {
  const change = async (query: Parameters<typeof session.select>[0]): Promise<number> =>
    session.change(
      prepare(() => query),
      {},
    );
  return {
    get: async (id) => {
      const row = await session.row(statements.get, { id });
      return row === null ? null : readSandbox(row);
    },
    list: async ({ build, states, limit }) => {
      let query = db.selectFrom("sandboxes").selectAll().limit(rowLimit(limit));
      if (build !== undefined) query = query.where("build", "=", build);
      if (states !== undefined) query = query.where("state", "in", states);
      return (await session.select(query.orderBy("number"))).map(readSandbox);
    },
    create: async (sandbox) => (await change(createQuery(db, sandbox))) === 1,
    change: async ({ id, epoch }, columns) => {
      const query = db
        .updateTable("sandboxes")
        .set(columnsOf(columns, redact))
        .where("id", "=", id)
        .where("epoch", "=", epoch);
      return (await change(query)) === 1;
    },
    touch: async (id, at, expires) =>
      (await session.change(statements.touch, { id, at, expires })) === 1,
    leave: async (id, owner) => {
      await session.change(statements.leave, { id, owner });
    },
  };
}

/** Takes the id of one that gave it back; the database itself refuses a block that another one holds. */
function createQuery(db: Kysely<Schema>, sandbox: NewSandbox) {
  const { id, build, stack, block, ports, urls, services, sources, owner } = sandbox;
  const row = {
    build,
    stack,
    state: "creating",
    reason: null,
    block,
    ports: JSON.stringify(ports),
    urls: JSON.stringify(urls),
    services: JSON.stringify(services),
    sources,
    misses: 0,
    owner,
    deployer: owner,
    busy_until: sandbox.busyUntil,
    checked_at: null,
    created_at: sandbox.createdAt,
    last_used_at: sandbox.createdAt,
    expires_at: sandbox.expiresAt,
  };
  return db
    .insertInto("sandboxes")
    .values({ id, epoch: 1, ...row })
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet((set) => ({ ...row, epoch: set("sandboxes.epoch", "+", 1) }))
        .where("sandboxes.deployer", "is", null)
        .where("sandboxes.block", "is", null)
        .where("sandboxes.state", "in", ["deleted", "failed"]),
    );
}

function columnsOf(change: SandboxChange, redact: Redactor) {
  const { ports, urls, reason, nextEpoch, busyUntil, checkedAt, ...same } = change;
  return {
    ...same,
    ...(ports === undefined ? {} : { ports: JSON.stringify(ports) }),
    ...(urls === undefined ? {} : { urls: JSON.stringify(urls) }),
    ...(reason === undefined ? {} : { reason: reason === null ? null : redact.text(reason) }),
    ...(busyUntil === undefined ? {} : { busy_until: busyUntil }),
    ...(checkedAt === undefined ? {} : { checked_at: checkedAt }),
    ...(nextEpoch === undefined ? {} : { epoch: nextEpoch }),
  };
}

const isTextMap = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((member) => typeof member === "string");

function isPort(value: unknown): value is PublishedPort {
  if (typeof value !== "object" || value === null) return false;
  const { role, service, port } = value as Readonly<Record<string, unknown>>;
  return (
    PORT_ROLES.some((known) => known === role) &&
    typeof service === "string" &&
    Number.isSafeInteger(port)
  );
}

function readSandbox(row: Row): Sandbox {
  const cells = cellsOf(SANDBOXES, row);
  return {
    id: text(cells, "id"),
    build: text(cells, "build"),
    stack: text(cells, "stack"),
    state: oneOf(cells, "state", SANDBOX_STATES),
    reason: textOrNull(cells, "reason"),
    block: row["block"] === null ? null : integer(cells, "block"),
    ports: jsonList(cells, "ports", isPort),
    urls: jsonOf(cells, "urls", isTextMap),
    services: jsonTexts(cells, "services"),
    sources: textOrNull(cells, "sources"),
    misses: integer(cells, "misses"),
    epoch: integer(cells, "epoch"),
    owner: textOrNull(cells, "owner"),
    deployer: textOrNull(cells, "deployer"),
    busyUntil: momentOrNull(cells, "busy_until"),
    checkedAt: momentOrNull(cells, "checked_at"),
    createdAt: moment(cells, "created_at"),
    lastUsedAt: moment(cells, "last_used_at"),
    expiresAt: moment(cells, "expires_at"),
  };
}
