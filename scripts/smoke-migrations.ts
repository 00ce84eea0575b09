// `npm run smoke:migrations`: a database with a finished run in it, brought back to the oldest schema, is opened by this version
// as a person's would be; then a version that is one migration older is refused by it. Real processes on real files.
import { execFileSync, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { EXIT_CODES } from "../src/cli/exit-codes.ts";
import type { Step } from "./steps.ts";
import { areGreen, runSteps } from "./steps.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MIGRATIONS = "migrations/sqlite";
/** When the database that is made here says that its first migration was applied. */
const OLD = "2025-01-01T00:00:00.000Z";
const COMMAND_MS_MAX = 120_000;
/** What the oldest schema did not know; a migration sets it to nothing, or to the nearest that the event log tells. */
const NOT_KNOWN_THEN = ["activeMs", "statusSince", "since", "phase"];
const QUESTIONS = [["runs"], ["cards"], ["board"]];

type Scene = {
  readonly project: string;
  readonly database: string;
  readonly scratch: string;
};

type Answer = { readonly status: number | null; readonly out: string; readonly err: string };

function orket({ project, scratch }: Scene, args: readonly string[], root: string = ROOT): Answer {
  const done = spawnSync(process.execPath, [join(root, "bin/orket"), ...args], {
    cwd: project,
    env: { PATH: process.env["PATH"] ?? "", HOME: scratch },
    encoding: "utf8",
    timeout: COMMAND_MS_MAX,
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

function must(answer: Answer, what: string): string {
  if (answer.status !== 0) throw new Error(`${what} ended with ${answer.status}: ${answer.err}`);
  return answer.out;
}

const ask = (scene: Scene): readonly unknown[] =>
  QUESTIONS.map((args): unknown => {
    const text = must(orket(scene, [...args, "--json"]), `orket ${args.join(" ")}`);
    return JSON.parse(text, (key, value: unknown) =>
      NOT_KNOWN_THEN.includes(key) ? undefined : value,
    );
  });

const namesIn = (root: string): readonly string[] =>
  readdirSync(join(root, MIGRATIONS))
    .filter((name) => name.endsWith(".sql"))
    .toSorted();

function reading<Value>(path: string, read: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

/** Each part as SQLite keeps it, by name. */
const schemaOf = (path: string): ReadonlyMap<string, string> =>
  reading(
    path,
    (database) =>
      new Map(
        database
          .prepare("SELECT type, name, sql FROM sqlite_master ORDER BY name")
          .all()
          .map((row) => [`${String(row["type"])} ${String(row["name"])}`, String(row["sql"])]),
      ),
  );

const differingParts = (
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): readonly string[] =>
  [...new Set([...one.keys(), ...other.keys()])].filter(
    (part) => one.get(part) !== other.get(part),
  );

const columnsOf = (database: DatabaseSync, schema: string, table: string): readonly string[] =>
  database
    .prepare("SELECT name FROM pragma_table_info(?, ?)")
    .all(table, schema)
    .map((row) => String(row["name"]));

/** The same rows under the first schema, without what it did not know; its own bookkeeping says that it is the first. */
function makeOldest({ database, scratch }: Scene): void {
  const [name = ""] = namesIn(ROOT);
  const sql = readFileSync(join(ROOT, MIGRATIONS, name), "utf8").replaceAll("\r\n", "\n");
  const path = join(scratch, "oldest.db");
  const old = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  old.exec("PRAGMA journal_mode = WAL");
  old.prepare("ATTACH ? AS newest").run(database);
  const { sql: bookkeeping } =
    old.prepare("SELECT sql FROM newest.sqlite_master WHERE name = 'schema_migrations'").get() ??
    {};
  old.exec(String(bookkeeping));
  old.exec(sql);
  old
    .prepare("INSERT INTO schema_migrations VALUES (1, ?, ?, ?)")
    .run(name, hash("sha256", sql), OLD);
  // They hold the log against changes, and this fills it.
  const triggers = old
    .prepare("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'")
    .all();
  for (const { name: trigger } of triggers) old.exec(`DROP TRIGGER "${String(trigger)}"`);
  const tables = old
    .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => String(row["name"]))
    .filter((table) => table !== "schema_migrations" && !table.startsWith("sqlite_"));
  for (const table of tables) {
    const kept = columnsOf(old, "newest", table);
    const columns = columnsOf(old, "main", table).filter((column) => kept.includes(column));
    const list = columns.map((column) => `"${column}"`).join(", ");
    old.exec(`DELETE FROM main."${table}"`);
    old.exec(`INSERT INTO main."${table}" (${list}) SELECT ${list} FROM newest."${table}"`);
  }
  for (const { sql: text } of triggers) old.exec(String(text));
  old.exec("DETACH newest");
  old.close();
  for (const more of ["", "-wal", "-shm"]) rmSync(`${database}${more}`, { force: true });
  renameSync(path, database);
}

/** This program, one migration younger than it is. */
function makeOlderProgram({ scratch }: Scene): string {
  const root = join(scratch, "older");
  for (const name of ["bin", "src", "harness", "examples", "migrations", "package.json"])
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  rmSync(join(root, MIGRATIONS, namesIn(root).at(-1) ?? ""));
  return root;
}

const digestOf = (path: string): string => hash("sha256", readFileSync(path));

function stepsOf(scene: Scene): readonly Step[] {
  const { database, scratch } = scene;
  let before: readonly unknown[] = [];
  let schema: ReadonlyMap<string, string> = new Map();
  const same = (found: unknown, wanted: unknown, what: string): null => {
    if (JSON.stringify(found) === JSON.stringify(wanted)) return null;
    throw new Error(`${what} differs: ${JSON.stringify(found).slice(0, 500)}`);
  };
  return [
    {
      name: "a database with a finished run",
      run: () => {
        must(orket({ ...scene, project: scratch }, ["demo", "--keep", scene.project]), "the demo");
        before = ask(scene);
        schema = schemaOf(database);
        return null;
      },
    },
    {
      name: "brought back to the oldest schema",
      run: () => {
        makeOldest(scene);
        if (differingParts(schemaOf(database), schema).length === 0)
          throw new Error("it still has the newest schema");
        return null;
      },
    },
    {
      name: "opened by this version: the newest schema",
      run: () => {
        must(orket(scene, ["events", "verify"]), "events verify");
        const applied = reading(database, (opened) =>
          opened.prepare("SELECT name FROM schema_migrations ORDER BY version").all(),
        );
        same(
          applied.map((row) => row["name"]),
          namesIn(ROOT),
          "the list of migrations",
        );
        return same(differingParts(schemaOf(database), schema), [], "the schema");
      },
    },
    {
      name: "runs, cards and board as they were",
      run: () => same(ask(scene), before, "what the commands answer"),
    },
    {
      name: "a version that is one migration older is refused, and changes nothing",
      run: () => {
        const older = makeOlderProgram(scene);
        execFileSync(process.execPath, ["--eval", CHECKPOINT, database]);
        const digest = digestOf(database);
        const { status, err } = orket(scene, ["runs"], older);
        if (status !== EXIT_CODES.STORE_NEWER || !err.includes("STORE_NEWER"))
          throw new Error(`it ended with ${status}: ${err}`);
        return same(digestOf(database), digest, "the database");
      },
    },
  ];
}

const CHECKPOINT =
  'new (require("node:sqlite").DatabaseSync)(process.argv[1]).exec("PRAGMA wal_checkpoint(TRUNCATE)")';

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "orket-migrations-"));
  const project = join(scratch, "project");
  const scene = { scratch, project, database: join(project, ".orket/orket.db") };
  try {
    const ends = await runSteps(stepsOf(scene), { say: console.log, stopsAtFailure: true });
    process.exitCode = areGreen(ends) ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
