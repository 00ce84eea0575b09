// The command line as a process: what is said when it is called wrongly, for help, and to a shell that completes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { tempFolder } from "../support/temp-folder.ts";
import { BIN, runOrket } from "../support/orket.ts";

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
  await runOrket(["init", "--yes", "."], { cwd });
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
    assert.match(err, /^error [A-Z_]+: .+\n$/, args.join(" "));
  }
});

test("R-69 with --json a call that is not understood gives one JSON line on standard error", async (context) => {
  const cwd = await tempFolder(context);
  for (const args of [
    ["nonsense", "--json"],
    ["--json", "run"],
    ["run", "x", "--max-cost=-1", "--json"],
  ]) {
    const { code, out, err } = await runOrket(args, { cwd });
    const problem = JSON.parse(err) as { v: number; type: string; code: string };
    assert.deepEqual(
      [code, out, problem.v, problem.type, problem.code],
      [2, "", 1, "error", "USAGE"],
      args.join(" "),
    );
  }
});

test("R-69 a folder that is no project is refused, and nothing is made there or at a misspelt one", async (context) => {
  const cwd = await tempFolder(context);
  for (const args of [
    ["board"],
    ["runs"],
    ["run", "x"],
    ["doctor"],
    ["--project", "misspelt/dir", "cards"],
    ["cards", "--project", "misspelt/dir"],
  ]) {
    const { code, out, err } = await runOrket(args, { cwd });
    assert.equal(code, 3, args.join(" "));
    assert.match(`${out}${err}`, /holds no Orket project\.[\s\S]*orket init /, args.join(" "));
  }
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name !== ".cache"),
    [],
  );
});

test("--project may stand before the command and after it", async (context) => {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "shop"], { cwd });
  const before = await runOrket(["--project", "shop", "--json", "board"], { cwd });
  const after = await runOrket(["board", "--json", "--project", "shop"], { cwd });
  const ofGroup = await runOrket(["cards", "--project", "shop", "show", "x"], { cwd });
  assert.deepEqual([before.code, before.out], [0, after.out]);
  assert.match(ofGroup.err, /CARD_UNKNOWN/);
});

test("the completion scripts are accepted by their shell", async (context) => {
  const cwd = await tempFolder(context);
  const { out } = await runOrket(["completion", "bash"], { cwd });
  assert.equal(spawnSync("bash", ["-n"], { input: out }).status, 0);
  const complete = (line: string): string => {
    const words = `COMP_WORDS=(orket ${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1))`;
    const used = spawnSync("bash", ["-c", `${out}\n${words}; _orket; echo "\${COMPREPLY[*]}"`], {
      encoding: "utf8",
    });
    return used.stdout.trim();
  };
  assert.equal(complete("cards m"), "move");
  assert.equal(complete("ca"), "cards");
  assert.equal(complete("run --appr"), "--approve");
  assert.equal(complete("run greeting --approve ''"), "ask deny");
  assert.equal(complete("runs show x --d"), "--diff");
  assert.equal(complete("schema epi"), "epic");
  const zsh = await runOrket(["completion", "zsh"], { cwd });
  assert.match(zsh.out, /^#compdef orket\n[\s\S]*complete -F _orket orket\n$/);
  const fish = await runOrket(["completion", "fish"], { cwd });
  const rules = fish.out.trim().split("\n");
  assert.ok(rules.every((rule) => rule.startsWith("complete -c orket ")));
  assert.ok(rules.some((rule) => / -a events -d '/.test(rule)));
});

test("the completion knows every kind of asset that schema knows", async (context) => {
  const cwd = await tempFolder(context);
  const { out } = await runOrket(["completion", "bash"], { cwd });
  const offered = /"schema"\) choices="([^"]*)"/.exec(out)?.[1]?.split(" ") ?? [];
  const { err } = await runOrket(["schema", "wish"], { cwd });
  const known = /The kinds: (.*)\./.exec(err)?.[1]?.split(", ") ?? [];
  assert.ok(known.length > 0);
  assert.deepEqual(offered.filter((word) => !word.startsWith("--")).toSorted(), known.toSorted());
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
