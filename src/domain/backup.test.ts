// What a backup may hold, whoever wrote its manifest.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackupManifest } from "./backup.ts";
import { DATABASE_FILE, isBackupPath, manifestProblem, partOf, STATE_PARTS } from "./backup.ts";

test("each name of a state is kept, left out with a reason, the database's, or nobody's", () => {
  for (const name of ["orket.db", "orket.db-wal", "orket.db-shm", "orket.db-journal"])
    assert.equal(partOf(name), "database");
  for (const [name, part] of Object.entries(STATE_PARTS)) assert.equal(partOf(name), part);
  assert.equal(partOf("process.jsonl.3"), STATE_PARTS["process.jsonl"]);
  for (const name of ["holiday.png", "constructor", "orket.db.old", ""])
    assert.equal(partOf(name), null, name);
});

test("a path stays in what a backup holds", () => {
  for (const path of [DATABASE_FILE, "git", "git/a.git/HEAD", "workspaces/a/ü b.txt"])
    assert.ok(isBackupPath(path), path);
  const bad = [
    "",
    "/",
    "git/",
    "/git",
    "git//a",
    "git/../x",
    "git/.",
    "logs/a",
    "sandboxes/x/secret",
  ];
  const more = ["orket.db-wal", "orket.db/x", "nobody/a", "git/a\0b", `git/${"a".repeat(256)}`];
  for (const path of [...bad, ...more, `git/${"a/".repeat(2100)}a`])
    assert.ok(!isBackupPath(path), path);
});

const file = (path: string) => ({ path, bytes: 0, sha256: "0".repeat(64), mode: 0o600 });
const folder = (path: string) => ({ path, mode: 0o700 });
const manifest = (files: readonly string[], folders: readonly string[] = []): BackupManifest => ({
  version: 1,
  product: "0.1.0",
  at: "2026-11-23T00:00:00.000Z",
  database: { schema: 1, events: 1, lastHash: "0".repeat(64) },
  files: files.map(file),
  folders: folders.map(folder),
  leftOut: [],
});

test("a manifest names each thing once, in folders that it names, and a database", () => {
  const good = manifest([DATABASE_FILE, "git/a/HEAD"], ["git", "git/a"]);
  assert.equal(manifestProblem(good), null);
  const problems: readonly (readonly [BackupManifest, RegExp])[] = [
    [manifest([]), /names no database/],
    [manifest([], [DATABASE_FILE]), /names no database/],
    [manifest([DATABASE_FILE, "../x"]), /"\.\.\/x", which no backup holds/],
    [manifest([DATABASE_FILE, DATABASE_FILE]), /twice/],
    [manifest([DATABASE_FILE, "git/a"]), /but not the folder/],
    [manifest([DATABASE_FILE, "git", "git/a"]), /but not the folder/],
    [manifest([DATABASE_FILE, "git"], ["git"]), /twice/],
  ];
  for (const [one, words] of problems) assert.match(manifestProblem(one) ?? "fits", words);
});
