// The box on a real container engine: what a program inside gets, what becomes of it, and what is not reached from there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { buildNodeImage, useDockerEngine } from "../../../test/support/docker-engine.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { ContainedCommand, ProcessFacts } from "../../ports/containment.ts";
import { createSystemClock } from "../clock/system.ts";
import { removeLeftBoxes } from "./docker.ts";
import type { ContainmentDeps } from "./select.ts";
import { createContainment } from "./select.ts";

const engine = await useDockerEngine();
const { skip } = engine;
const image = skip === false ? buildNodeImage(engine) : "";

const LIMITS: ContainedCommand["limits"] = {
  wallMs: 30_000,
  cpuSec: 5,
  memoryMiB: 128,
  processesMax: 64,
  outputBytesMax: 1024 ** 2,
  fileMiB: 8,
  diskMiB: 32,
  temporaryMiB: 8,
};

async function scene(context: TestContext, change: Partial<ContainmentDeps> = {}) {
  const workspaceDir = await tempFolder(context);
  const scratchDir = await tempFolder(context);
  const box = createContainment({
    clock: createSystemClock(),
    searchPath: "/nowhere",
    node: process.execPath,
    architecture: process.arch,
    platform: "linux",
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    unique: () => randomBytes(8).toString("hex"),
    backend: "docker",
    scratchDir,
    image,
    engineEnv: engine.env,
    ...change,
  });
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
    const ran = await box.run(command, signal);
    assert.ok(ran.ok, JSON.stringify(ran));
    return ran.value;
  };
  return { workspaceDir, box, run };
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];
const node = (script: string): readonly string[] => ["node", "--eval", script];
const boxes = (): string => engine.docker("ps", "--all", "--quiet", "--filter", "label=orket.box");

test(
  "R-30 is there after its self-test, by its name and where bubblewrap is missing",
  { skip },
  async (context) => {
    for (const backend of ["docker", "auto"] as const) {
      const { box } = await scene(context, { backend });
      const report = await box.probe();
      assert.ok(report.available, JSON.stringify(report));
      assert.deepEqual([report.backend, report.memory], ["docker", "engine"]);
    }
    assert.equal(boxes(), "");
  },
);

test(
  "runs a program with its input, output, folders and exit code, and leaves nothing",
  { skip },
  async (context) => {
    const { workspaceDir, run } = await scene(context);
    const folder = await tempFolder(context);
    spawnSync("chmod", ["755", folder]);
    writeFileSync(join(folder, "fixture.txt"), "fixture");
    const facts = await run(
      sh("cat - /verification/fixture.txt; echo $WORD >made.txt; touch /verification/x; exit 7"),
      { stdin: "fed ", env: { WORD: "made" }, folders: { "/verification": folder } },
    );
    assert.deepEqual(
      [facts.ended, facts.exitCode, facts.stdout.head],
      ["exited", 7, "fed fixture"],
    );
    assert.equal(readFileSync(join(workspaceDir, "made.txt"), "utf8"), "made\n");
    assert.ok(!existsSync(join(folder, "x")));
    assert.equal(boxes(), "");
  },
);

test(
  "tells the ends of programs apart, and gives the result on a way of its own",
  { skip },
  async (context) => {
    const { run } = await scene(context);
    for (const [argv, exitCode] of [
      [["true"], 0],
      [["false"], 1],
      [["no-such-program"], 127],
      [sh("exit 125"), 125],
      [node("process.exit(3)"), 3],
    ] as const) {
      const facts = await run(argv);
      assert.deepEqual([facts.ended, facts.exitCode], ["exited", exitCode], argv.join(" "));
    }
    const spoken = await run(sh('echo noise; printf "{}" >"$ORKET_RESULT_FILE"'), {
      resultBytesMax: 10,
    });
    assert.deepEqual([spoken.result, spoken.stdout.head], ["{}", "noise\n"]);
  },
);

const LIMITED: readonly (readonly [script: string, ended: ProcessFacts["ended"]])[] = [
  ["while :; do :; done", "timeout"],
  ["sleep 60", "timeout"],
  ["yes", "output-limit"],
  ['yes >"$ORKET_RESULT_FILE"', "output-limit"],
  ["i=0; while i=$((i+1)); do head -c 8000000 /dev/zero >f$i; done", "disk-limit"],
  [
    "exec node --eval 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))'",
    "memory-limit",
  ],
];

for (const [script, ended] of LIMITED) {
  test(`ends ${script.slice(0, 30)} at its limit, which is no exit`, { skip }, async (context) => {
    const { run } = await scene(context);
    const wallMs = script.startsWith("sleep") ? 1500 : LIMITS.wallMs;
    const cpuSec = script.startsWith("while") ? 1 : LIMITS.cpuSec;
    const facts = await run(sh(script), {
      limits: { ...LIMITS, wallMs, cpuSec },
      resultBytesMax: 100,
    });
    assert.deepEqual([facts.ended, facts.exitCode], [ended, null]);
    assert.equal(boxes(), "");
  });
}

test("an abort ends it, and nothing of it is left", { skip }, async (context) => {
  const { workspaceDir, run } = await scene(context);
  const abort = new AbortController();
  const running = run(sh("touch began; sleep 60"), {}, abort.signal);
  while (!existsSync(join(workspaceDir, "began"))) await new Promise(setImmediate);
  abort.abort();
  assert.equal((await running).ended, "aborted");
  assert.equal(boxes(), "");
});

const ATTACKS: Readonly<Record<string, string>> = {
  "a unix socket": "net.connect('/ws/none').once('error', (e) => said(e.code === 'ENOENT'))",
  "a port of the host":
    "net.connect(PORT, '127.0.0.1').once('connect', () => said(true)).once('error', () => said(false))",
  "writing outside": "try { fs.writeFileSync('/etc/x', ''); said(true) } catch { said(false) }",
  "root inside": "said(process.getuid() === 0)",
  capabilities: "said(!/CapEff:\\s+0+$/m.test(fs.readFileSync('/proc/self/status', 'utf8')))",
  "new rights": "said(!/NoNewPrivs:\\s+1/.test(fs.readFileSync('/proc/self/status', 'utf8')))",
  "no filter": "said(!/Seccomp:\\s+2/.test(fs.readFileSync('/proc/self/status', 'utf8')))",
  "the engine's socket": "said(fs.existsSync('/var/run/docker.sock'))",
  "a namespace": "said(spawnSync('unshare', ['-r', 'true']).status === 0)",
  "a mount": "said(spawnSync('mount', ['-t', 'tmpfs', 'x', '/tmp']).status === 0)",
};

test("R-30 nothing of the host is reached from inside", { skip }, async (context) => {
  const { run } = await scene(context);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const [name, attack] of Object.entries(ATTACKS)) {
    const script = `const fs = require("fs"); const net = require("net"); const { spawnSync } = require("child_process");
      const said = (open) => { console.log(open ? "OPEN" : "shut"); process.exit(); };
      ${attack.replace("PORT", String(port))}`;
    const facts = await run(node(script));
    assert.equal(facts.stdout.head, "shut\n", `${name}: ${JSON.stringify(facts)}`);
  }
});

test(
  "refuses a workspace that is a link, a folder that is not there, and what is no command",
  { skip },
  async (context) => {
    const { workspaceDir, box, run } = await scene(context);
    const link = join(await tempFolder(context), "link");
    symlinkSync(workspaceDir, link);
    const good = {
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
    } as const;
    for (const [change, code] of [
      [{ workspaceDir: link }, "FILE_UNFIT"],
      [{ cwd: "nothing" }, "FILE_UNFIT"],
      [{ cwd: "../x" }, "TOOL_ARGUMENT"],
      [{ argv: ["a\0b"] }, "TOOL_ARGUMENT"],
    ] as const) {
      const ran = await box.run({ ...good, ...change }, new AbortController().signal);
      assert.ok(!ran.ok && ran.error.code === code, JSON.stringify(ran));
    }
    assert.equal((await run(["--", "true"])).exitCode, 127);
  },
);

test(
  "boxes of an Orket that is gone are removed by the next, those of a living one are not",
  { skip },
  async (context) => {
    const { box } = await scene(context);
    assert.ok((await box.probe()).available);
    const start = (mark: string): string =>
      engine.docker(
        "run",
        "--detach",
        "--network",
        "none",
        "--label",
        `orket.box=${mark}`,
        image,
        "sleep",
        "600",
      );
    const left = start("999999999.1");
    const [pid, started] = [
      process.pid,
      readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ")[19],
    ];
    const living = start(`${pid}.${started}`);
    assert.equal(await removeLeftBoxes({ env: engine.env }), 1);
    assert.ok(living.startsWith(boxes()) && !left.startsWith(boxes()));
    engine.docker("rm", "--force", living);
  },
);

test(
  "is absent with a remedy without an image, an engine, or the image on it",
  { skip },
  async (context) => {
    for (const [change, reason] of [
      [{ image: null }, /no image is named/],
      [{ image: "orket-test/none:1" }, /has no image/],
      [{ engineEnv: { ...engine.env, DOCKER_HOST: "unix:///nowhere" } }, /does not answer/],
      [{ image, backend: "srt" }, /not supported/],
    ] as const) {
      const { box } = await scene(context, change);
      const report = await box.probe();
      assert.ok(!report.available && reason.test(report.reason) && report.remedy !== "");
    }
  },
);
