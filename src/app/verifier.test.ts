// What fixtures return, and everything that is no result: the harnesses are the real ones, without walls around them.
import assert from "node:assert/strict";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createBareBox } from "../../test/support/bare-box.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { createDiskFixtures } from "../adapters/fixtures/disk.ts";
import { createLoopbackHttpCheck } from "../adapters/http-check/loopback.ts";
import { createSystemClock } from "../adapters/clock/system.ts";
import { createRandomIds } from "../adapters/ids/random.ts";
import { createThreadPatterns } from "../adapters/pattern/thread.ts";
import { createUnavailableContainment } from "../adapters/containment/unavailable.ts";
import type { Scenario, Verification } from "../domain/assets.ts";
import type { Json, JsonObject } from "../domain/json.ts";
import { refuse } from "../domain/result.ts";
import { tally } from "../domain/verification.ts";
import type { Containment } from "../ports/containment.ts";
import type { VerifierParts } from "./verifier.ts";
import { createVerifier } from "./verifier.ts";

type Scene = {
  readonly fixtures?: Readonly<Record<string, string>>;
  readonly workspace?: Readonly<Record<string, string>>;
  readonly path?: string | null;
  readonly command?: JsonObject;
  readonly scenarios?: readonly Scenario[];
  readonly parts?: Partial<VerifierParts>;
  readonly containment?: Containment;
  readonly signal?: AbortSignal;
};

const scenario = (id: string, inputData: Json, expectedOutput?: Json): Scenario => ({
  id,
  description: "",
  inputData,
  expectedOutput,
});

async function write(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

async function verify(context: TestContext, scene: Scene) {
  const dir = await tempFolder(context);
  const workspaceDir = await tempFolder(context);
  await write(dir, scene.fixtures ?? {});
  await write(workspaceDir, scene.workspace ?? {});
  const box = scene.containment ?? createBareBox();
  const verifier = createVerifier({
    containment: box,
    fixtures: createDiskFixtures(dir),
    httpCheck: createLoopbackHttpCheck(),
    patterns: createThreadPatterns(),
    sandboxUrl: async () => refuse("SANDBOX_UNKNOWN", "No sandbox of this build is running."),
    ids: createRandomIds({ clock: createSystemClock() }),
    limits: { timeoutMs: 5000, cpuSec: 2, memoryMiB: 256 },
    ...scene.parts,
  });
  const verification: Verification = {
    fixturePath:
      scene.path === undefined ? (Object.keys(scene.fixtures ?? {})[0] ?? null) : scene.path,
    command: scene.command ?? null,
    scenarios: scene.scenarios ?? [],
  };
  const workspace = {
    digest: async () => "tree",
    snapshot: async () => ({ dir: workspaceDir, digest: "tree", remove: async () => {} }),
  };
  const subject = { card: { build: "b", id: "A-1" }, verification, workspace };
  const done = await verifier.execute(subject, scene.signal ?? new AbortController().signal);
  assert.ok(done.ok, JSON.stringify(done));
  return { ...done.value, ...tally(done.value.results), box };
}

const PYTHON = `
import sys
sys.path.insert(0, ".")
from product import add
print("noise on stdout")
def verify_sum(input):
    return {"sum": add(input["a"], input["b"])}
async def verify(input):
    return input
`;
const SCRIPT = `
console.log("noise on stdout");
const { add } = await import(\`\${process.cwd()}/product.mjs\`);
export const verify_sum = ({ a, b }) => ({ sum: add(a, b) });
export async function verify(input) { return input; }
`;
const TYPESCRIPT = `
type Pair = { readonly a: number; readonly b: number };
export const verify_sum = ({ a, b }: Pair): { sum: number } => ({ sum: a + b });
export default { verify: async (input: unknown): Promise<unknown> => input };
`;
const WORKSPACE = {
  "product.py": "def add(a, b):\n    return a + b\n",
  "product.mjs": "export const add = (a, b) => a + b;\n",
};

for (const [path, text] of Object.entries({
  "verification/sum.py": PYTHON,
  "verification/sum.mjs": SCRIPT,
  "verification/deep/sum.ts": TYPESCRIPT,
}))
  test(`R-83 ${path}: the function of the scenario wins over the one for all, and each scenario counts once`, async (context) => {
    const { results, verdict, total, passed, failed, logs } = await verify(context, {
      fixtures: { [path]: text },
      workspace: WORKSPACE,
      scenarios: [
        scenario("sum", { a: 1, b: 2 }, { sum: 3.0 }),
        scenario("all", { z: [null, false, "ü"], a: 1.5 }, { a: 1.5, z: [null, false, "ü"] }),
        scenario("wrong", { a: 1 }, { a: 2 }),
      ],
    });
    assert.deepEqual(
      results.map(({ id, outcome }) => [id, outcome]),
      [
        ["sum", "passed"],
        ["all", "passed"],
        ["wrong", "failed"],
      ],
    );
    assert.deepEqual(
      { verdict, total, passed, failed },
      { verdict: "fail", total: 3, passed: 2, failed: 1 },
    );
    assert.match(logs.at(-1) ?? "", /^\[FAIL\] Expected \{"a":2\}, got \{"a": ?1\}$/);
  });

const NEVER_A_PASS: readonly (readonly [name: string, path: string, text: string, why: RegExp])[] =
  [
    [
      "prints its own PASS",
      "v.py",
      `print('[PASS] s'); print('{"value": 3}')\ndef verify(i): raise SystemExit(0)`,
      /SystemExit/,
    ],
    ["exits at once", "v.py", "import os\nos._exit(0)", /ended before/],
    ["exits in its function", "v.py", "import sys\ndef verify(i): sys.exit(0)", /SystemExit/],
    ["raises", "v.py", "def verify(i): raise ValueError('no\\nway')", /ValueError: no way/],
    ["does not parse", "v.py", "def verify(i:", /SyntaxError/],
    ["has no function", "v.py", "x = 3", /LookupError: .*verify_s.*verify/],
    ["returns what is no JSON", "v.py", "def verify(i): return {1, 2}", /TypeError/],
    ["returns NaN", "v.py", "def verify(i): return float('nan')", /ValueError/],
    [
      "returns itself",
      "v.py",
      "x = []\nx.append(x)\ndef verify(i): return x",
      /ValueError|RecursionError/,
    ],
    [
      "forges a frame",
      "v.py",
      "import os\ndef verify(i):\n    for fd in range(3, 20):\n        try: os.write(fd, b'guess {\"value\": 3}\\n')\n        except OSError: pass\n    os._exit(0)",
      /something else/,
    ],
    [
      "writes before its frame",
      "v.py",
      "import os\ndef verify(i):\n    for fd in range(3, 20):\n        try: os.write(fd, b'x')\n        except OSError: pass\n    return 3",
      /something else/,
    ],
    [
      "writes after its frame",
      "v.py",
      "import os, threading, atexit\ndef more():\n    while True:\n        for fd in range(3, 20):\n            try: os.write(fd, b'x')\n            except OSError: pass\nthreading.Thread(target=more, daemon=True).start()\ndef verify(i):\n    import time\n    time.sleep(0.05)\n    return 3",
      /something else/,
    ],
    ["kills itself", "v.py", "import os\ndef verify(i): os.kill(os.getpid(), 9)", /exit code/],
    ["ends with a code", "v.py", "import os\ndef verify(i): os._exit(7)", /exit code 7/],
    [
      "replaces the encoder",
      "v.py",
      "import json\njson.dumps = lambda *a, **k: '{\"value\": 3}'\njson.JSONEncoder.encode = lambda *a: '{\"value\": 3}'\ndef verify(i): return 4",
      /got 4/,
    ],
    ["hangs", "v.py", "def verify(i):\n    while True: pass", /no end within 1 s/],
    ["floods", "v.py", "def verify(i):\n    while True: print('x' * 65536)", /output-limit/],
    ["exits at once", "v.mjs", "process.exit(0)", /ended before/],
    [
      "exits in its function",
      "v.mjs",
      "export const verify = () => process.exit(0)",
      /ended before/,
    ],
    [
      "waits for what never comes",
      "v.mjs",
      "export const verify = () => new Promise(() => {})",
      /exit code 13|ended before/,
    ],
    ["throws", "v.mjs", "export const verify = () => { throw new Error('no') }", /Error: no/],
    ["throws nothing", "v.mjs", "export const verify = () => { throw undefined }", /undefined/],
    [
      "throws later",
      "v.mjs",
      "export const verify = () => { setTimeout(() => { throw new Error('later') }); return new Promise(() => setTimeout(() => {}, 9e6)) }",
      /Error: later/,
    ],
    ["does not parse", "v.mjs", "export const verify = (", /SyntaxError/],
    ["has no function", "v.mjs", "export const other = 1", /ReferenceError.*verify_s.*verify/],
    ["returns nothing", "v.mjs", "export const verify = () => {}", /undefined is no JSON/],
    ["returns NaN", "v.mjs", "export const verify = () => [NaN]", /NaN is no JSON/],
    ["returns a map", "v.mjs", "export const verify = () => new Map()", /instance of Map/],
    [
      "returns itself",
      "v.mjs",
      "const x = {}; x.x = x; export const verify = () => x",
      /contains itself/,
    ],
    [
      "replaces the encoder",
      "v.mjs",
      "JSON.stringify = () => '3'; Object.prototype.toJSON = () => 3; String.prototype.toJSON = () => 3; export const verify = () => 4",
      /got 4/,
    ],
    [
      "forges a frame",
      "v.mjs",
      "import { writeSync } from 'node:fs'; export const verify = () => { writeSync(3, 'guess {\"value\":3}\\n'); process.exit(0) }",
      /something else/,
    ],
    [
      "writes at its exit",
      "v.mjs",
      "import { writeSync } from 'node:fs'; writeSync(3, '\\n'); export const verify = () => 3",
      /something else/,
    ],
    ["does not parse", "v.ts", "export const verify: = 3", /SyntaxError|ERR_INVALID_TYPESCRIPT/],
    ["is of another kind", "v.rb", "def verify; end", /neither Python/],
  ];

for (const [name, file, text, why] of NEVER_A_PASS)
  test(`R-30 a fixture that ${name} (${file}) is never a pass`, async (context) => {
    const { results, logs } = await verify(context, {
      fixtures: { [`verification/${file}`]: text },
      scenarios: [scenario("s", null, 3)],
      parts: { limits: { timeoutMs: name === "hangs" ? 1000 : 5000, cpuSec: 2, memoryMiB: 256 } },
    });
    assert.equal(results[0]?.outcome, "failed", logs.join("\n"));
    assert.match(logs.join("\n"), why);
  });

test("R-83 one scenario that fails leaves the others as they are", async (context) => {
  const { passed, failed, total } = await verify(context, {
    fixtures: {
      "verification/v.py": "import os\ndef verify_a(i): os._exit(1)\ndef verify(i): return i\n",
    },
    scenarios: [scenario("a", 1, 1), scenario("b", 1, 1), scenario("a-b.c", 0, 0)],
  });
  assert.deepEqual({ passed, failed, total }, { passed: 2, failed: 1, total: 3 });
});

test("an id with characters that no name may hold calls the function with underscores in their place", async (context) => {
  const { verdict } = await verify(context, {
    fixtures: {
      "verification/v.py": "def verify_a_b_c(i): return 'this'\ndef verify(i): return 'that'\n",
    },
    scenarios: [scenario("a-b.c", null, "this")],
  });
  assert.equal(verdict, "pass");
});

test("R-29 what is expected never goes into the box, and the workspace is read-only there", async (context) => {
  const box = createBareBox();
  await verify(context, {
    fixtures: { "verification/v.py": "def verify(i): return 1\n" },
    scenarios: [scenario("a", { word: "given" }, { secret: "canary-expected" })],
    containment: box,
  });
  const [command] = box.commands;
  const all = JSON.stringify(box.commands);
  assert.ok(all.includes("given"));
  assert.ok(!all.includes("canary-expected"));
  assert.equal(command?.workspace, "read-only");
  assert.equal(command?.network, false);
  assert.deepEqual(command?.env, {});
  assert.deepEqual(Object.keys(command?.folders ?? {}).sort(), ["/harness", "/verification"]);
  assert.equal(command?.limits.outputBytesMax, 1024 * 1024);
  assert.equal(command?.limits.processesMax, 64);
});

test("a missing fixture fails all of its scenarios", async (context) => {
  const { failed, verdict, logs } = await verify(context, {
    path: "verification/none.py",
    scenarios: [scenario("a", 1, 1), scenario("b", 1, 1)],
  });
  assert.deepEqual({ failed, verdict }, { failed: 2, verdict: "fail" });
  assert.match(logs.join("\n"), /the file is missing/);
});

test("R-16 without containment nothing is executed, and that is no verdict", async (context) => {
  const { verdict, notExecuted, total, passed } = await verify(context, {
    fixtures: { "verification/v.py": "def verify(i): return 1\n" },
    scenarios: [scenario("a", 1, 1)],
    command: { argv: ["true"] },
    containment: createUnavailableContainment(),
  });
  assert.deepEqual(
    { verdict, notExecuted, total, passed },
    { verdict: null, notExecuted: 2, total: 2, passed: 0 },
  );
});

test("an aborted verification is no result at all", async (context) => {
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(
    verify(context, {
      fixtures: { "verification/v.py": "def verify(i): return 1\n" },
      scenarios: [scenario("a", 1, 1)],
      signal: stop.signal,
    }),
    /INTERRUPTED/,
  );
});

const COMMANDS: readonly (readonly [
  name: string,
  command: JsonObject,
  outcome: string,
  why: RegExp,
])[] = [
  ["exits 0", { argv: ["true"] }, "passed", /PASS/],
  [
    "exits otherwise",
    { argv: ["sh", "-c", "echo why >&2; exit 3"] },
    "failed",
    /Expected exit code 0, got exit code 3: why/,
  ],
  [
    "exits with the code it should",
    { argv: ["sh", "-c", "exit 3"], exit_code: 3 },
    "passed",
    /PASS/,
  ],
  ["exits with one of them", { argv: ["sh", "-c", "exit 4"], exit_code: [3, 4] }, "passed", /PASS/],
  ["prints the whole", { argv: ["echo", "hello"], stdout: { equals: "hello" } }, "passed", /PASS/],
  [
    "prints more",
    { argv: ["echo", "hello you"], stdout: { equals: "hello" } },
    "failed",
    /equals "hello", got "hello you/,
  ],
  [
    "prints a part",
    { argv: ["echo", "hello you"], stdout: { contains: "lo y" } },
    "passed",
    /PASS/,
  ],
  [
    "prints no part",
    { argv: ["echo", "hello"], stdout: { contains: "you" } },
    "failed",
    /contains "you"/,
  ],
  [
    "prints what matches",
    { argv: ["echo", "a12"], stdout: { matches: "^a\\d+" } },
    "passed",
    /PASS/,
  ],
  [
    "prints what does not match",
    { argv: ["echo", "b"], stdout: { matches: "^a\\d+" } },
    "failed",
    /matches/,
  ],
  [
    "has a pattern that is none",
    { argv: ["echo", "b"], stdout: { matches: "(" } },
    "failed",
    /pattern that is none/,
  ],
  [
    "has a pattern that takes for ever",
    { argv: ["echo", "a".repeat(40)], stdout: { matches: "^(a+)+$b" } },
    "failed",
    /takes too long/,
  ],
  [
    "breaks one of two",
    { argv: ["echo", "ab"], stdout: { contains: "a", matches: "^x" } },
    "failed",
    /matches/,
  ],
  [
    "works in a folder",
    { argv: ["cat", "file"], cwd: "deep", stdout: { equals: "text" } },
    "passed",
    /PASS/,
  ],
];

for (const [name, command, outcome, why] of COMMANDS)
  test(`a command that ${name} has ${outcome}`, async (context) => {
    const { results, logs } = await verify(context, {
      command,
      workspace: { "deep/file": "text" },
    });
    assert.equal(results[0]?.outcome, outcome, logs.join("\n"));
    assert.match(logs.join("\n"), why);
  });

for (const path of [
  "../outside.py",
  "/etc/passwd",
  "verification/../outside.py",
  "verification",
  "verification/link.py",
  "verification/dir/x.py",
])
  test(`R-29 the fixture ${path} is refused for its card`, async (context) => {
    const dir = await tempFolder(context);
    await write(dir, { "outside.py": "", "elsewhere/x.py": "", "verification/v.py": "" });
    await symlink(join(dir, "outside.py"), join(dir, "verification/link.py"));
    await symlink(join(dir, "elsewhere"), join(dir, "verification/dir"));
    const opened = await createDiskFixtures(dir).open(path);
    assert.ok(!opened.ok);
    assert.equal(opened.error.code, "VERIFICATION_PATH");
    assert.match(opened.error.message, /^verification_path: /);
    assert.deepEqual((await readdir(dir)).sort(), ["elsewhere", "outside.py", "verification"]);
  });
