// Real programs that end well, badly, late, never and not at all.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { ProcessRequest } from "../../ports/process.ts";
import { createProcesses } from "./spawn.ts";

const { run } = createProcesses();

const request = (
  argv: readonly [string, ...string[]],
  change: Partial<ProcessRequest> = {},
): ProcessRequest => ({
  argv,
  cwd: "/",
  env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  timeoutMs: 10_000,
  outputBytesMax: 1024 * 1024,
  ...change,
});

const shell = (script: string, change: Partial<ProcessRequest> = {}): ProcessRequest =>
  request(["sh", "-c", script], change);

async function isGone(pid: number): Promise<boolean> {
  for (let attempts = 0; attempts < 100; attempts += 1) {
    try {
      // A zombie still has a number until whoever inherited it looks.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return true;
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test("gives exit code, both outputs and what was put in", async () => {
  const result = await run(shell("cat; echo err >&2; exit 7", { stdin: "größe" }));
  assert.deepEqual(result, { exitCode: 7, stdout: "größe", stderr: "err\n", ended: "exited" });
  const bytes = await run(shell("od -An -tx1", { stdin: Uint8Array.from([0, 255, 10]) }));
  assert.equal(bytes.stdout, " 00 ff 0a\n");
});

test("hands over the given environment and folder and nothing else, and no shell reads the arguments", async (context) => {
  const cwd = await tempFolder(context);
  const result = await run(request(["/usr/bin/env"], { env: { ONLY: "this" }, cwd }));
  // Node adds its own under coverage.
  assert.equal(result.stdout.replace(/^NODE_V8_COVERAGE=.*\n/m, ""), "ONLY=this\n");
  assert.equal((await run(request(["pwd"], { cwd }))).stdout, `${cwd}\n`);
  assert.equal((await run(request(["printf", "%s", "$(id); *"]))).stdout, "$(id); *");
});

test("answers not-started for what is no program, no folder or no argument", async () => {
  const cases = [
    request(["/no/such/program"]),
    request(["/etc/passwd"]),
    request(["true"], { cwd: "/no/such/folder" }),
    request(["echo", "a\0b"]),
  ];
  for (const each of cases) {
    const result = await run(each);
    assert.deepEqual(
      [result.ended, result.exitCode, result.stdout],
      ["not-started", null, ""],
      each.argv.join(" "),
    );
    assert.notEqual(result.stderr, "");
  }
});

test("survives a program that does not read its input", async () => {
  const result = await run(request(["true"], { stdin: "x".repeat(4 * 1024 * 1024) }));
  assert.deepEqual([result.ended, result.exitCode], ["exited", 0]);
});

test("ends the whole group at the time limit, children that ignore signals included", async (context) => {
  const folder = await tempFolder(context);
  const startedAt = performance.now();
  const script = `trap '' TERM; (trap '' TERM HUP INT; echo $$ > child; sh -c 'echo $$ > ${folder}/grandchild; sleep 60') & echo before; wait`;
  const result = await run(shell(script, { timeoutMs: 400, cwd: folder }));
  assert.deepEqual([result.ended, result.exitCode, result.stdout], ["timeout", null, "before\n"]);
  assert.ok(performance.now() - startedAt < 3000);
  assert.ok(await isGone(Number(readFileSync(join(folder, "grandchild"), "utf8"))));
});

test("stops at the output limit, over both outputs together, and keeps exactly that much", async () => {
  const flood = await run(shell("yes", { outputBytesMax: 1000 }));
  assert.deepEqual([flood.ended, flood.stdout.length], ["output-limit", 1000]);
  const both = await run(
    shell("printf 12345; sleep 0.1; printf 67890 >&2; sleep 5", { outputBytesMax: 8 }),
  );
  assert.deepEqual([both.ended, both.stdout, both.stderr], ["output-limit", "12345", "678"]);
  const exact = await run(shell("printf 12345", { outputBytesMax: 5 }));
  assert.deepEqual([exact.ended, exact.stdout], ["exited", "12345"]);
});

test("does not wait for a daemon that keeps the output open", { timeout: 8000 }, async () => {
  const startedAt = performance.now();
  const inGroup = await run(shell("sleep 30 & echo $!"));
  assert.equal(inGroup.ended, "exited");
  const escaped = await run(shell("setsid sleep 30 & echo $!"));
  assert.equal(escaped.ended, "exited");
  assert.ok(performance.now() - startedAt < 4000);
  assert.ok(await isGone(Number(inGroup.stdout)));
  // What left its group cannot be reached by this adapter; the test cleans up after itself.
  process.kill(Number(escaped.stdout), "SIGKILL");
});

test("says that a program was ended by a signal of its own", async () => {
  const result = await run(shell("kill -9 $$"));
  assert.deepEqual([result.ended, result.exitCode], ["exited", null]);
});

test("an abort ends the whole group, and one from before starts nothing", async (context) => {
  const folder = await tempFolder(context);
  const abort = new AbortController();
  const running = run(
    shell("trap '' TERM; sh -c 'echo $$ > pid.part; mv pid.part pid; sleep 60'", {
      cwd: folder,
      signal: abort.signal,
    }),
  );
  while (!existsSync(join(folder, "pid"))) await new Promise((wake) => setTimeout(wake, 10));
  abort.abort();
  assert.equal((await running).ended, "aborted");
  assert.ok(await isGone(Number(readFileSync(join(folder, "pid"), "utf8"))));
  const early = await run(shell("touch started", { cwd: folder, signal: abort.signal }));
  assert.deepEqual([early.ended, existsSync(join(folder, "started"))], ["aborted", false]);
});
