// Fixtures and commands in the real box: what passes, and what never does, whatever it tries.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { createContainment } from "../../src/adapters/containment/select.ts";
import { createDiskFixtures } from "../../src/adapters/fixtures/disk.ts";
import { createLoopbackHttpCheck } from "../../src/adapters/http-check/loopback.ts";
import { createRandomIds } from "../../src/adapters/ids/random.ts";
import { createThreadPatterns } from "../../src/adapters/pattern/thread.ts";
import { createVerifier } from "../../src/app/verifier.ts";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { refuse } from "../../src/domain/result.ts";
import { tally } from "../../src/domain/verification.ts";
import { tempFolder } from "../support/temp-folder.ts";

const clock = createSystemClock();

type Scene = {
  readonly fixture?: readonly [name: string, text: string];
  readonly workspace?: Readonly<Record<string, string>>;
  readonly command?: JsonObject;
  readonly input?: Json;
  readonly expected?: Json;
};

async function verify(context: TestContext, scene: Scene) {
  const dir = await tempFolder(context);
  const workspaceDir = await tempFolder(context);
  // The box belongs to somebody else when root runs this.
  for (const folder of [dir, workspaceDir]) await chmod(folder, 0o777);
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  const [name = "none.py", text = ""] = scene.fixture ?? [];
  if (scene.fixture !== undefined) await put(join(dir, "verification", name), text);
  for (const [path, content] of Object.entries(scene.workspace ?? {}))
    await put(join(workspaceDir, path), content);
  const containment = createContainment({
    clock,
    searchPath: process.env["PATH"] ?? "",
    node: process.execPath,
    architecture: process.arch,
    uid: process.getuid?.() ?? 0,
    unique: () => randomBytes(8).toString("hex"),
    backend: "auto",
    platform: process.platform,
    scratchDir: await tempFolder(context),
  });
  const verifier = createVerifier({
    containment,
    fixtures: createDiskFixtures(dir),
    httpCheck: createLoopbackHttpCheck(),
    patterns: createThreadPatterns(),
    sandboxUrl: async () => refuse("SANDBOX_UNKNOWN", "No sandbox runs."),
    ids: createRandomIds({ clock }),
    limits: { timeoutMs: 5000, cpuSec: 2, memoryMiB: 256 },
  });
  const { input = null, expected = "right" } = scene;
  const scenario = { id: "s", description: "", inputData: input, expectedOutput: expected };
  const subject = {
    card: { build: "b", id: "a" },
    verification: {
      fixturePath: scene.fixture === undefined ? null : `verification/${name}`,
      command: scene.command ?? null,
      scenarios: scene.fixture === undefined ? [] : [scenario],
    },
    workspace: {
      digest: async () => "tree",
      snapshot: async () => ({ dir: workspaceDir, digest: "tree", remove: async () => {} }),
    },
  };
  assert.equal(await verifier.lacks(subject), null, "this needs a machine with bubblewrap");
  const done = await verifier.execute(subject, new AbortController().signal);
  assert.ok(done.ok, JSON.stringify(done));
  const told = tally(done.value.results);
  return { ...told, text: told.logs.join("\n"), dir, workspaceDir };
}

const PASSES: readonly (readonly [name: string, text: string])[] = [
  [
    "a.py",
    "from src.sum import add\nprint('[FAIL] noise')\nasync def verify(i): return add(i['a'], i['b'])\n",
  ],
  [
    "a.mjs",
    "import { add } from '/ws/src/sum.mjs';\nconsole.log('noise');\nexport const verify_s = async ({ a, b }) => add(a, b);\n",
  ],
  ["a.cjs", "exports.verify = ({ a, b }) => require('/ws/src/sum.mjs').add(a, b);\n"],
  [
    "a.ts",
    "import { add } from '/ws/src/sum.mts';\ntype Pair = { a: number; b: number };\nexport const verify = ({ a, b }: Pair): number => add(a, b);\n",
  ],
];
const PRODUCT = {
  "src/sum.py": "def add(a, b):\n    return a + b\n",
  "src/sum.mjs": "export const add = (a, b) => a + b;\n",
  "src/sum.mts": "export const add = (a: number, b: number): number => a + b;\n",
};

for (const fixture of PASSES)
  test(`R-30 ${fixture[0]} passes in the box with what the workspace holds`, async (context) => {
    const scene = { fixture, workspace: PRODUCT, input: { a: 1, b: 2 }, expected: 3.0 };
    const { verdict, text } = await verify(context, scene);
    assert.equal(verdict, "pass", text);
  });

const guess = '{"value": "right"}';
const NEVER: readonly (readonly [what: string, name: string, text: string, why: RegExp])[] = [
  ["prints its own PASS", "v.py", "print('[PASS] s')\ndef verify(i): pass\n", /got null/],
  [
    "exits 0 with a printed result",
    "v.py",
    `print('${guess}')\nimport os\nos._exit(0)\n`,
    /ended before/,
  ],
  ["hangs", "v.py", "import time\ndef verify(i): time.sleep(600)\n", /no end within 5 s/],
  ["burns its time", "v.py", "def verify(i):\n    while True: pass\n", /exit code|no end/],
  [
    "ignores the end",
    "v.py",
    "import signal, time\nfor s in (15, 2, 1, 24): signal.signal(s, signal.SIG_IGN)\ndef verify(i):\n    while True: pass\n",
    /exit code|no end/,
  ],
  ["crashes", "v.py", "import ctypes\ndef verify(i): ctypes.string_at(0)\n", /exit code 139/],
  ["floods", "v.py", "def verify(i):\n    while True: print('x' * 65536)\n", /output-limit/],
  [
    "floods the result channel",
    "v.py",
    "import os\ndef verify(i):\n    while True:\n        for fd in range(3, 20):\n            try: os.write(fd, b'x' * 65536)\n            except OSError: pass\n",
    /output-limit/,
  ],
  [
    "takes memory",
    "v.py",
    "def verify(i):\n    x = []\n    while True: x.append(b'x' * 1048576)\n",
    /memory|exit code/,
  ],
  [
    "bombs with processes",
    "v.py",
    "import os\ndef verify(i):\n    while True: os.fork()\n",
    /Error|no end|exit code|ended before|something else/,
  ],
  [
    "writes into the workspace",
    "v.py",
    "def verify(i):\n    open('/ws/x', 'w').write('x')\n    return 'right'\n",
    /OSError|Read-only|PermissionError/,
  ],
  [
    "writes into verification",
    "v.py",
    "def verify(i):\n    open('/verification/v.py', 'w').write('x')\n    return 'right'\n",
    /OSError|Read-only|PermissionError/,
  ],
  [
    "forges a frame",
    "v.py",
    `import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'${guess}\\n')\n    except OSError: pass\nos._exit(0)\n`,
    /something else/,
  ],
  [
    "writes its frame twice",
    "v.py",
    "import os, sys\ndef verify(i):\n    real = os.write\n    return 'right'\nimport threading\ndef more():\n    while True:\n        for fd in range(3, 20):\n            try: os.write(fd, b'x')\n            except OSError: pass\nthreading.Thread(target=more, daemon=True).start()\nimport time\ntime.sleep(0.1)\n",
    /something else/,
  ],
  ["exits in javascript", "v.mjs", `console.log('${guess}'); process.exit(0);`, /ended before/],
  ["crashes in javascript", "v.mjs", "export const verify = () => process.abort()", /exit code/],
  ["hangs in javascript", "v.mjs", "export const verify = () => { for (;;); }", /exit code|no end/],
];

for (const [what, name, text, why] of NEVER)
  test(`R-30 a fixture that ${what} (${name}) is never a pass`, async (context) => {
    const { verdict, text: told, workspaceDir } = await verify(context, { fixture: [name, text] });
    assert.equal(verdict, "fail", told);
    assert.match(told, why);
    assert.deepEqual(await readdir(workspaceDir), []);
  });

test("R-30 what a fixture leaves running is gone when its result is there, and adds nothing to it", async (context) => {
  const mark = `mark-${randomBytes(6).toString("hex")}`;
  const text = `
import os, time
def verify(i):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["${mark}", "600"])
        os._exit(0)
    time.sleep(0.2)
    return "right"
`;
  const { verdict, text: told } = await verify(context, { fixture: ["v.py", text] });
  assert.equal(verdict, "pass", told);
  const running = await readdir("/proc");
  const lines = await Promise.all(
    running.filter((name) => /^\d+$/.test(name)).map(async (pid) => commandLine(pid)),
  );
  assert.deepEqual(
    lines.filter((line) => line.includes(mark)),
    [],
  );
});

async function commandLine(pid: string): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

test("R-29 a fixture sees no environment, no network and nothing of the host", async (context) => {
  process.env["ORKET_TEST_CANARY"] = "canary";
  context.after(() => delete process.env["ORKET_TEST_CANARY"]);
  const text = `
import os, socket
def verify(i):
    seen = sorted(n for n in os.environ if n not in ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "PWD", "LC_CTYPE"))
    try:
        socket.create_connection(("127.0.0.1", i["port"]), 1)
        net = "open"
    except OSError: net = "closed"
    return [seen, net, os.path.exists(i["dir"]), os.path.exists("/etc/passwd"), sorted(os.listdir("/"))]
`;
  const { text: told } = await verify(context, {
    fixture: ["v.py", text],
    input: { port: 22, dir: "/root" },
  });
  const [, got = ""] = /, got (.*)$/m.exec(told) ?? [];
  assert.deepEqual(
    (JSON.parse(got) as readonly Json[]).slice(0, 4),
    [[], "closed", false, false],
    told,
  );
});

test("a command works in a copy that it may write into, and sees the fixtures", async (context) => {
  const { verdict, text, workspaceDir } = await verify(context, {
    fixture: ["v.py", "def verify(i): return 'right'\n"],
    workspace: { "web/a.txt": "a\n" },
    command: {
      argv: ["sh", "-c", "cat a.txt > built.txt && cat built.txt && ls /verification"],
      cwd: "web",
      stdout: { equals: "a\nv.py" },
    },
  });
  assert.equal(verdict, "pass", text);
  assert.equal(existsSync(join(workspaceDir, "web")), true);
});
