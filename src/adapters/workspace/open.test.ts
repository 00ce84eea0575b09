// The disk workspace against the contract, and what only it can show: where it puts things and which builds it takes.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { commitRequest } from "../../../test/contract/workspace-history.suite.ts";
import { testWorkspace } from "../../../test/contract/workspace.suite.ts";
import { diskWorkspacesIn, openDiskWorkspaces } from "../../../test/support/open-workspaces.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { removeLeftovers } from "./leftovers.ts";

testWorkspace("disk workspace", openDiskWorkspaces);

test("puts builds under workspaces/ and their histories under git/, outside of every workspace", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("rock-1/epic-1");
  assert.equal(workspace.dir, join(stateDir, "workspaces/rock-1/epic-1"));
  assert.deepEqual(readdirSync(workspace.dir), []);
  assert.ok(existsSync(join(stateDir, "git/rock-1/epic-1.git/HEAD")));
});

test("R-08 keeps each build in a folder and a history of its own", async (context) => {
  const workspaces = diskWorkspacesIn(await tempFolder(context));
  const [one, other] = [
    await workspaces.open("rock-1/epic-1"),
    await workspaces.open("rock-1/epic-2"),
  ];
  await one.write("a.txt", "x");
  await one.commit(commitRequest(["a.txt"]));
  assert.equal(await other.digest(), "empty");
  assert.equal((await other.read("a.txt", 10)).ok, false);
  assert.equal((await other.read(`${one.dir}/a.txt`, 10)).ok, false);
  assert.equal((await other.read("../epic-1/a.txt", 10)).ok, false);
});

test("a build whose last commit left the memory goes on where it was", async (context) => {
  const workspaces = diskWorkspacesIn(await tempFolder(context), { headsMax: 1 });
  const builds = [await workspaces.open("one"), await workspaces.open("other")];
  for (const name of ["a.txt", "b.txt"])
    for (const build of builds) {
      await build.write(name, name);
      assert.notEqual(await build.commit(commitRequest(["a.txt", "b.txt"])), null);
    }
  for (const build of builds) {
    assert.equal((await build.history(10)).length, 2);
    assert.equal(await build.commit(commitRequest(["a.txt", "b.txt"])), null);
  }
});

test("refuses build ids that are no ids, and builds that would lie inside of one another", async (context) => {
  const stateDir = await tempFolder(context);
  const workspaces = diskWorkspacesIn(stateDir);
  const bad = [
    "",
    "..",
    "../x",
    "a/../b",
    "/a",
    "a/",
    "a//b",
    "a b",
    "-x",
    ".git",
    "a.git",
    "a.git/b",
    "A.GIT",
    "x".repeat(65),
    "a/b/c/d/e",
    "a\0",
  ];
  for (const build of bad)
    await assert.rejects(workspaces.open(build), { code: "WORKSPACE_FAILED" }, build);
  assert.deepEqual(readdirSync(stateDir), []);
  await workspaces.open("outer");
  await assert.rejects(workspaces.open("outer/inner"), { code: "WORKSPACE_FAILED" });
  await workspaces.open("rock/epic");
  await assert.rejects(workspaces.open("rock"), { code: "WORKSPACE_FAILED" });
});

test("opens one workspace when it is opened often, at once, and by several processes", async (context) => {
  const stateDir = await tempFolder(context);
  const workspaces = diskWorkspacesIn(stateDir);
  const opened = await Promise.all(Array.from({ length: 8 }, () => workspaces.open("build-1")));
  assert.equal(new Set(opened).size, 1);
  await Promise.all(Array.from({ length: 8 }, () => diskWorkspacesIn(stateDir).open("build-2")));
  assert.deepEqual(readdirSync(join(stateDir, "git")), ["build-1.git", "build-2.git"]);
});

test("takes the path an agent sees through a linked state directory as inside", async (context) => {
  const folder = await tempFolder(context);
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "linked"));
  const workspace = await diskWorkspacesIn(join(folder, "linked")).open("build-1");
  for (const dir of [workspace.dir, join(folder, "real/workspaces/build-1")]) {
    assert.deepEqual(await workspace.resolve(`${dir}/a.txt`), { ok: true, value: "a.txt" });
  }
  symlinkSync("a.txt", join(workspace.dir, "b.txt"));
  const read = await workspace.read("b.txt", 10);
  assert.equal(read.ok ? "" : read.error.code, "FILE_UNFIT");
});

test("clears away unfinished writes of killed processes once they are old, and hides young ones", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("build-1");
  const [old, young] = [
    ".orket-000000000000000000000000.tmp",
    ".orket-111111111111111111111111.tmp",
  ];
  mkdirSync(join(workspace.dir, "a"));
  for (const name of [old, young]) writeFileSync(join(workspace.dir, "a", name), "half");
  const twoHoursAgo = Date.now() / 1000 - 7200;
  utimesSync(join(workspace.dir, "a", old), twoHoursAgo, twoHoursAgo);
  const again = await diskWorkspacesIn(stateDir).open("build-1");
  assert.deepEqual(readdirSync(join(workspace.dir, "a")), [young]);
  assert.deepEqual(await again.list("a"), { ok: true, value: [] });
  assert.deepEqual(await again.changed(), []);
  assert.equal((await again.read(`a/${young}`, 10)).ok, false);
  await diskWorkspacesIn(stateDir).takeOver("build-1");
  assert.deepEqual(readdirSync(join(workspace.dir, "a")), [], "who holds the build clears all");
});

test("R-17 a write that is in its middle when another one takes the build over comes to nothing", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("build-1");
  await workspace.write("a.txt", "before");
  const written = workspace.write("a.txt", "x".repeat(1_000_000));
  const halves = (): readonly string[] =>
    readdirSync(workspace.dir).filter((name) => name.endsWith(".tmp"));
  while (halves().length === 0) await setImmediate();
  // What taking over does, before the disk has answered.
  await removeLeftovers(workspace.dir, Infinity);
  assert.deepEqual(halves(), []);
  assert.equal((await written).ok, false);
  assert.equal(readFileSync(join(workspace.dir, "a.txt"), "utf8"), "before");
});

test("makes the folder again when a person has removed it", async (context) => {
  const stateDir = await tempFolder(context);
  const workspaces = diskWorkspacesIn(stateDir);
  const workspace = await workspaces.open("build-1");
  await workspace.write("a.txt", "x");
  await workspace.commit(commitRequest(["a.txt"]));
  rmSync(workspace.dir, { recursive: true });
  const missing = await workspace.write("b.txt", "x");
  assert.equal(missing.ok ? "" : missing.error.code, "FILE_MISSING");
  await workspaces.open("build-1");
  assert.deepEqual(await workspace.changed(), ["a.txt"]);
  rmSync(join(stateDir, "git"), { recursive: true });
  await workspaces.open("build-1");
  assert.equal(await workspace.digest(), "empty");
});

test(
  "finds what changed in ten thousand files without holding everything else up",
  { timeout: 20_000 },
  async (context) => {
    const workspace = await diskWorkspacesIn(await tempFolder(context)).open("build-1");
    for (let index = 0; index < 10_000; index += 1) {
      if (index % 100 === 0) mkdirSync(join(workspace.dir, `d${index / 100}`));
      writeFileSync(
        join(workspace.dir, `d${Math.floor(index / 100)}`, `f${index}.txt`),
        `${index}`,
      );
    }
    let ticks = 0;
    const ticker = setInterval(() => (ticks += 1), 5);
    const changed = await workspace.changed();
    clearInterval(ticker);
    assert.equal(changed.length, 10_000);
    assert.ok(ticks >= 5, `${ticks} ticks`);
    const startedAt = performance.now();
    assert.ok(await workspace.commit(commitRequest(changed)));
    context.diagnostic(
      `a commit of 10,000 new files: ${Math.round(performance.now() - startedAt)} ms`,
    );
    assert.deepEqual(await workspace.changed(), []);
  },
);
