// The git side against the contract, and what only it can show: hostile configuration, killed processes, a full disk.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testDepartures } from "../../../test/contract/departures.suite.ts";
import {
  commitRequest,
  testWorkspaceHistory,
} from "../../../test/contract/workspace-history.suite.ts";
import { diskWorkspacesIn, openDiskWorkspaces } from "../../../test/support/open-workspaces.ts";
import { runCommand } from "../../../test/support/run-command.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createSystemClock } from "../clock/system.ts";
import { createProcesses } from "../process/spawn.ts";
import { createDiskWorkspaces } from "./open.ts";

testWorkspaceHistory("disk workspace", openDiskWorkspaces);
testDepartures("disk workspace", openDiskWorkspaces);

const SUPPORT = new URL("../../../test/support/open-workspaces.ts", import.meta.url).href;

/** A second Orket on the same state directory, as a process that can be killed or starved. */
const otherProcess = (stateDir: string, body: string): readonly string[] => [
  "--input-type=module",
  "--eval",
  `const { diskWorkspacesIn } = await import(${JSON.stringify(SUPPORT)});
   const workspace = await diskWorkspacesIn(${JSON.stringify(stateDir)}).open("build-1");
   const request = { subject: "s", card: "c", seat: "s", turn: "t", run: "r" };
   ${body}`,
];

const depsIn = (stateDir: string) => ({
  stateDir,
  processes: createProcesses(),
  clock: createSystemClock(),
});

/** A folder for the search path with a git that has something happen to it first. */
async function fakeGit(stateDir: string, before: string): Promise<string> {
  const folder = mkdtempSync(join(stateDir, "bin-"));
  const real = (await runCommand("sh", "-c", "command -v git")).trim();
  writeFileSync(
    join(folder, "git"),
    `#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\n${before}\nexec ${real} "$@"\n`,
  );
  chmodSync(join(folder, "git"), 0o755);
  return folder;
}

const noise = (count: number): string =>
  Array.from({ length: count }, (_, index) =>
    ((index * 2_654_435_761) % 4_294_967_296).toString(36),
  ).join("");

test("runs nothing that lies in the workspace: attributes, filters, hooks, fsmonitor, a nested repository", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("build-1");
  const trap = join(stateDir, "trap.sh");
  const sprung = join(stateDir, "sprung");
  writeFileSync(trap, `#!/bin/sh\necho "$0 $@" >> ${sprung}\ncat\n`);
  chmodSync(trap, 0o755);
  const evil = `[core]\n fsmonitor = ${trap}\n hooksPath = hooks\n[filter "evil"]\n clean = ${trap}\n smudge = ${trap}\n required = true\n[diff "evil"]\n textconv = ${trap}\n command = ${trap}\n`;
  for (const folder of [".git", "nested/.git"]) {
    mkdirSync(join(workspace.dir, folder, "hooks"), { recursive: true });
    writeFileSync(join(workspace.dir, folder, "config"), evil);
    writeFileSync(join(workspace.dir, folder, "HEAD"), "ref: refs/heads/main\n");
    for (const hook of ["pre-commit", "post-commit", "reference-transaction"]) {
      writeFileSync(join(workspace.dir, folder, "hooks", hook), readFileSync(trap));
      chmodSync(join(workspace.dir, folder, "hooks", hook), 0o755);
    }
  }
  for (const path of ["nested/a.txt", "a.txt"]) await workspace.write(path, "text\r\n");
  const attributes =
    "* filter=evil diff=evil text=auto eol=lf ident -diff\n*.txt binary export-subst working-tree-encoding=UTF-16\n";
  for (const path of [".gitattributes", "nested/.gitattributes"])
    await workspace.write(path, attributes);
  assert.deepEqual(await workspace.changed(), [
    ".gitattributes",
    "a.txt",
    "nested/.gitattributes",
    "nested/a.txt",
  ]);
  const commit = await workspace.commit(
    commitRequest(["a.txt", "nested/a.txt", ".gitattributes", "nested/.gitattributes"]),
  );
  assert.match(
    await workspace.diff(commit ?? ""),
    /\+text\r\n/,
    "attributes in the commit hide nothing from the diff",
  );
  await workspace.history(5);
  assert.deepEqual(await workspace.changed(), []);
  assert.ok(!existsSync(sprung), existsSync(sprung) ? readFileSync(sprung, "utf8") : "");
});

test("takes no configuration from the machine's environment", async (context) => {
  const stateDir = await tempFolder(context);
  const config = join(stateDir, "config");
  writeFileSync(
    config,
    "[user]\n name = Somebody\n[core]\n hooksPath = /nowhere\n[commit]\n gpgSign = true\n",
  );
  const body = `await workspace.write("a.txt", "x"); console.log(await workspace.commit({ paths: ["a.txt"], ...request }));`;
  const child = spawn(process.execPath, otherProcess(stateDir, body), {
    env: {
      GIT_CONFIG_GLOBAL: config,
      GIT_DIR: "/nowhere",
      GIT_AUTHOR_NAME: "Somebody",
      HOME: stateDir,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [exitCode] = await once(child, "close");
  assert.equal(exitCode, 0);
  const author = await runCommand(
    "git",
    `--git-dir=${stateDir}/git/build-1.git`,
    "log",
    "--format=%an <%ae> %cn",
  );
  assert.equal(author, "Orket <orket@localhost> Orket\n");
});

test(
  "commits again after processes were killed in the middle of commits, and loses none it had reported",
  { timeout: 20_000 },
  async (context) => {
    const stateDir = await tempFolder(context);
    const body = `for (let round = 0; ; round += 1) {
    await workspace.write("f.txt", process.pid + " " + round);
    console.log(await workspace.commit({ paths: ["f.txt"], ...request }));
  }`;
    const reported: string[] = [];
    for (const lifeMs of [250, 265, 280]) {
      const child = spawn(process.execPath, otherProcess(stateDir, body), {
        // It is killed, and half a coverage file would spoil the whole report.
        env: { ...process.env, NODE_V8_COVERAGE: "" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, lifeMs - 240));
      child.kill("SIGKILL");
      await once(child, "close");
      reported.push(...output.split("\n").filter((line) => line.length === 40));
    }
    const workspace = await diskWorkspacesIn(stateDir).open("build-1");
    const commits = (await workspace.history(1000)).map(({ commit }) => commit);
    for (const commit of reported) assert.ok(commits.includes(commit));
    await workspace.write("f.txt", "afterwards");
    assert.ok(await workspace.commit(commitRequest(["f.txt"])));
    await runCommand("git", `--git-dir=${stateDir}/git/build-1.git`, "fsck", "--strict");
  },
);

test(
  "removes the lock that a killed process left on the branch",
  { timeout: 15_000 },
  async (context) => {
    const stateDir = await tempFolder(context);
    const workspace = await diskWorkspacesIn(stateDir).open("build-1");
    writeFileSync(join(stateDir, "git/build-1.git/refs/heads/main.lock"), "");
    await workspace.write("a.txt", "x");
    assert.ok(await workspace.commit(commitRequest(["a.txt"])));
    assert.deepEqual(
      readdirSync(join(stateDir, "git/build-1.git")).filter((name) =>
        name.startsWith("fast_import"),
      ),
      [],
    );
  },
);

test("builds on what another process has committed meanwhile, and on packed refs", async (context) => {
  const stateDir = await tempFolder(context);
  const [one, other] = [
    await diskWorkspacesIn(stateDir).open("build-1"),
    await diskWorkspacesIn(stateDir).open("build-1"),
  ];
  for (const [index, workspace] of [one, other, one, other].entries()) {
    await workspace.write(`f${index}.txt`, "x");
    assert.ok(await workspace.commit(commitRequest([`f${index}.txt`])));
    await runCommand("git", `--git-dir=${stateDir}/git/build-1.git`, "pack-refs", "--all");
  }
  await Promise.all([one.write("a.txt", "x"), other.write("b.txt", "x")]);
  await Promise.all([one.commit(commitRequest(["a.txt"])), other.commit(commitRequest(["b.txt"]))]);
  assert.equal((await one.history(100)).length, 6);
  assert.deepEqual(await other.changed(), []);
});

test(
  "reports a full disk as such, keeps what was committed, and goes on when there is room",
  { timeout: 20_000 },
  async (context) => {
    const stateDir = await tempFolder(context);
    const workspace = await diskWorkspacesIn(stateDir).open("build-1");
    await workspace.write("a.txt", "before");
    await workspace.commit(commitRequest(["a.txt"]));
    writeFileSync(join(workspace.dir, "big.txt"), noise(60_000));
    // With its signal ignored, the limit on file sizes fails a write half-way, as a full disk does, and it needs no rights.
    const starved = await fakeGit(stateDir, "trap '' XFSZ\nulimit -f 64");
    const full = await createDiskWorkspaces({ ...depsIn(stateDir), searchPath: starved }).open(
      "build-1",
    );
    await assert.rejects(full.commit(commitRequest(["big.txt"])), { code: "STORE_FULL" });
    assert.equal((await full.history(10)).length, 1);
    const gitDir = join(stateDir, "git/build-1.git");
    assert.deepEqual(readdirSync(gitDir).sort(), ["HEAD", "config", "objects", "refs"]);
    assert.deepEqual(readdirSync(join(gitDir, "objects/pack")), []);
    assert.ok(await workspace.commit(commitRequest(["big.txt"])));
    assert.deepEqual(await full.changed(), []);
  },
);

test("leaves no half-written file on a full disk", { timeout: 20_000 }, async (context) => {
  const stateDir = await tempFolder(context);
  await (await diskWorkspacesIn(stateDir).open("build-1")).write("a.txt", "before");
  const body = `const code = await workspace.write("new/a.txt", "x".repeat(200_000)).catch((error) => error.code);
    const replaced = await workspace.write("a.txt", "x".repeat(200_000)).catch((error) => error.code);
    console.log(JSON.stringify([code, replaced, (await workspace.read("a.txt", 100)).value.text, await workspace.list("new")]));`;
  const words = [process.execPath, ...otherProcess(stateDir, body)].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const output = await runCommand("sh", "-c", `ulimit -f 64; exec ${words.join(" ")}`);
  assert.deepEqual(JSON.parse(output), [
    "STORE_FULL",
    "STORE_FULL",
    "before",
    { ok: true, value: [] },
  ]);
  const left = readdirSync(join(stateDir, "workspaces/build-1"), {
    recursive: true,
    encoding: "utf8",
  });
  assert.deepEqual(left.toSorted(), ["a.txt", "new"]);
});

test("retries when git dies, and gives up after a few times", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("build-1");
  await workspace.write("a.txt", "x");
  const counter = join(stateDir, "count");
  const flaky = await fakeGit(
    stateDir,
    `echo x >> ${counter}\n[ $(wc -l < ${counter}) -le 2 ] && exit 128`,
  );
  const other = await createDiskWorkspaces({ ...depsIn(stateDir), searchPath: flaky }).open(
    "build-1",
  );
  assert.ok(await other.commit(commitRequest(["a.txt"])));
  const broken = await createDiskWorkspaces({
    ...depsIn(stateDir),
    searchPath: await fakeGit(stateDir, "exit 1"),
  }).open("build-1");
  await workspace.write("a.txt", "y");
  await assert.rejects(broken.commit(commitRequest(["a.txt"])), { code: "WORKSPACE_FAILED" });
});

test("puts a read-only state directory down to that", async (context) => {
  const stateDir = await tempFolder(context);
  chmodSync(stateDir, 0o555);
  // Root may write anywhere, so the other process gives its rights away first.
  const body = `if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
    const open = diskWorkspacesIn(${JSON.stringify(stateDir)}).open("build-1");
    console.log(await open.catch((error) => error.code));`;
  const script = `const { diskWorkspacesIn } = await import(${JSON.stringify(SUPPORT)}); ${body}`;
  assert.equal(
    await runCommand(process.execPath, "--input-type=module", "--eval", script),
    "PROJECT_READ_ONLY\n",
  );
  chmodSync(stateDir, 0o755);
});

test("says what is missing when there is no git", async (context) => {
  const stateDir = await tempFolder(context);
  const deps = { ...depsIn(stateDir), searchPath: join(stateDir, "nothing") };
  await assert.rejects(createDiskWorkspaces(deps).open("build-1"), {
    code: "WORKSPACE_FAILED",
    message: /Install git/,
  });
});
