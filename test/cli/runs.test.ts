// The command line as a process: runs, from the first event to the exit code, and how they stop.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../support/temp-folder.ts";
import { BIN, runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, simpleScript, write } from "../support/project.ts";
import { stringify } from "yaml";

const slow = (ms: number): string =>
  script({
    api: {
      coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done.", delayMs: ms }],
      guard: [approve],
    },
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

test("Ctrl-C twice ends 130, and nothing that was finished is lost", async (context) => {
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

test("a model that cannot be is refused before a run exists", async (context) => {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "."], { cwd });
  const { code, err } = await runOrket(["run", "greeting", "--model", "nonsense"], { cwd });
  assert.deepEqual([code, /CONFIG_INVALID[\s\S]*flag {2}model/.test(err)], [3, true], err);
  const runs = await runOrket(["runs", "--json"], { cwd });
  assert.deepEqual((JSON.parse(runs.out) as { runs: unknown[] }).runs, []);
});

test("a run whose reader goes away stops as at Ctrl-C, and can be resumed", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": slow(60_000),
  });
  context.after(project.remove);
  const command = `"${process.execPath}" "${BIN}" run work --json | head -n 1; exit "\${PIPESTATUS[0]}"`;
  const done = spawnSync("bash", ["-c", command], {
    cwd: project.dir,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.deepEqual([done.status, done.stdout.trim().split("\n").length], [130, 1], done.stderr);
  const { out } = await runOrket(["runs", "--json"], { cwd: project.dir });
  const [run] = (JSON.parse(out) as { runs: { id: string; status: string; reason: string }[] })
    .runs;
  assert.deepEqual([run?.status, run?.reason], ["paused", "interrupted"]);
  writeFileSync(join(project.dir, "script.yaml"), slow(0));
  assert.equal((await runOrket(["resume", run?.id ?? ""], { cwd: project.dir })).code, 0);
});

test("epics of one name in two departments do not share a build unasked", async (context) => {
  const other = { name: "mobile", description: "Another department" };
  const project = await makeProject({
    "model/core/departments/mobile.yaml": other,
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "model/mobile/epics/work.yaml": epicFile([{ id: "app" }], { id: "mobile-work" }),
    "script.yaml": stringify(simpleScript(["api", "app"])),
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  assert.equal((await orket("run", "api")).code, 0);
  const refused = await orket("run", "mobile-work");
  assert.deepEqual([refused.code, /BUILD_TAKEN[\s\S]*--build/.test(refused.err)], [5, true]);
  const own = await orket("run", "mobile-work", "--build", "build-mobile");
  assert.equal(own.code, 0, own.err);
});

test("run --from forks by the number that runs show prints, and says what cannot be", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": stringify(simpleScript(["api"])),
  });
  context.after(project.remove);
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: project.dir });
  type Shown = { readonly runs: readonly { readonly id: string }[] };
  assert.equal((await orket("run", "work")).code, 0);
  const [{ id } = { id: "" }] = (JSON.parse((await orket("runs", "--json")).out) as Shown).runs;
  const shown = await orket("runs", "show", id);
  assert.match(shown.out, /^ +1 +turn-\S+ +api #1 .*\n +2 +turn-\S+ +api #2 /m);
  const fork = await orket("run", "--from", `${id}:1`, "--model", "scripted:script.yaml", "--json");
  assert.equal(fork.code, 0, fork.err);
  const result = JSON.parse(fork.out.trim().split("\n").at(-1) ?? "") as {
    readonly run: { readonly id: string; readonly build: string; readonly turns: number };
  };
  assert.deepEqual([result.run.build, result.run.turns], ["build-work-fork-1", 1]);
  const from = await orket("runs", "show", result.run.id);
  assert.ok(from.out.includes(`forked from ${id}:1`), from.out);
  const endings = [
    [["run"], 2, "Which card?"],
    [["run", "work", "--from", `${id}:1`], 2, "leave out the card"],
    [["run", "--from", `${id}:1`, "--restart"], 2, "leave out the card"],
    [["run", "--from", `${id}:9`], 2, "has 2 turns"],
    [["run", "--from", "run-none:1"], 2, "No run has the id"],
    [["run", "--from", `${id}:1`, "--build", "build-work"], 2, "--build"],
  ] as const;
  for (const [args, code, words] of endings) {
    const ended = await orket(...args);
    assert.equal(ended.code, code, args.join(" "));
    assert.ok(ended.err.includes(words), ended.err);
  }
});
