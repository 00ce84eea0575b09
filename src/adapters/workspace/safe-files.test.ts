// What the walk does where a workspace cannot easily lead it: devices, foreign machines, descriptors that must be closed.
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { diskWorkspacesIn } from "../../../test/support/open-workspaces.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { commitRequest } from "../../../test/contract/workspace-history.suite.ts";
import {
  closeFolder,
  openFile,
  openFolder,
  openNext,
  openRoot,
  replaceFile,
  requireDescriptorPaths,
  statEntry,
} from "./safe-files.ts";

test("says what a machine without descriptor paths lacks", () => {
  requireDescriptorPaths();
  assert.throws(() => requireDescriptorPaths("/no/such/proc"), {
    code: "WORKSPACE_FAILED",
    message: /need Linux/,
  });
});

test("refuses devices and sockets without opening them", async (context) => {
  const root = await tempFolder(context);
  const server = createServer().listen(join(root, "socket"));
  context.after(() => server.close());
  for (const [folder, name] of [
    ["/dev", "null"],
    ["/dev", "tty"],
    [root, "socket"],
  ] as const) {
    const opened = openFolder(folder, []);
    assert.ok(opened.ok);
    const file = openFile(opened.value, [name]);
    assert.equal(file.ok ? "ok" : file.error.code, "FILE_UNFIT", name);
    const replaced = await replaceFile(opened.value, [name], Buffer.from("x"));
    assert.equal(replaced.ok ? "ok" : replaced.error.code, "FILE_UNFIT", name);
    closeFolder(opened.value);
  }
});

test("takes no path for a name", async (context) => {
  const root = openRoot(await tempFolder(context));
  assert.ok(root.ok);
  for (const name of ["", ".", "..", "a/b", "/etc", "a\0"]) {
    assert.throws(() => openNext(root.value, [name]), { code: "INTERNAL" }, name);
    assert.throws(() => statEntry(root.value, name), { code: "INTERNAL" }, name);
    assert.throws(() => openFile(root.value, [name]), { code: "INTERNAL" }, name);
  }
  closeFolder(root.value);
});

test("holds on to the folder it has opened, wherever its path leads later", async (context) => {
  const root = await tempFolder(context);
  mkdirSync(join(root, "a"));
  const folder = openFolder(root, ["a"]);
  assert.ok(folder.ok);
  renameSync(join(root, "a"), join(root, "moved"));
  symlinkSync("/etc", join(root, "a"));
  assert.ok((await replaceFile(folder.value, ["a", "x"], Buffer.from("x"))).ok);
  assert.deepEqual(readdirSync(join(root, "moved")), ["x"]);
  closeFolder(folder.value);
});

test("closes every descriptor, also after refusals, failures and searches that were ended", async (context) => {
  const stateDir = await tempFolder(context);
  const workspace = await diskWorkspacesIn(stateDir).open("build-1");
  mkdirSync(join(workspace.dir, "folder/deep"), { recursive: true });
  symlinkSync("/etc", join(workspace.dir, "link"));
  writeFileSync(join(workspace.dir, "slow.txt"), `${"a".repeat(40)}!\n`);
  const useAll = async (): Promise<void> => {
    for (const path of [
      "folder/deep/a.txt",
      "link/passwd",
      "none/x",
      "folder",
      "slow.txt/x",
      "../x",
    ]) {
      await workspace.write(path, "x");
      await workspace.read(path, 10);
      await workspace.list(path);
      await workspace.resolve(path);
      await workspace.commit(commitRequest([path])).catch(() => null);
      await workspace.remove(path);
    }
    await workspace.changed();
    const query = { pattern: "^(a+)+$", literal: false, path: ".", glob: null, matchesMax: 5 };
    const ended = new AbortController();
    setTimeout(() => ended.abort(), 80);
    await workspace.search(query, ended.signal);
  };
  const open = (): readonly string[] => readdirSync("/proc/self/fd");
  await useAll();
  const before = open().length;
  for (let round = 0; round < 5; round += 1) await useAll();
  assert.ok(open().length <= before + 1, `${before} descriptors became ${open().length}`);
});

test("answers what it may not open as a refusal, and makes new folders and files without rights for all", async (context) => {
  const root = await tempFolder(context);
  const folder = openFolder(root, ["a", "b"], true);
  assert.ok(folder.ok);
  assert.ok((await replaceFile(folder.value, ["a", "b", "c"], Buffer.from("x"))).ok);
  closeFolder(folder.value);
  assert.equal(statSync(join(root, "a/b")).mode & 0o022, 0);
  assert.equal(statSync(join(root, "a/b/c")).mode & 0o133, 0);
  chmodSync(join(root, "a/b/c"), 0o4755);
  const again = openFolder(root, ["a", "b"]);
  assert.ok(again.ok);
  assert.ok((await replaceFile(again.value, ["a", "b", "c"], Buffer.from("y"))).ok);
  closeFolder(again.value);
  assert.equal(statSync(join(root, "a/b/c")).mode & 0o7777, 0o755, "no set-user-id bit survives");
});

test("does not replace a file that somebody else has changed while it was being written", async (context) => {
  const root = await tempFolder(context);
  const parent = openRoot(root);
  assert.ok(parent.ok);
  context.after(() => closeFolder(parent.value));
  for (const before of [null, "old"]) {
    const path = join(root, `${before}.md`);
    if (before !== null) writeFileSync(path, before);
    const writing = replaceFile(parent.value, [`${before}.md`], Buffer.from("ours"));
    writeFileSync(path, "theirs");
    const written = await writing;
    assert.equal(written.ok || written.error.code, "FILE_STALE");
    assert.equal(readFileSync(path, "utf8"), "theirs");
  }
  assert.deepEqual(readdirSync(root).toSorted(), ["null.md", "old.md"]);
});
