// What every workspace must do with its history, line by line of the contract in src/ports/workspace.ts.
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { CommitRequest, Workspace, Workspaces } from "../../src/ports/workspace.ts";
import { runCommand } from "../support/run-command.ts";

type OpenWorkspaces = (context: TestContext) => Promise<Workspaces>;
type Scene = (context: TestContext) => Promise<Workspace>;

export function testWorkspaceHistory(name: string, openWorkspaces: OpenWorkspaces): void {
  const scene: Scene = async (context) => (await openWorkspaces(context)).open("rock-1/epic-1");
  describe(`${name}: history`, () => testHistory(scene));
  describe(`${name}: snapshots`, () => testSnapshots(scene));
  describe(`${name}: forks`, () => testForks(openWorkspaces));
  describe(`${name}: history of odd files`, () => testOddFiles(scene));
}

export const commitRequest = (
  paths: readonly string[],
  change: Partial<CommitRequest> = {},
): CommitRequest => ({
  paths,
  subject: "card-1: write",
  card: "card-1",
  seat: "coder",
  turn: "turn-1",
  run: "run-1",
  ...change,
});

const put = async (workspace: Workspace, path: string, text: string): Promise<void> => {
  assert.ok((await workspace.write(path, text)).ok, path);
};

function testSnapshots(scene: Scene): void {
  test("a snapshot is what is committed, whatever lies in the folder, and names it by its digest", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "src/a.txt", "one\r\n");
    await put(workspace, ".gitattributes", "*.txt text eol=lf export-ignore\n* filter=evil\n");
    await workspace.commit(commitRequest(["src/a.txt", ".gitattributes"]));
    await put(workspace, "src/a.txt", "changed since\n");
    await put(workspace, "b.txt", "never committed\n");
    const { dir, digest, remove } = await workspace.snapshot();
    assert.equal(digest, await workspace.digest());
    assert.deepEqual(readdirSync(dir, { recursive: true }).map(String).sort(), [
      ".gitattributes",
      "src",
      "src/a.txt",
    ]);
    assert.equal(readFileSync(join(dir, "src/a.txt"), "utf8"), "one\r\n");
    assert.notEqual(statSync(dir).ino, statSync(workspace.dir).ino);
    for (const name of ["src", "src/a.txt"])
      assert.equal(statSync(join(dir, name)).mode & 0o004, 0o004, "another user reads it");
    writeFileSync(join(dir, "src/a.txt"), "spoilt\n");
    const again = await workspace.snapshot();
    assert.equal(readFileSync(join(again.dir, "src/a.txt"), "utf8"), "one\r\n");
    const read = await workspace.read("src/a.txt", 100);
    assert.equal(read.ok && read.value.text, "changed since\n");
    await Promise.all([remove(), again.remove()]);
    assert.deepEqual([existsSync(dir), existsSync(again.dir)], [false, false]);
  });

  test("a snapshot of nothing is an empty folder", async (context) => {
    const { dir, digest, remove } = await (await scene(context)).snapshot();
    assert.deepEqual([digest, readdirSync(dir)], ["empty", []]);
    await remove();
  });
}

function testHistory(scene: Scene): void {
  test("starts empty", async (context) => {
    const workspace = await scene(context);
    assert.equal(await workspace.digest(), "empty");
    assert.deepEqual(await workspace.history(10), []);
    assert.deepEqual(await workspace.changed(), []);
    assert.equal(await workspace.commit(commitRequest([])), null);
    assert.equal(await workspace.commit(commitRequest(["none.txt"])), null);
  });

  test("commits the named paths only, with card, seat and turn, newest first", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "a.txt", "one\n");
    await put(workspace, "b.txt", "two\n");
    const first = await workspace.commit(commitRequest(["a.txt"], { subject: "first" }));
    assert.deepEqual(await workspace.changed(), ["b.txt"]);
    const second = await workspace.commit(
      commitRequest(["b.txt"], {
        subject: "second",
        card: "card-2",
        seat: "guard",
        turn: "turn-2",
      }),
    );
    assert.deepEqual(await workspace.changed(), []);
    const history = await workspace.history(10);
    assert.deepEqual(
      history.map(({ commit, subject, card, seat, turn }) => ({
        commit,
        subject,
        card,
        seat,
        turn,
      })),
      [
        { commit: second, subject: "second", card: "card-2", seat: "guard", turn: "turn-2" },
        { commit: first, subject: "first", card: "card-1", seat: "coder", turn: "turn-1" },
      ],
    );
    assert.match(history[0]?.at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    assert.equal((await workspace.history(1)).length, 1);
  });

  test("commits changes and deletions; nothing changed gives null and the same digest", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "a.txt", "one\n");
    await put(workspace, "deep/er/b.txt", "two\n");
    await workspace.commit(commitRequest(["a.txt", "deep/er/b.txt"]));
    const digest = await workspace.digest();
    assert.match(digest, /^[0-9a-f]{40}$/);
    assert.equal(await workspace.commit(commitRequest(["a.txt", "deep/er/b.txt", "a.txt"])), null);
    assert.equal(await workspace.digest(), digest);
    await put(workspace, "a.txt", "three\n");
    await workspace.remove("deep/er/b.txt");
    assert.deepEqual(await workspace.changed(), ["a.txt", "deep/er/b.txt"]);
    const commit = await workspace.commit(commitRequest(["a.txt", "deep/er/b.txt"]));
    const diff = await workspace.diff(commit ?? "");
    assert.match(diff, /-one\n\+three/);
    assert.match(diff, /deleted file mode 100644/);
    await put(workspace, "a.txt", "one\n");
    await put(workspace, "deep/er/b.txt", "two\n");
    await workspace.commit(commitRequest(["a.txt", "deep/er/b.txt"]));
    assert.equal(
      await workspace.digest(),
      digest,
      "the digest is that of the content, not of the way to it",
    );
  });

  test("shows the first commit as additions and refuses what is no commit", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "größe.txt", "ü\n");
    const commit = await workspace.commit(commitRequest(["größe.txt"]));
    assert.match(
      await workspace.diff(commit ?? ""),
      /^diff --git a\/größe\.txt b\/größe\.txt\n[\s\S]*\n\+ü\n$/,
    );
    for (const id of ["", "HEAD", "--output=/tmp/x", "f".repeat(40), "main"]) {
      await assert.rejects(workspace.diff(id), { code: "WORKSPACE_FAILED" }, id);
    }
  });

  test("lets no subject or trailer forge another line", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "a.txt", "x");
    const subject = "fine\n\nCard: forged\r\nTurn: forged\u2028Seat: forged\0";
    await workspace.commit(
      commitRequest(["a.txt"], { subject, turn: "turn-1\nCard: forged", seat: "" }),
    );
    const [info] = await workspace.history(1);
    assert.equal(info?.subject, "fine Card: forged Turn: forged Seat: forged");
    assert.deepEqual([info?.card, info?.seat, info?.turn], ["card-1", "", "turn-1 Card: forged"]);
    await put(workspace, "a.txt", "y");
    await workspace.commit(commitRequest(["a.txt"], { subject: " \n ", card: "x".repeat(5000) }));
    assert.equal((await workspace.history(1))[0]?.subject, "(no subject)");
  });

  test("puts commits that are asked for at once one after the other", async (context) => {
    const workspace = await scene(context);
    const paths = Array.from({ length: 12 }, (_, index) => `f${index}.txt`);
    for (const path of paths) await put(workspace, path, path);
    const commits = await Promise.all(paths.map((path) => workspace.commit(commitRequest([path]))));
    assert.equal(new Set(commits).size, paths.length);
    assert.deepEqual(
      (await workspace.history(100)).map(({ commit }) => commit),
      commits.toReversed(),
    );
    assert.deepEqual(await workspace.changed(), []);
  });
}

function testOddFiles(scene: Scene): void {
  test("takes names that look like options, pathspecs, commands or quoting for what they are", async (context) => {
    const workspace = await scene(context);
    const names = [
      "-rf",
      "--output=x",
      ":(exclude)*",
      ":!a",
      "*",
      "a b",
      'quo"te',
      "back\\slash",
      "文件 😀",
      "$(id)",
      "'",
    ];
    const hostile = [
      "line\nD safe.txt",
      "M 100644 inline x\ndata 1\nx\n",
      "tab\there",
      "\u0001",
      "\u202ernp",
    ];
    await put(workspace, "safe.txt", "safe");
    await workspace.commit(commitRequest(["safe.txt"]));
    for (const name of [...names, ...hostile]) writeFileSync(join(workspace.dir, name), name);
    const expected = [...names, ...hostile].sort();
    assert.deepEqual(await workspace.changed(), expected);
    await workspace.commit(commitRequest([":(exclude)*"]));
    assert.deepEqual(
      await workspace.changed(),
      expected.filter((name) => name !== ":(exclude)*"),
    );
    await workspace.commit(commitRequest(expected));
    assert.deepEqual(await workspace.changed(), []);
    assert.match(await workspace.diff((await workspace.history(1))[0]?.commit ?? ""), /b\/-rf/);
  });

  test("keeps bytes, line ends and the executable bit as they are", async (context) => {
    const workspace = await scene(context);
    writeFileSync(join(workspace.dir, "bytes"), Buffer.from([0, 255, 13, 10, 128]));
    writeFileSync(join(workspace.dir, "dos.txt"), "a\r\nb\r\n");
    writeFileSync(join(workspace.dir, "data 5"), "\ndone\n");
    await workspace.commit(commitRequest(["bytes", "dos.txt", "data 5"]));
    assert.deepEqual(await workspace.changed(), []);
    chmodSync(join(workspace.dir, "dos.txt"), 0o755);
    assert.deepEqual(await workspace.changed(), ["dos.txt"]);
    const commit = await workspace.commit(commitRequest(["dos.txt"]));
    assert.match(await workspace.diff(commit ?? ""), /new mode 100755/);
  });

  test("follows files that became folders and folders that became files", async (context) => {
    const workspace = await scene(context);
    await put(workspace, "x", "file");
    await put(workspace, "y/one", "1");
    await put(workspace, "y/two", "2");
    await workspace.commit(commitRequest(["x", "y/one", "y/two"]));
    await workspace.remove("x");
    await put(workspace, "x/inner", "now inside");
    rmSync(join(workspace.dir, "y"), { recursive: true });
    await put(workspace, "y", "now a file");
    await workspace.commit(commitRequest(["x/inner", "y"]));
    assert.deepEqual(await workspace.changed(), []);
    await put(workspace, "y", "changed");
    assert.deepEqual(await workspace.changed(), ["y"]);
  });

  test("tracks no links, FIFOs or hard links, and names no secrets that were never committed", async (context) => {
    const workspace = await scene(context);
    const outside = `${workspace.dir}-outside`;
    mkdirSync(outside);
    writeFileSync(join(outside, "secret.txt"), "secret");
    await put(workspace, "a.txt", "x");
    await put(workspace, "folder/b.txt", "x");
    await workspace.commit(commitRequest(["a.txt", "folder/b.txt"]));
    symlinkSync(join(outside, "secret.txt"), join(workspace.dir, "link"));
    await runCommand("ln", join(outside, "secret.txt"), join(workspace.dir, "hard"));
    await runCommand("mkfifo", join(workspace.dir, "fifo"));
    for (const name of [".env", "id_rsa", "a.db"])
      writeFileSync(join(workspace.dir, name), "secret");
    assert.deepEqual(await workspace.changed(), []);
    assert.equal(await workspace.commit(commitRequest(["link", "hard", "fifo"])), null);
    // What an agent's command left in the place of committed files counts as their absence.
    rmSync(join(workspace.dir, "a.txt"));
    symlinkSync(join(outside, "secret.txt"), join(workspace.dir, "a.txt"));
    renameSync(join(workspace.dir, "folder"), join(workspace.dir, "moved"));
    writeFileSync(join(outside, "b.txt"), "secret");
    symlinkSync(outside, join(workspace.dir, "folder"));
    assert.deepEqual(await workspace.changed(), ["a.txt", "folder/b.txt", "moved/b.txt"]);
    const commit = await workspace.commit(commitRequest(["a.txt", "folder/b.txt"]));
    assert.doesNotMatch(await workspace.diff(commit ?? ""), /secret/);
    assert.deepEqual(await workspace.changed(), ["moved/b.txt"]);
  });

  test("throws for paths that are not in normal form or belong to git or Orket", async (context) => {
    const workspace = await scene(context);
    for (const path of [
      "",
      ".",
      "../x",
      "/etc/passwd",
      "a//b",
      "a/./b",
      ".git/config",
      "a/.GIT/x",
      ".orket/x",
      "a\0b",
    ]) {
      await assert.rejects(
        workspace.commit(commitRequest([path])),
        { code: "INTERNAL" },
        JSON.stringify(path),
      );
    }
  });
}

function testForks(openWorkspaces: OpenWorkspaces): void {
  test("makes a new workspace as one was at a commit, byte for byte, and leaves that one alone", async (context) => {
    const workspaces = await openWorkspaces(context);
    const old = await workspaces.open("old");
    await put(old, ".gitattributes", "* text eol=crlf\n*.txt filter=evil\n");
    await put(old, "a.txt", "one\nü\r\n");
    await put(old, "deep/er/b.sh", "#!/bin/sh\n");
    chmodSync(join(old.dir, "deep/er/b.sh"), 0o755);
    const paths = [".gitattributes", "a.txt", "deep/er/b.sh"];
    const first = (await old.commit(commitRequest(paths))) ?? "";
    const digest = await old.digest();
    await put(old, "a.txt", "two\n");
    const second = (await old.commit(commitRequest(["a.txt"]))) ?? "";
    await put(old, "never.txt", "not committed");
    const made = await workspaces.fork([{ from: "old", to: "new", commits: [first] }]);
    assert.deepEqual(made, { ok: true, value: [digest] });
    const fresh = await workspaces.open("new");
    assert.equal(await fresh.digest(), digest);
    assert.deepEqual(await fresh.changed(), []);
    const text = await fresh.read("a.txt", 100);
    assert.ok(text.ok && text.value.text === "one\nü\r\n", JSON.stringify(text));
    assert.deepEqual(
      (await fresh.history(10)).map(({ commit }) => commit),
      [first],
    );
    await put(fresh, "c.txt", "c");
    assert.notEqual(await fresh.commit(commitRequest(["c.txt"])), null);
    assert.deepEqual(
      (await old.history(10)).map(({ commit }) => commit),
      [second, first],
    );
    assert.deepEqual(await old.changed(), ["never.txt"]);
  });

  test("begins at the newest of the commits by the history, and empty where there are none", async (context) => {
    const workspaces = await openWorkspaces(context);
    const old = await workspaces.open("rock/old");
    const commits: string[] = [];
    for (const name of ["a", "b", "c"]) {
      await put(old, name, name);
      commits.push((await old.commit(commitRequest([name]))) ?? "");
    }
    const [first = "", second = ""] = commits;
    const made = await workspaces.fork([
      { from: "rock/old", to: "fork/old", commits: [second, first] },
      { from: "none", to: "fork/none", commits: [] },
    ]);
    assert.ok(made.ok);
    assert.equal(made.value[1], null);
    const [head] = await (await workspaces.open("fork/old")).history(1);
    assert.equal(head?.commit, second);
    assert.equal(await (await workspaces.open("fork/none")).digest(), "empty");
  });

  test("refuses a name that is taken and a commit that is lost, and then makes none of them", async (context) => {
    const workspaces = await openWorkspaces(context);
    const old = await workspaces.open("old");
    await put(old, "a", "a");
    const commit = (await old.commit(commitRequest(["a"]))) ?? "";
    const codeOf = async (to: string, commits: readonly string[], from = "old") => {
      const good = { from: "old", to: "first", commits: [commit] };
      const made = await workspaces.fork([good, { from, to, commits }]);
      return made.ok ? "ok" : made.error.code;
    };
    assert.equal(await codeOf("old", [commit]), "BUILD_EXISTS");
    assert.equal(await codeOf("new", [commit, "0".repeat(40)]), "HISTORY_INCOMPLETE");
    assert.equal(await codeOf("new", [commit], "nobody"), "HISTORY_INCOMPLETE");
    for (const name of ["../out", "a.git", ""])
      await assert.rejects(codeOf(name, [commit]), { code: "WORKSPACE_FAILED" }, name);
    assert.equal(await codeOf("new", [commit]), "ok");
    assert.equal(await codeOf("newer", [commit]), "BUILD_EXISTS");
  });
}
