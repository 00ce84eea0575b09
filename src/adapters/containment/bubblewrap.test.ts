// The box for real: what a program inside gets and what becomes of it. The attacks stand in the contract suite.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { ContainedCommand, ProcessFacts } from "../../ports/containment.ts";
import { createSystemClock } from "../clock/system.ts";
import type { BubblewrapDeps } from "./bubblewrap.ts";
import { openBubblewrap } from "./bubblewrap.ts";
import { createContainment } from "./select.ts";

const DEPS: BubblewrapDeps = {
  clock: createSystemClock(),
  searchPath: "/usr/bin:/bin",
  node: process.execPath,
  architecture: process.arch,
  uid: process.getuid?.() ?? 0,
  unique: () => randomBytes(8).toString("hex"),
};

const LIMITS: ContainedCommand["limits"] = {
  wallMs: 20_000,
  cpuSec: 5,
  memoryMiB: 128,
  processesMax: 64,
  outputBytesMax: 1024 ** 2,
  fileMiB: 8,
  diskMiB: 64,
  temporaryMiB: 8,
};

async function scene(context: TestContext) {
  const workspaceDir = await tempFolder(context);
  const opened = openBubblewrap(DEPS);
  assert.ok(opened.ok);
  const run = async (
    argv: readonly string[],
    more: Partial<ContainedCommand> = {},
    signal = new AbortController().signal,
  ): Promise<ProcessFacts> => {
    const command: ContainedCommand = {
      argv,
      workspaceDir,
      workspace: "writable",
      cwd: ".",
      env: {},
      stdin: "",
      folders: {},
      network: false,
      resultBytesMax: 0,
      limits: LIMITS,
      ...more,
    };
    const ran = await opened.value.run(command, signal);
    assert.ok(ran.ok, JSON.stringify(ran));
    return ran.value;
  };
  return { workspaceDir, run, box: opened.value };
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];

test("runs a program in the workspace, with its input, output, environment and exit code", async (context) => {
  const { workspaceDir, run } = await scene(context);
  writeFileSync(join(workspaceDir, "given.txt"), "given");
  chmodSync(join(workspaceDir, "given.txt"), 0o600);
  const facts = await run(sh("cat given.txt -; echo $WORD >made.txt; echo oops >&2; exit 7"), {
    stdin: " and fed",
    env: { WORD: "made" },
  });
  assert.deepEqual(
    [facts.ended, facts.exitCode, facts.stdout.head, facts.stderr.head],
    ["exited", 7, "given and fed", "oops\n"],
  );
  assert.equal(readFileSync(join(workspaceDir, "made.txt"), "utf8"), "made\n");
});

test("what a command has in its environment is set inside only, not where the box is built", async (context) => {
  const { run } = await scene(context);
  const env = { LD_PRELOAD: "/proc/self/cwd/evil.so", BASH_ENV: "evil", HOME: "/ws" };
  const facts = await run(sh("tr '\\0' '\\n' </proc/1/environ; echo $HOME"), { env });
  assert.doesNotMatch(facts.stdout.head, /evil/);
  assert.match(facts.stdout.head, /^\/ws$/m);
});

test("tells the ends of programs apart", async (context) => {
  const { run } = await scene(context);
  for (const [argv, exitCode] of [
    [["true"], 0],
    [["false"], 1],
    [["no-such-program"], 127],
    [sh("kill -9 $$"), 137],
    [["node", "--eval", "process.exit(3)"], 3],
    [["python3", "-c", "raise SystemExit(4)"], 4],
  ] as const) {
    const facts = await run(argv);
    assert.deepEqual([facts.ended, facts.exitCode], ["exited", exitCode], argv.join(" "));
  }
});

test("a read-only workspace and its folders cannot be written, and lie where they were asked for", async (context) => {
  const { workspaceDir, run } = await scene(context);
  const folder = await tempFolder(context);
  writeFileSync(join(folder, "fixture.txt"), "fixture");
  chmodSync(folder, 0o755);
  const facts = await run(
    sh("cat /verification/fixture.txt; touch /ws/a || touch /verification/a || exit 9"),
    { workspace: "read-only", folders: { "/verification": folder } },
  );
  assert.deepEqual([facts.exitCode, facts.stdout.head], [9, "fixture"]);
  assert.ok(!existsSync(join(workspaceDir, "a")) && !existsSync(join(folder, "a")));
});

test("the result comes on a way of its own, whatever is printed", async (context) => {
  const { run } = await scene(context);
  const facts = await run(sh('echo noise; printf "{}" >&"$ORKET_RESULT_FD"'), {
    resultBytesMax: 10,
  });
  assert.deepEqual([facts.result, facts.stdout.head], ["{}", "noise\n"]);
  const flood = await run(sh('head -c 11 /dev/zero >&"$ORKET_RESULT_FD"; sleep 60'), {
    resultBytesMax: 10,
  });
  assert.deepEqual([flood.ended, flood.exitCode], ["output-limit", null]);
});

test("keeps the beginning and the end of a long output and counts what lies between", async (context) => {
  const { run } = await scene(context);
  const facts = await run(sh("echo begin; head -c 200000 /dev/zero; echo end"));
  assert.equal(facts.ended, "exited");
  assert.match(facts.stdout.head, /^begin\n/);
  assert.match(facts.stdout.tail, /end\n$/);
  const { head, tail, omittedBytes } = facts.stdout;
  assert.equal(head.length + tail.length + omittedBytes, 200_010);
});

const LIMITED: readonly (readonly [name: string, script: string, ended: ProcessFacts["ended"]])[] =
  [
    ["wall time", "sleep 60", "timeout"],
    ["CPU time", "while :; do :; done", "timeout"],
    ["output", "yes", "output-limit"],
    [
      "memory",
      "exec python3 -c 'import mmap; m = mmap.mmap(-1, 1 << 30); [m.__setitem__(i, 1) for i in range(0, 1 << 30, 4096)]'",
      "memory-limit",
    ],
    ["disk", "i=0; while i=$((i+1)); do head -c 8000000 /dev/zero >f$i; done", "disk-limit"],
  ];

for (const [name, script, ended] of LIMITED) {
  test(`ends a program at its limit of ${name}, which is no exit`, async (context) => {
    const { run } = await scene(context);
    const wallMs = name === "wall time" ? 300 : LIMITS.wallMs;
    const cpuSec = name === "CPU time" ? 1 : LIMITS.cpuSec;
    const facts = await run(sh(script), { limits: { ...LIMITS, wallMs, cpuSec } });
    assert.deepEqual([facts.ended, facts.exitCode], [ended, null]);
  });
}

test("an abort ends it at once, before it began too", async (context) => {
  const { run } = await scene(context);
  const abort = new AbortController();
  const running = run(sh("sleep 60"), {}, abort.signal);
  abort.abort();
  assert.equal((await running).ended, "aborted");
  assert.equal((await run(sh("sleep 60"), {}, abort.signal)).ended, "aborted");
});

test("refuses what cannot be put into a box, and a workspace that is a link", async (context) => {
  const { workspaceDir, box } = await scene(context);
  const good: ContainedCommand = {
    argv: ["true"],
    workspaceDir,
    workspace: "writable",
    cwd: ".",
    env: {},
    stdin: "",
    folders: {},
    network: false,
    resultBytesMax: 0,
    limits: LIMITS,
  };
  const codeOf = async (change: Partial<ContainedCommand>): Promise<string> => {
    const ran = await box.run({ ...good, ...change }, new AbortController().signal);
    return ran.ok ? `${ran.value.ended}` : ran.error.code;
  };
  for (const change of [
    { argv: [] },
    { argv: [""] },
    { argv: ["a\0b"] },
    { cwd: "/etc" },
    { cwd: "../x" },
    { env: { "A=B": "x" } },
  ])
    assert.equal(await codeOf(change), "TOOL_ARGUMENT", JSON.stringify(change));
  const link = join(await tempFolder(context), "link");
  symlinkSync(workspaceDir, link);
  assert.equal(await codeOf({ workspaceDir: link }), "FILE_UNFIT");
  assert.equal(await codeOf({ workspaceDir: join(link, "nothing") }), "FILE_UNFIT");
  assert.equal(await codeOf({ cwd: "nothing" }), "box-error");
  assert.equal(await codeOf({ argv: ["--", "true"] }), "exited");
});

test("is there after its self-test, and absent with a remedy without the program, on another system or processor", async (context) => {
  const scratchDir = await tempFolder(context);
  const deps = { ...DEPS, backend: "auto", platform: "linux", scratchDir } as const;
  const report = await createContainment(deps).probe();
  assert.ok(report.available, JSON.stringify(report));
  assert.equal(report.backend, "bwrap");
  for (const [change, reason] of [
    [{ searchPath: "/nowhere:relative" }, /bubblewrap is not installed/],
    [{ platform: "darwin" }, /no box for darwin/],
    [{ architecture: "riscv64" }, /no table of system calls/],
    [{ backend: "srt" }, /not supported/],
  ] as const) {
    const containment = createContainment({ ...deps, ...change });
    const absent = await containment.probe();
    assert.ok(!absent.available && reason.test(absent.reason) && absent.remedy !== "");
  }
});

test("no socket but of the internet, and no pair that could send to a path", async (context) => {
  const { run } = await scene(context);
  const ask = async (code: string) =>
    (await run(["perl", "-e", `${code} or exit($! + 0)`])).exitCode;
  assert.equal(await ask("socket(A, 2, 1, 0)"), 0);
  for (const family of [1, 16, 17, 38, 40])
    assert.equal(await ask(`socket(A, ${family}, 2, 0)`), 97);
  assert.equal(await ask("socketpair(A, B, 1, 1, 0)"), 0);
  assert.equal(await ask("socketpair(A, B, 1, 2, 0)"), 97);
});

test("without control groups the memory of a whole tree is watched", async (context) => {
  const workspaceDir = await tempFolder(context);
  const opened = openBubblewrap({ ...DEPS, cgroupDir: workspaceDir });
  assert.ok(opened.ok);
  assert.equal(opened.value.memory, "watchdog");
  const hog = "$x = 'x' x 90000000; sleep 30";
  const command: ContainedCommand = {
    argv: ["perl", "-e", `fork; ${hog}`],
    workspaceDir,
    workspace: "read-only",
    cwd: ".",
    env: {},
    stdin: "",
    folders: {},
    network: false,
    resultBytesMax: 0,
    limits: LIMITS,
  };
  const ran = await opened.value.run(command, new AbortController().signal);
  assert.ok(ran.ok);
  assert.equal(ran.value.ended, "memory-limit");
});
