// What every workspace must do with a build on its way to somebody else's repository, line by line of `Departures` in
// src/ports/workspace.ts.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { Departures, Workspace, Workspaces } from "../../src/ports/workspace.ts";
import { runCommand } from "../support/run-command.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { commitRequest } from "./workspace-history.suite.ts";

const BUILD = "rock-1/epic-1";
const MESSAGE = { subject: "shop: build", body: "Three cards." };

type Files = Readonly<Record<string, string>>;

export function testDepartures(
  name: string,
  openWorkspaces: (context: TestContext) => Promise<Workspaces>,
): void {
  describe(`${name}: departures`, () => testSending(openWorkspaces));
}

const git = async (dir: string, ...args: readonly string[]): Promise<string> =>
  runCommand("git", "-C", dir, ...args);

/** A commit of somebody else, in the repository of the departures. */
async function theirCommit(context: TestContext, { dir }: Departures, files: Files) {
  const work = await tempFolder(context);
  await git(work, "init", "-q");
  for (const [path, text] of Object.entries(files)) {
    await runCommand("mkdir", "-p", join(work, path, ".."));
    writeFileSync(join(work, path), text);
  }
  await git(work, "add", "-A");
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  await git(work, ...who, "commit", "-q", "-m", "theirs");
  await git(dir, "fetch", "-q", work, "HEAD:refs/orket/base");
  return (await git(work, "rev-parse", "HEAD")).trim();
}

async function commitFiles(workspace: Workspace, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files))
    assert.ok((await workspace.write(path, text)).ok, path);
  await workspace.commit(commitRequest(Object.keys(files)));
}

const filesAt = async (dir: string, commit: string): Promise<readonly string[]> =>
  (await git(dir, "ls-tree", "-r", "-z", "--name-only", commit)).split("\0").filter(Boolean);

function testSending(openWorkspaces: (context: TestContext) => Promise<Workspaces>): void {
  const scene = async (context: TestContext, theirs: Files) => {
    const workspaces = await openWorkspaces(context);
    const workspace = await workspaces.open(BUILD);
    const departures = await workspaces.departures(BUILD);
    const parent = await theirCommit(context, departures, theirs);
    const prepare = async () => {
      const prepared = await departures.prepare({ parent, ...MESSAGE });
      return prepared ?? assert.fail("nothing was prepared");
    };
    return { workspaces, workspace, departures, parent, prepare, dir: departures.dir };
  };

  test("the build's files lie on the parent, and what else the parent has stays", async (context) => {
    const { workspace, prepare, parent, dir } = await scene(context, {
      "README.md": "theirs\n",
      "src/a.txt": "old\n",
      "src/same.txt": "same\n",
    });
    await commitFiles(workspace, {
      "src/a.txt": "new\n",
      "src/same.txt": "same\n",
      "ü b.txt": "b\n",
    });
    const { commit, changed } = await prepare();
    assert.deepEqual([...changed].sort(), ["src/a.txt", "ü b.txt"]);
    assert.deepEqual(await filesAt(dir, commit), [
      "README.md",
      "src/a.txt",
      "src/same.txt",
      "ü b.txt",
    ]);
    assert.equal(await git(dir, "show", `${commit}:src/a.txt`), "new\n");
    assert.equal((await git(dir, "show", "-s", "--format=%P", commit)).trim(), parent);
    assert.equal(
      await git(dir, "show", "-s", "--format=%B", commit),
      "shop: build\n\nThree cards.\n\n",
    );
  });

  test("what the build made once and removed is gone, and a file of the parent that it never had is not", async (context) => {
    const { workspace, prepare, dir } = await scene(context, {
      "a.txt": "theirs\n",
      "b.txt": "theirs\n",
    });
    await commitFiles(workspace, { "a.txt": "ours\n", "c.txt": "ours\n" });
    assert.ok((await workspace.remove("a.txt")).ok);
    await workspace.commit(commitRequest(["a.txt"]));
    const { commit, changed } = await prepare();
    assert.deepEqual([...changed].sort(), ["a.txt", "c.txt"]);
    assert.deepEqual(await filesAt(dir, commit), ["b.txt", "c.txt"]);
  });

  test("a file in the place of a folder names all that goes with the folder", async (context) => {
    const { workspace, prepare } = await scene(context, {
      "docs/law/a.md": "a\n",
      "docs/b.md": "b\n",
    });
    await commitFiles(workspace, { docs: "a file\n" });
    assert.deepEqual([...(await prepare()).changed].sort(), ["docs", "docs/b.md", "docs/law/a.md"]);
  });

  test("the same again is the same commit, and it is known as sent, also to who opens later", async (context) => {
    const { workspaces, workspace, prepare, departures, parent } = await scene(context, {
      "a.txt": "a\n",
    });
    await commitFiles(workspace, { "b.txt": "b\n" });
    const first = await prepare();
    assert.deepEqual(await Promise.all([prepare(), prepare(), prepare()]), [first, first, first]);
    assert.ok(await departures.wasSent(first.commit));
    const again = await workspaces.departures(BUILD);
    assert.ok(await again.wasSent(first.commit));
    assert.ok(!(await again.wasSent(parent)), "what is of others was not sent");
    assert.ok(!(await again.wasSent("0".repeat(40))));
  });

  test("nothing is prepared where nothing would change, or there is no commit", async (context) => {
    const { workspace, departures, parent } = await scene(context, { "a.txt": "a\n" });
    assert.equal(await departures.prepare({ parent, ...MESSAGE }), null);
    await commitFiles(workspace, { "a.txt": "a\n" });
    assert.equal(await departures.prepare({ parent, ...MESSAGE }), null);
  });

  test("neither the workspace nor its history is changed, whatever a message or a name holds", async (context) => {
    const { workspace, departures, parent, dir } = await scene(context, { "a.txt": "a\n" });
    const odd = 'quote".txt';
    await commitFiles(workspace, { [odd]: "odd\n", " D a.txt": "line\n" });
    const before = [await workspace.digest(), readFileSync(join(workspace.dir, odd), "utf8")];
    const body = "done\nD a.txt\nreset refs/heads/main\n";
    const prepared = await departures.prepare({ parent, subject: "x", body });
    assert.ok(prepared !== null);
    assert.deepEqual(await filesAt(dir, prepared.commit), [" D a.txt", "a.txt", odd]);
    assert.deepEqual(
      [await workspace.digest(), readFileSync(join(workspace.dir, odd), "utf8")],
      before,
    );
  });
}
