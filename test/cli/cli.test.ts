// The command line as a process: help, usage, settings, the backlog, and how it stops.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../support/temp-folder.ts";
import { BIN, runOrket, startOrket } from "../support/orket.ts";
import {
  approve,
  epicFile,
  makeProject,
  openTestEngine,
  script,
  simpleScript,
  write,
} from "../support/project.ts";
import { stringify } from "yaml";

test("R-69 help and version say what they should and write nothing", async (context) => {
  const cwd = await tempFolder(context);
  for (const args of [
    ["--help"],
    ["run", "--help"],
    ["cards", "move", "--help"],
    ["events", "verify", "-h"],
  ]) {
    const { code, out, err } = await runOrket(args, { cwd });
    assert.deepEqual([code, err], [0, ""], args.join(" "));
    assert.match(out, /Usage: orket/);
    if (args.length > 1) assert.match(out, /Example:\n {2}orket|Example:\n {2}eval/);
  }
  const version = await runOrket(["--version"], { cwd });
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name !== ".cache"),
    [],
  );
});

test("R-69 a call that is not understood ends 2 with one line that says why", async (context) => {
  const cwd = await tempFolder(context);
  for (const args of [
    ["nonsense"],
    ["run"],
    ["run", "x", "--max-cost", "free"],
    ["run", "x", "--max-tokens", "-1"],
    ["run", "x", "--approve", "maybe"],
    ["board", "--wat"],
    ["cards", "--status", "nearly"],
    ["completion", "tcsh"],
    ["schema", "wish"],
    ["cards", "archive"],
    ["runs", "show", "run-none"],
  ]) {
    const { code, out, err } = await runOrket(args, { cwd });
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    assert.match(err, /error/, args.join(" "));
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

test("assets with problems end 3, each with file, place, found and expected, and nothing is stored", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api", seat: "nobody", depends_on: ["ghost"] }]),
    "script.yaml": script({}),
  });
  context.after(project.remove);
  const { code, out, err } = await runOrket(["run", "work"], { cwd: project.dir });
  assert.deepEqual([code, out], [3, ""]);
  for (const word of ["model/core/epics/work.yaml", "nobody", "ghost"])
    assert.ok(err.includes(word), word);
  const json = await runOrket(["run", "work", "--json"], { cwd: project.dir });
  const problem = JSON.parse(json.err) as { code: string; details: { problems: unknown[] } };
  assert.deepEqual([problem.code, problem.details.problems.length >= 2], ["ASSET_INVALID", true]);
});

test("run --json streams one event a line and the result last, and exits by the run's end", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": stringify(simpleScript(["api"])),
  });
  context.after(project.remove);
  const { code, out } = await runOrket(["run", "work", "--json"], { cwd: project.dir });
  assert.equal(code, 0);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const events = lines.slice(0, -1);
  const seqs = events.map((event) => event["seq"] as number);
  assert.ok(seqs.every((seq, place) => place === 0 || seq > (seqs[place - 1] ?? 0)));
  assert.ok(
    events.every(
      (event) =>
        event["v"] === 1 && typeof event["type"] === "string" && typeof event["at"] === "string",
    ),
  );
  const result = lines.at(-1) as {
    type: string;
    run: { status: string; cards: unknown; build: string; tokens: { input: number } };
  };
  assert.deepEqual(
    [result.type, result.run.status, result.run.cards, result.run.build],
    ["result", "done", { api: "done" }, "build-work"],
  );
  assert.ok(result.run.tokens.input > 0);
  const show = await runOrket(
    ["runs", "show", (result.run as unknown as { id: string }).id, "--diff"],
    { cwd: project.dir },
  );
  assert.match(show.out, /api #1 .*coder \(work\)[\s\S]*\+export const one = 1;/);
  const verify = await runOrket(["events", "verify"], { cwd: project.dir });
  assert.match(verify.out, /events, chain valid/);
});

test("a run whose script ends early exits 4 and names the way on", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script({}),
  });
  context.after(project.remove);
  const { code, out, err } = await runOrket(["run", "work"], { cwd: project.dir });
  assert.equal(code, 4);
  assert.match(
    out,
    /work failed \(provider\)[\s\S]*no reply number 1 for the seat coder on the card api/,
  );
  assert.match(err, /orket resume run-/);
});

const slow = (ms: number): string =>
  script({
    api: {
      coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done.", delayMs: ms }],
      guard: [approve],
    },
  });

test("Ctrl-C once stops cleanly with 130, and resume finishes the run", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": slow(60_000),
  });
  context.after(project.remove);
  const running = startOrket(["run", "work", "--json"], { cwd: project.dir });
  await running.says('"tool-finished"');
  running.signal("SIGINT");
  const stopped = await running.ended;
  assert.equal(stopped.code, 130);
  const result = JSON.parse(stopped.out.trim().split("\n").at(-1) ?? "") as {
    run: { id: string; status: string; reason: string };
  };
  assert.deepEqual([result.run.status, result.run.reason], ["paused", "interrupted"]);
  writeFileSync(join(project.dir, "script.yaml"), slow(0));
  const resumed = await runOrket(["resume", result.run.id], { cwd: project.dir });
  assert.equal(resumed.code, 0, resumed.err);
});

test("Ctrl-C twice ends at once, and nothing that was finished is lost", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": slow(60_000),
  });
  context.after(project.remove);
  const running = startOrket(["run", "work", "--json"], { cwd: project.dir });
  await running.says('"tool-finished"');
  running.signal("SIGINT");
  running.signal("SIGINT");
  assert.equal((await running.ended).code, 130);
  const verify = await runOrket(["events", "verify"], { cwd: project.dir });
  assert.equal(verify.code, 0);
  assert.ok(
    existsSync(join(project.dir, ".orket/workspaces/build-work/src/engines/api_engine.ts")),
  );
});

test("R-62 a second run on the same build is refused and names the first", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": slow(60_000),
  });
  context.after(project.remove);
  const running = startOrket(["run", "work", "--json"], { cwd: project.dir });
  await running.says('"tool-finished"');
  const second = await runOrket(["run", "work"], { cwd: project.dir });
  assert.equal(second.code, 5);
  assert.match(second.err, /BUILD_BUSY.*held by run-/);
  running.signal("SIGKILL");
  await running.ended;
  const id = /held by (run-\w+)/.exec(second.err)?.[1] ?? "";
  writeFileSync(join(project.dir, "script.yaml"), slow(0));
  const resumed = await runOrket(["resume", id], { cwd: project.dir });
  assert.equal(resumed.code, 0, "a run whose process was killed is taken over");
});

test("R-62 an unknown card is refused before a run exists", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": script({}),
  });
  context.after(project.remove);
  const { code, err } = await runOrket(["run", "ghost"], { cwd: project.dir });
  assert.deepEqual([code, /CARD_UNKNOWN.*orket board/.test(err)], [2, true]);
  const runs = await runOrket(["runs", "--json"], { cwd: project.dir });
  assert.deepEqual((JSON.parse(runs.out) as { runs: unknown[] }).runs, []);
});

test("R-45 archive counts each card once, names the missing ones and keeps the rest", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui" }]),
    "script.yaml": stringify(simpleScript(["api", "ui"])),
  });
  context.after(project.remove);
  await runOrket(["run", "work"], { cwd: project.dir });
  const args = [
    "cards",
    "archive",
    "--card",
    "api",
    "api",
    "ghost",
    "--related",
    "api",
    "--reason",
    "test",
    "--json",
  ];
  const { code, out } = await runOrket(args, { cwd: project.dir });
  assert.deepEqual(
    [code, JSON.parse(out)],
    [0, { v: 1, ok: true, archived_count: 1, archived_ids: ["api"], missing_ids: ["ghost"] }],
  );
  const again = await runOrket(["cards", "move", "api", "ready"], { cwd: project.dir });
  assert.deepEqual(
    [again.code, /Invalid transition for issue: archived -> ready/.test(again.err)],
    [5, true],
  );
});

test("R-78 preview prints byte for byte the prompt that the run then sends", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api", description: "Say it twice." }]),
    "script.yaml": stringify(simpleScript(["api"])),
    "AGENTS.md": "Write little.",
  });
  context.after(project.remove);
  const shown = await runOrket(["preview", "api", "--json"], { cwd: project.dir });
  const { messages } = JSON.parse(shown.out) as { messages: unknown };
  assert.equal((await runOrket(["run", "work"], { cwd: project.dir })).code, 0);
  const opened = await openTestEngine(project.dir);
  const sent = await opened.engine.store.read(async ({ turns }) => {
    const [first] = await turns.list({ card: "api", limit: 10 });
    return turns.prompt(first?.id ?? "");
  });
  await opened.close();
  assert.equal(JSON.stringify(messages), JSON.stringify(sent));
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

test("the completion scripts are accepted by their shell", async (context) => {
  const cwd = await tempFolder(context);
  const { out } = await runOrket(["completion", "bash"], { cwd });
  assert.equal(spawnSync("bash", ["-n"], { input: out }).status, 0);
  const used = spawnSync(
    "bash",
    ["-c", `${out}\nCOMP_WORDS=(orket cards m); COMP_CWORD=2; _orket; echo "\${COMPREPLY[@]}"`],
    { encoding: "utf8" },
  );
  assert.equal(used.stdout.trim(), "move");
});

test("a reader that stops reading does not make it fail", async (context) => {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "."], { cwd });
  const done = spawnSync(
    "bash",
    [
      "-c",
      `set -o pipefail; "${process.execPath}" "${BIN}" schema organization | head -1; echo "\${PIPESTATUS[0]}"`,
    ],
    { cwd, encoding: "utf8" },
  );
  assert.equal(done.stdout.trim().split("\n").at(-1), "0");
  assert.equal(done.stderr, "");
});
