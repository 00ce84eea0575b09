// A project as the predecessor leaves one, for tests that take it over; and a look at a whole folder, to see that it was not changed.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { epicFile, makeProject } from "./project.ts";

export const OLD_TABLES = `
CREATE TABLE issues (id TEXT PRIMARY KEY, session_id TEXT, build_id TEXT, seat TEXT, summary TEXT, type TEXT, priority TEXT,
  sprint TEXT, status TEXT DEFAULT 'ready', assignee TEXT, note TEXT, resolution TEXT, credits_spent REAL DEFAULT 0,
  retry_count INTEGER DEFAULT 0, max_retries INTEGER DEFAULT 3, verification_json TEXT, metrics_json TEXT,
  depends_on_json TEXT, params_json TEXT, created_at DATETIME);
CREATE TABLE comments (id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id TEXT, author TEXT, content TEXT, created_at DATETIME);
CREATE TABLE card_transactions (id INTEGER PRIMARY KEY AUTOINCREMENT, card_id TEXT, role TEXT, action TEXT,
  timestamp DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sessions (id TEXT PRIMARY KEY, type TEXT, status TEXT);
INSERT INTO issues (id, build_id, seat, summary, status, retry_count, params_json, created_at) VALUES
  ('A-1', 'build-work', 'coder', 'One', 'done', 1, NULL, '2026-02-03T04:05:06'),
  ('A-2', 'build-work', 'coder', 'Two', 'code_review', 0, '{', '2026-02-03T04:05:07'),
  ('A-3', 'build-work', 'coder', 'Three', 'wonderful', 0, NULL, NULL),
  ('LOST-1', 'build-gone', 'coder', 'Nobody knows', 'ready', 0, NULL, NULL);
INSERT INTO comments (issue_id, author, content, created_at) VALUES ('A-1', 'coder', 'It works.', '2026-02-03T04:05:06');
INSERT INTO card_transactions (card_id, role, action, timestamp) VALUES ('A-1', 'guard', 'Set Status to ''done''', '2026-02-03 05:00:00');
INSERT INTO sessions VALUES ('s', 'epic', 'Started');
`;

/** Gives its folder. With null for the rows it has no database. */
export async function makeOldProject(
  context: TestContext,
  sql: string | null = OLD_TABLES,
): Promise<string> {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(["A-1", "A-2", "A-3", "A-4"].map((id) => ({ id }))),
    "model/core/epics/broken.json": JSON.stringify({ summary: "Broken", team: "nobody", what: 1 }),
    "verification/api.py": "def verify(input):\n    return input\n",
  });
  context.after(project.remove);
  rmSync(join(project.dir, "orket.yaml"), { force: true });
  writeFileSync(join(project.dir, "orchestrator.py"), "print()\n");
  if (sql !== null) {
    const database = new DatabaseSync(join(project.dir, "orket_persistence.db"));
    database.exec(sql);
    database.close();
  }
  return project.dir;
}

/** Each file with its content, its mode and the time of its last change. */
export const survey = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((path) => {
      const { mode, mtimeNs, ino } = lstatSync(join(root, path), { bigint: true });
      const isFile = lstatSync(join(root, path)).isFile();
      const content = isFile
        ? createHash("sha256")
            .update(readFileSync(join(root, path)))
            .digest("hex")
        : "";
      return `${path} ${mode} ${mtimeNs} ${ino} ${content}`;
    });
