// The command line as a process: making a project, its settings, and what doctor says of them.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../support/temp-folder.ts";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject, script } from "../support/project.ts";

test("init says so when the folder cannot be one", async (context) => {
  const cwd = await tempFolder(context);
  writeFileSync(join(cwd, "file"), "");
  for (const dir of ["file", "file/below"]) {
    const { code, err } = await runOrket(["init", "--yes", dir], { cwd });
    assert.deepEqual([code, /PROJECT_READ_ONLY/.test(err)], [3, true], err);
  }
});

test("init writes a project that loads, and never overwrites a file", async (context) => {
  const cwd = await tempFolder(context);
  const first = await runOrket(["init", "--yes", "shop"], { cwd });
  assert.equal(first.code, 0);
  const settings = join(cwd, "shop/orket.yaml");
  writeFileSync(settings, "concurrency: 1\n");
  const second = await runOrket(["init", "--yes", "shop", "--json"], { cwd });
  const { written, kept } = JSON.parse(second.out) as { written: string[]; kept: string[] };
  assert.deepEqual([second.code, written, kept.includes("orket.yaml")], [0, [], true]);
  assert.equal(readFileSync(settings, "utf8"), "concurrency: 1\n");
  const board = await runOrket(["board", "--json", "--project", "shop"], { cwd });
  const { rocks, v } = JSON.parse(board.out) as {
    v: number;
    rocks: { epics: { issues: unknown[] }[] }[];
  };
  assert.deepEqual([board.code, v, rocks[0]?.epics[0]?.issues.length], [0, 1, 3]);
});

test("config show gives each value with its origin, and no secret", async (context) => {
  const cwd = await tempFolder(context);
  writeFileSync(join(cwd, "orket.yaml"), "concurrency: 2\n");
  writeFileSync(join(cwd, ".env"), "OPENAI_API_KEY=sk-from-dotenv\nORKET_MODEL=ollama:b\n");
  const env = { ANTHROPIC_API_KEY: "sk-canary-secret", ORKET_MODEL: "ollama:a" };
  const { code, out, err } = await runOrket(["config", "show", "--json"], { cwd, env });
  assert.deepEqual([code, err], [0, ""]);
  const { settings } = JSON.parse(out) as {
    settings: { key: string; value: unknown; origin: string }[];
  };
  const row = (key: string) => settings.find((one) => one.key === key);
  assert.deepEqual([row("model")?.value, row("model")?.origin], ["ollama:a", "environment"]);
  assert.deepEqual([row("concurrency")?.value, row("concurrency")?.origin], [2, "orket.yaml"]);
  assert.deepEqual(
    [row("anthropic.api_key")?.value, row("openai.api_key")?.origin],
    ["set", ".env"],
  );
  assert.ok(!out.includes("canary") && !out.includes("from-dotenv"));
});

test("an unknown ORKET_ name, a bad value and an unknown key are reported together and end 3", async (context) => {
  const cwd = await tempFolder(context);
  writeFileSync(join(cwd, "orket.yaml"), "concurency: 2\n");
  const env = { ORKET_ALOW_INSECURE: "1", ORKET_CONTEXT_WINDOW: "many" };
  const { code, err } = await runOrket(["board"], { cwd, env });
  assert.equal(code, 3);
  for (const word of [
    "ORKET_ALOW_INSECURE",
    "ORKET_CONTEXT_WINDOW",
    "concurency",
    "did you mean concurrency",
  ])
    assert.ok(err.includes(word), word);
});

test("a database of a newer version is refused by name and left alone", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script({}),
  });
  context.after(project.remove);
  await runOrket(["runs"], { cwd: project.dir });
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(join(project.dir, ".orket/orket.db"));
  const table = database
    .prepare("SELECT name FROM sqlite_master WHERE name LIKE '%migration%'")
    .get() as { name: string };
  const columns = database.prepare(`SELECT * FROM ${table.name} LIMIT 1`).get() as Record<
    string,
    unknown
  >;
  const names = Object.keys(columns);
  const values = names.map((name) =>
    typeof columns[name] === "number"
      ? 999
      : name === "name"
        ? "0999_future.sql"
        : (columns[name] as string),
  );
  database
    .prepare(
      `INSERT INTO ${table.name} (${names.join(",")}) VALUES (${names.map(() => "?").join(",")})`,
    )
    .run(...values);
  database.close();
  const { code, err } = await runOrket(["runs"], { cwd: project.dir });
  assert.deepEqual([code, /STORE_NEWER/.test(err)], [3, true]);
});

test("doctor names the check that failed and gives its fix, also when the database does not open", async (context) => {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "."], { cwd });
  mkdirSync(join(cwd, ".orket"), { recursive: true });
  writeFileSync(
    join(cwd, ".orket/orket.db"),
    "this is no database, and long enough to be read as one",
  );
  const { code, out } = await runOrket(["doctor", "--json"], { cwd });
  const { checks } = JSON.parse(out) as {
    checks: { name: string; ok: boolean; found: string; fix: string | null }[];
  };
  const failed = checks.filter((check) => !check.ok);
  assert.deepEqual([code, failed.map((check) => check.name)], [3, ["database"]]);
  assert.ok(failed.every((check) => check.found !== "" && check.fix !== null && check.fix !== ""));
});

test("settings that are no file, or no YAML, are refused as settings", async (context) => {
  const cwd = await tempFolder(context);
  mkdirSync(join(cwd, "orket.yaml"));
  mkdirSync(join(cwd, ".env"));
  const folder = await runOrket(["config", "show"], { cwd });
  assert.deepEqual([folder.code, folder.err.match(/EISDIR/g)?.length], [3, 2], folder.err);
});
