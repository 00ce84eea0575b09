// Named keys of the API, by their digests. A revoked key keeps its row, so that the list tells who had one.
import type { Kysely } from "kysely";
import type { ApiKey } from "../../../domain/api-key.ts";
import { SCOPES } from "../../../domain/api-key.ts";
import type { KeyStore, StoredKey } from "../../../ports/store.ts";
import type { Row } from "./rows.ts";
import { cellsOf, moment, momentOrNull, oneOf, table, text, textOrNull } from "./rows.ts";
import type { Schema } from "./schema.ts";
import type { Session } from "./session.ts";
import { rowLimit } from "./session.ts";
import { prepare } from "./statement.ts";

const KEYS = table("api_keys", "id");

export const keyStatements = (db: Kysely<Schema>) => ({
  get: prepare<"id">((value) =>
    db.selectFrom("api_keys").selectAll().where("id", "=", value("id")),
  ),
  named: prepare<"name">((value) =>
    db.selectFrom("api_keys").selectAll().where("name", "=", value("name")).orderBy("number"),
  ),
  list: prepare<"limit">((value) =>
    db.selectFrom("api_keys").selectAll().orderBy("number", "desc").limit(value("limit")),
  ),
  add: prepare<"id" | "name" | "scope" | "digest" | "at" | "by" | "expires_at">((value) =>
    db.insertInto("api_keys").values({
      id: value("id"),
      name: value("name"),
      scope: value("scope"),
      digest: value("digest"),
      created_at: value("at"),
      created_by: value("by"),
      expires_at: value("expires_at"),
      last_used_at: null,
      revoked_at: null,
      revoked_by: null,
    }),
  ),
  revoke: prepare<"id" | "at" | "by">((value) =>
    db
      .updateTable("api_keys")
      .set({ revoked_at: value("at"), revoked_by: value("by") })
      .where("id", "=", value("id"))
      .where("revoked_at", "is", null),
  ),
  use: prepare<"id" | "at">((value) =>
    db
      .updateTable("api_keys")
      .set({ last_used_at: value("at") })
      .where("id", "=", value("id")),
  ),
});

export function openKeys(session: Session, statements: ReturnType<typeof keyStatements>): KeyStore {
  return {
    get: async (id) => {
      const row = await session.row(statements.get, { id });
      return row === null ? null : readStoredKey(row);
    },
    named: async (name) => (await session.rows(statements.named, { name })).map(readKey),
    list: async (limit) =>
      (await session.rows(statements.list, { limit: rowLimit(limit) })).map(readKey),
    add: async ({ id, name, scope, digest, createdAt, createdBy, expiresAt }) => {
      await session.change(statements.add, {
        id,
        name,
        scope,
        digest,
        at: createdAt,
        by: createdBy,
        expires_at: expiresAt,
      });
    },
    revoke: async (id, { by, at }) =>
      (await session.change(statements.revoke, { id, at, by })) === 1,
    noteUse: async (id, at) => {
      await session.change(statements.use, { id, at });
    },
  };
}

const readStoredKey = (row: Row): StoredKey => ({
  ...readKey(row),
  digest: text(cellsOf(KEYS, row), "digest"),
});

function readKey(row: Row): ApiKey {
  const cells = cellsOf(KEYS, row);
  return {
    id: text(cells, "id"),
    name: text(cells, "name"),
    scope: oneOf(cells, "scope", SCOPES),
    createdAt: moment(cells, "created_at"),
    createdBy: text(cells, "created_by"),
    expiresAt: momentOrNull(cells, "expires_at"),
    lastUsedAt: momentOrNull(cells, "last_used_at"),
    revokedAt: momentOrNull(cells, "revoked_at"),
    revokedBy: textOrNull(cells, "revoked_by"),
  };
}
