// The list of suites holds: a test that would not run is found before a green run says that all is well.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { tempFolder } from "./support/temp-folder.ts";

type Files = Readonly<Record<string, string>>;
type Answer = { readonly status: number | null; readonly text: string };

const PASSING = `import { test } from "node:test";\ntest("is there", () => {});\n`;

const policyOf = (suites: readonly object[]): string =>
  `export const SUITES = ${JSON.stringify(suites)};\n`;
const suiteOf = (name: string, files: string): object => ({
  name,
  folder: ".",
  files: [files],
  command: "npm test",
  isMeasured: false,
  why: "To be looked at.",
});

function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A small repository with the scripts of this one. */
async function openRepository(context: TestContext, files: Files): Promise<string> {
  const root = await tempFolder(context);
  cpSync("scripts", join(root, "scripts"), { recursive: true });
  write(root, {
    "package.json": `{ "type": "module" }`,
    "test/suites.ts": policyOf([suiteOf("one", "one/*.test.ts"), suiteOf("two", "two/*.test.ts")]),
    "one/first.test.ts": PASSING,
    "two/second.test.ts": PASSING,
    ...files,
  });
  return root;
}

function ask(root: string, script: string, ...args: readonly string[]): Answer {
  const { NODE_TEST_CONTEXT: _inside, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "scripts", script), ...args],
    { cwd: root, env: { ...env, CI: "true" }, encoding: "utf8" },
  );
  return { status, text: stdout + stderr };
}

test("a list that fits is kept, printed, and green afterwards", async (context) => {
  const root = await openRepository(context, {});
  assert.equal(ask(root, "test-list.ts", "--check").status, 1);
  assert.equal(ask(root, "test-list.ts", "--write").status, 0);
  const { status, text } = ask(root, "test-list.ts", "--check");
  assert.equal(status, 0, text);
  assert.match(text, /^one +1 tests +1 files/m);
  assert.match(text, /^all +2 tests +2 files/m);
});

const DRIFTS: readonly {
  readonly name: string;
  readonly change: (root: string) => void;
  readonly says: RegExp;
}[] = [
  {
    name: "a suite whose folder is gone",
    change: (root) => rmSync(join(root, "two"), { recursive: true }),
    says: /The suite two has no file/,
  },
  {
    name: "a test file of no suite",
    change: (root) => write(root, { "three/third.test.ts": PASSING }),
    says: /three\/third\.test\.ts belongs to no suite/,
  },
  {
    name: "a test file of another kind of name",
    change: (root) => write(root, { "three/third.spec.mjs": PASSING }),
    says: /three\/third\.spec\.mjs belongs to no suite/,
  },
  {
    name: "an import that leads nowhere",
    change: (root) => write(root, { "two/second.test.ts": `import "./gone.ts";\n${PASSING}` }),
    says: /two\/second\.test\.ts cannot be loaded/,
  },
  {
    name: "a file that is no program",
    change: (root) => write(root, { "two/second.test.ts": "const = ;" }),
    says: /two\/second\.test\.ts cannot be loaded/,
  },
  {
    name: "a file that ends the process while it is loaded",
    change: (root) => write(root, { "two/second.test.ts": "process.exit(0);" }),
    says: /two\/second\.test\.ts cannot be loaded/,
  },
  {
    name: "a file without a test",
    change: (root) => write(root, { "two/second.test.ts": "export {};" }),
    says: /two\/second\.test\.ts has no test/,
  },
  {
    name: "a test that nobody wrote down",
    change: (root) => write(root, { "two/second.test.ts": PASSING, "two/more.test.ts": PASSING }),
    says: /two has 2 tests in 2 files, test\/inventory\.json says 1 in 1/,
  },
  {
    name: "a file that two suites run",
    change: (root) =>
      write(root, {
        "test/suites.ts": policyOf([
          suiteOf("one", "one/*.test.ts"),
          suiteOf("two", "*/*.test.ts"),
        ]),
      }),
    says: /one\/first\.test\.ts belongs to one and two/,
  },
];

for (const { name, change, says } of DRIFTS)
  test(`the check is red for ${name}`, async (context) => {
    const root = await openRepository(context, {});
    assert.equal(ask(root, "test-list.ts", "--write").status, 0);
    change(root);
    const { status, text } = ask(root, "test-list.ts", "--check");
    assert.equal(status, 1);
    assert.match(text, says);
  });

test("a run says what ran, by suite, and is green", async (context) => {
  const { status, text } = ask(await openRepository(context, {}), "test.ts");
  assert.equal(status, 0, text);
  assert.match(text, /^one +1 files +1 passed +0 failed +0 skipped +0 unrun$/m);
});

const UNRUN: readonly {
  readonly name: string;
  readonly files: Files;
  readonly says: RegExp;
}[] = [
  {
    name: "in which a test fails",
    files: {
      "two/second.test.ts": `import { test } from "node:test";\ntest("breaks", () => { throw new Error("broken"); });\n`,
    },
    says: /^two +1 files +0 passed +1 failed/m,
  },
  {
    name: "whose file ends before its last test",
    files: {
      "two/second.test.ts": `import { test } from "node:test";\ntest("leaves", () => process.exit(0));\ntest("stays", () => {});\n`,
    },
    says: /two\/second\.test\.ts: "stays" did not run/,
  },
  {
    name: "in which a test is skipped",
    files: {
      "two/second.test.ts": `import { test } from "node:test";\ntest("later", { skip: "no engine" }, () => {});\n`,
    },
    says: /"later" was skipped, which CI does not allow/,
  },
  {
    name: "beside which an orphan lies",
    files: { "three/third.test.ts": PASSING },
    says: /three\/third\.test\.ts belongs to no suite/,
  },
];

for (const { name, files, says } of UNRUN)
  test(`a run ${name} is red`, async (context) => {
    const { status, text } = ask(await openRepository(context, files), "test.ts");
    assert.equal(status, 1);
    assert.match(text, says);
  });

test("a suite that nobody knows is no green run", async (context) => {
  const { status, text } = ask(await openRepository(context, {}), "test.ts", "--suite", "three");
  assert.equal(status, 1);
  assert.match(text, /No suite of that name/);
});

test("on a copy of this repository the check finds all that was done to it", async (context) => {
  const root = await tempFolder(context);
  const left = ["node_modules", "dist", "coverage", ".git"].map((name) => resolve(name));
  cpSync(".", root, { recursive: true, filter: (path) => !left.includes(resolve(path)) });
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  rmSync(join(root, "test/webhook"), { recursive: true });
  rmSync(join(root, "test/http"), { recursive: true });
  rmSync(join(root, "src/domain/glob.ts"));
  write(root, { "docs/lost.test.ts": PASSING });
  const { status, text } = ask(root, "test-list.ts", "--check");
  assert.equal(status, 1);
  assert.match(text, /The suite doors has no file/);
  assert.match(text, /src\/domain\/glob\.test\.ts cannot be loaded/);
  assert.match(text, /docs\/lost\.test\.ts belongs to no suite/);
});
