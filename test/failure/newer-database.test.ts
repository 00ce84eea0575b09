// A database that a newer version wrote is refused before anything in it is touched, and the message says what to do.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { loadMigrations } from "../../src/adapters/store/migrate.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();

test("R-74 a database from a newer version is STORE_NEWER, names both versions and stays as it was", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  await openSqliteStore({ path, clock }).then(async (store) => store.close());
  const database = new DatabaseSync(path);
  database.exec(
    "INSERT INTO schema_migrations VALUES (7777, '7777_later.sql', 'abc', '2030-01-01T00:00:00.000Z')",
  );
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
  const before = await readFile(path);
  const known = (await loadMigrations()).length;
  for (const readOnly of [false, true]) {
    await assert.rejects(
      openSqliteStore({ path, clock, readOnly }),
      (error: Error & { code?: string; details?: unknown }) => {
        assert.equal(error.code, "STORE_NEWER");
        assert.match(error.message, /version 7777.*newer orket/s);
        assert.deepEqual(error.details, { database: 7777, known });
        return true;
      },
    );
  }
  assert.ok(before.equals(await readFile(path)));
});

test("R-74 a database whose schema was made by another migration of the same number is refused", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  await openSqliteStore({ path, clock }).then(async (store) => store.close());
  const database = new DatabaseSync(path);
  database.exec("UPDATE schema_migrations SET digest = 'other'");
  database.close();
  await assert.rejects(openSqliteStore({ path, clock }), { code: "STORE_CORRUPT" });
});
