// Cards that were stored before the store kept since when they have their status get it from the event log.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { applyNext, loadMigrations } from "./migrate.ts";

const DAY = (day: number): string => `2026-01-0${day}T00:00:00.000Z`;

test("an older database learns since when its cards have their status: from their last move, else from their creation", async (context) => {
  const known = await loadMigrations();
  const before = known.findIndex(({ name }) => name.endsWith("_phases.sql"));
  const database = new DatabaseSync(":memory:");
  context.after(() => database.close());
  while (applyNext(database, known.slice(0, before), DAY(1)));
  const insertCard = database.prepare(
    `INSERT INTO cards (number, build, id, id_key, kind, type, summary, status, wait_reason, wait_detail, version, priority,
     seat, epic, parent, department, position, depends_on, retry_count, retries_max, cycle, verified, orphaned, author_seats,
     assignee, credits, resolution, last_error, created_at, updated_at, changed_seq)
     VALUES (?, 'b', ?, ?, 'issue', 'story', '', 'ready', NULL, NULL, 1, 2, NULL, NULL, NULL, 'core', 0,
     '[]', 0, 3, 0, 0, 0, '[]', NULL, 0, NULL, NULL, '${DAY(1)}', '${DAY(5)}', 1)`,
  );
  insertCard.run(1, "moved", "moved");
  insertCard.run(2, "fresh", "fresh");
  const insertEvent = database.prepare(
    "INSERT INTO events (seq, at, type, run, build, card, turn, actor, data, prev_hash, hash) VALUES (?, ?, ?, NULL, ?, 'moved', NULL, 'engine', '{}', '', '')",
  );
  insertEvent.run(1, DAY(2), "card-moved", "b");
  insertEvent.run(2, DAY(3), "card-moved", "b");
  insertEvent.run(3, DAY(4), "card-commented", "b");
  insertEvent.run(4, DAY(4), "card-moved", "elsewhere");
  while (applyNext(database, known, DAY(6)));
  const rows = database.prepare("SELECT id, status_since FROM cards ORDER BY number").all();
  assert.deepEqual(
    rows.map((row) => [row["id"], row["status_since"]]),
    [
      ["moved", DAY(3)],
      ["fresh", DAY(1)],
    ],
  );
});
