// What a command leaves behind in a workspace, and what is left of it. The command is a shell script without walls: it does
// all that one in the box could do to the folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createGuard } from "./guard.ts";

const NOTHING = { restored: [], removed: [], changed: [], omitted: 0 };

async function scene(context: TestContext) {
  const outside = await tempFolder(context);
  const root = join(outside, "workspace");
  mkdirSync(join(root, "verification"), { recursive: true });
  mkdirSync(join(root, "docs"));
  writeFileSync(join(outside, "secret"), "secret");
  writeFileSync(join(root, "AGENTS.md"), "rules");
  writeFileSync(join(root, ".env"), "A=b");
  writeFileSync(join(root, "verification", "api.py"), "fixture");
  writeFileSync(join(root, "docs", "AGENTS.md"), "more rules");
  writeFileSync(join(root, "docs", "a.md"), "text");
  const { guarded } = createGuard(root);
  const run = async (script: string) => {
    const ended = await guarded(async () =>
      execFileSync("sh", ["-c", script], { cwd: root, stdio: ["ignore", "ignore", "pipe"] }),
    );
    assert.ok(ended.ok, ended.ok ? "" : ended.error.message);
    return ended.value.changes;
  };
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const assertProtected = (): void => {
    assert.deepEqual(["AGENTS.md", ".env", "verification/api.py", "docs/AGENTS.md"].map(read), [
      "rules",
      "A=b",
      "fixture",
      "more rules",
    ]);
    for (const path of ["AGENTS.md", ".env"]) assert.equal(lstatSync(join(root, path)).nlink, 1);
    assert.deepEqual(readdirSync(join(root, "verification")), ["api.py"]);
    assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
  };
  return { root, outside, guarded, run, read, assertProtected };
}

test("tells which files were made, changed and removed, and leaves them", async (context) => {
  const { run, read } = await scene(context);
  assert.deepEqual(await run("true"), NOTHING);
  assert.deepEqual((await run("echo new > b.md; mkdir -p x/y; echo z > x/y/z")).changed, [
    "b.md",
    "x/y/z",
  ]);
  assert.deepEqual((await run("echo other > docs/a.md; rm b.md; mv x w")).changed, [
    "b.md",
    "docs/a.md",
    "w/y/z",
    "x/y/z",
  ]);
  assert.equal(read("docs/a.md"), "other\n");
});

test("a change that hides its time is seen all the same", async (context) => {
  const { run } = await scene(context);
  const script =
    "touch -r docs/a.md /tmp/.guard-stamp; printf next > docs/a.md; touch -r /tmp/.guard-stamp docs/a.md; rm /tmp/.guard-stamp";
  assert.deepEqual((await run(script)).changed, ["docs/a.md"]);
});

test(
  "a file that only changes its owner is no work",
  { skip: process.getuid?.() !== 0 },
  async (context) => {
    const { run } = await scene(context);
    assert.deepEqual((await run("chown 65534 docs/a.md")).changed, []);
  },
);

const ATTACKS: readonly (readonly [name: string, script: string, restored: readonly string[]])[] = [
  ["overwrites", "echo x > AGENTS.md; echo x >> .env", [".env", "AGENTS.md"]],
  ["removes", "rm -r AGENTS.md verification", ["AGENTS.md", "verification", "verification/api.py"]],
  [
    "makes new ones",
    "echo x > .env.local; mkdir .git; touch .git/config .GIT verification/x",
    [".GIT", ".env.local", ".git", "verification/x"],
  ],
  [
    "makes them anywhere",
    "mkdir -p a/b; touch a/b/.env a/agents.MD; mkdir a/.orket",
    ["a/.orket", "a/agents.MD", "a/b/.env"],
  ],
  ["changes without changing the length", "printf rulez > AGENTS.md", ["AGENTS.md"]],
  ["puts a link in their place", "rm AGENTS.md; ln -s ../secret AGENTS.md", ["AGENTS.md"]],
  [
    "puts a linked folder in their place",
    "rm -r verification; ln -s .. verification",
    ["verification", "verification/api.py"],
  ],
  [
    "puts a folder in their place",
    "rm AGENTS.md; mkdir -p AGENTS.md/x; touch AGENTS.md/x/y",
    ["AGENTS.md"],
  ],
  ["puts a file in the place of their folder", "rm -r docs; echo x > docs", ["docs/AGENTS.md"]],
  [
    "puts a link in the place of their folder",
    "mv docs d; ln -s d docs",
    ["d/AGENTS.md", "docs/AGENTS.md"],
  ],
  ["puts a fifo in their place", "rm .env; mkfifo .env", [".env"]],
  ["gives them a second name", "ln AGENTS.md other.md", ["AGENTS.md"]],
  [
    "shuts their folder",
    "echo x > verification/api.py; chmod 000 verification docs .env",
    ["verification/api.py"],
  ],
];

for (const [name, script, restored] of ATTACKS) {
  test(`what is protected is as it was when a command ${name}`, async (context) => {
    const { run, assertProtected } = await scene(context);
    const changes = await run(script);
    assert.deepEqual(changes.restored, restored);
    assertProtected();
    assert.deepEqual((await run("true")).restored, []);
  });
}

test("links, special files and names that are no text go, and what they lead to stays", async (context) => {
  const { run, root, assertProtected } = await scene(context);
  const changes = await run(
    "ln -s ../secret link; ln -s .. up; ln -s docs inner; mkfifo pipe; mkdir -p deep; ln -s /etc deep/etc; printf x > \"$(printf 'bad\\377')\"; mkdir \"$(printf 'dir\\377')\"; printf y > \"$(printf 'dir\\377/f')\"; rm docs/a.md; ln -s ../AGENTS.md docs/a.md",
  );
  assert.deepEqual(changes.restored, []);
  assert.equal(changes.removed.length, 8);
  assert.deepEqual(changes.changed, ["docs/a.md"]);
  assert.deepEqual(readdirSync(root).sort(), [".env", "AGENTS.md", "deep", "docs", "verification"]);
  assertProtected();
});

test("folders that are deeper than any path go too, protected ones inside as well", async (context) => {
  const { run, root, assertProtected } = await scene(context);
  const name = "d".repeat(20);
  const dig = `p="$(for n in $(seq 90); do printf ${name}/; done)"; mkdir -p "$p"; touch "$p/.env"; for n in 1 2 3; do mkdir -p "new/$p"; mv ${name} "new/$p"; mv new/${name} .; rmdir new; done`;
  const changes = await run(dig);
  assert.deepEqual([changes.removed.length + changes.restored.length, changes.changed], [1, []]);
  const hidden = await run(`mkdir .git && cd .git && ${dig}`);
  assert.deepEqual(hidden.restored, [".git"]);
  assert.ok(!existsSync(join(root, ".git")));
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith(".orket")),
    [],
  );
  assertProtected();
});

test("no set-user-id bit stays, and a shut folder is opened", async (context) => {
  const { run, root } = await scene(context);
  await run("echo x > tool; chmod 6755 tool; mkdir shut; echo y > shut/f; chmod 000 shut");
  assert.equal(lstatSync(join(root, "tool")).mode & 0o7777, 0o755);
  assert.equal(lstatSync(join(root, "shut")).mode & 0o700, 0o700);
});

test("what machines make out of other files is not counted as work", async (context) => {
  const { run } = await scene(context);
  const script =
    "mkdir -p node_modules/a src/__pycache__; touch node_modules/a/index.js src/__pycache__/a.pyc src/a.py; ln -s x node_modules/l";
  const changes = await run(script);
  assert.deepEqual([changes.changed, changes.removed], [["src/a.py"], ["node_modules/l"]]);
});

test("changes beyond the limit are counted", async (context) => {
  const { run } = await scene(context);
  const changes = await run(
    "mkdir many; i=0; while [ $i -lt 520 ]; do : > many/$i; i=$((i+1)); done",
  );
  assert.deepEqual([changes.changed.length, changes.omitted], [500, 20]);
});

test("a command that fails in the engine is cleaned up after, and its failure goes on", async (context) => {
  const { guarded, root, assertProtected } = await scene(context);
  const broken = guarded(async () => {
    writeFileSync(join(root, "AGENTS.md"), "changed");
    throw new Error("broken walls");
  });
  await assert.rejects(broken, /broken walls/);
  assertProtected();
});

test("one works at a time, so nobody is blamed for what another did", async (context) => {
  const { guarded, root } = await scene(context);
  const order: string[] = [];
  const work = (name: string) =>
    guarded(async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(join(root, `.env.${name}`), "x");
      order.push(`${name} ends`);
    });
  const [one, two] = await Promise.all([work("one"), work("two")]);
  assert.deepEqual(order, ["one begins", "one ends", "two begins", "two ends"]);
  assert.deepEqual(one.ok && one.value.changes.restored, [".env.one"]);
  assert.deepEqual(two.ok && two.value.changes.restored, [".env.two"]);
});

test("no command begins when what is protected is too much to be kept", async (context) => {
  const { guarded, root } = await scene(context);
  writeFileSync(join(root, "verification", "large"), Buffer.alloc(33 * 1024 * 1024));
  let began = false;
  const ended = await guarded(async () => {
    began = true;
  });
  assert.equal(ended.ok ? "ok" : ended.error.code, "FILE_TOO_LARGE");
  assert.equal(began, false);
});
