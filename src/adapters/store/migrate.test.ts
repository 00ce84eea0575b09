// Migrations: each whole or not at all, in order, once, and the same end from an empty and from an old database.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { applyNext, loadMigrations, pendingMigrations } from "./migrate.ts";

const NOW = "2025-01-01T00:00:00.000Z";

async function folderOf(
  context: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<URL> {
  const folder = join(await tempFolder(context), "migrations");
  await mkdir(folder);
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return pathToFileURL(`${folder}/`);
}

const schemaOf = (database: DatabaseSync): unknown =>
  database
    .prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
    .all()
    .map((row) => ({ ...row }));

const FIRST = "CREATE TABLE cats (id INTEGER PRIMARY KEY);\nINSERT INTO cats VALUES (1);\n";
const SECOND = "ALTER TABLE cats ADD COLUMN name TEXT;\nUPDATE cats SET name = 'Tom';\n";

function openMemory(context: TestContext): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  context.after(() => database.close());
  return database;
}

test("R-74 the shipped migrations are numbered without a gap and apply to an empty database", async (context) => {
  const known = await loadMigrations();
  assert.ok(known.length > 0);
  const database = openMemory(context);
  while (applyNext(database, known, NOW));
  assert.deepEqual(pendingMigrations(database, known), []);
});

test("R-74 a migration that fails half-way leaves no trace, and applies once it is mended", async (context) => {
  const broken = await folderOf(context, {
    "0001_cats.sql": FIRST,
    "0002_names.sql": `${SECOND}INSERT INTO dogs VALUES (1);`,
  });
  const mended = await folderOf(context, { "0001_cats.sql": FIRST, "0002_names.sql": SECOND });
  const database = openMemory(context);
  const known = await loadMigrations(broken);
  assert.equal(applyNext(database, known, NOW), true);
  const before = schemaOf(database);
  assert.throws(() => applyNext(database, known, NOW), /no such table: dogs/);
  assert.equal(database.isTransaction, false);
  assert.deepEqual(schemaOf(database), before);
  assert.deepEqual(
    pendingMigrations(database, known).map(({ version }) => version),
    [2],
  );
  const better = await loadMigrations(mended);
  assert.equal(applyNext(database, better, NOW), true);
  assert.equal(applyNext(database, better, NOW), false);
  assert.deepEqual({ ...database.prepare("SELECT * FROM cats").get() }, { id: 1, name: "Tom" });
});

test("R-74 the very first migration leaves an empty database empty when it fails", async (context) => {
  const known = await loadMigrations(
    await folderOf(context, { "0001_cats.sql": `${FIRST}nonsense;` }),
  );
  const database = openMemory(context);
  assert.throws(() => applyNext(database, known, NOW));
  assert.deepEqual(schemaOf(database), []);
});

test("R-74 an empty and an old database end identical", async (context) => {
  const all = await loadMigrations(
    await folderOf(context, { "0001_cats.sql": FIRST, "0002_names.sql": SECOND }),
  );
  const [empty, old] = [openMemory(context), openMemory(context)];
  while (applyNext(empty, all, NOW));
  while (applyNext(old, all.slice(0, 1), NOW));
  while (applyNext(old, all, NOW));
  assert.deepEqual(schemaOf(old), schemaOf(empty));
  const records = "SELECT * FROM schema_migrations";
  assert.deepEqual(old.prepare(records).all(), empty.prepare(records).all());
});

test("a migration is the same with the line ends of another system", async (context) => {
  const files = { "0001_cats.sql": FIRST };
  const [unix] = await loadMigrations(await folderOf(context, files));
  const [dos] = await loadMigrations(
    await folderOf(context, { "0001_cats.sql": FIRST.replaceAll("\n", "\r\n") }),
  );
  assert.equal(dos?.digest, unix?.digest);
});

test("a gap, a doubled number or a stray name among the files is refused", async (context) => {
  for (const files of [
    { "0002_b.sql": "" },
    { "0001_a.sql": "", "0001_b.sql": "" },
    { "0001_a.sql": "", "notes.sql": "" },
  ]) {
    const folder = await folderOf(context, files);
    await assert.rejects(loadMigrations(folder), { code: "INTERNAL" });
  }
});
