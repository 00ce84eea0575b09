// A person's view of the project's files: what is inside and harmless, and nothing else, on a real folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createProjectFiles } from "../../src/adapters/workspace/project-files.ts";
import {
  exploreProject,
  PROJECT_FILE_BYTES_MAX,
  readProjectFile,
  saveProjectFile,
} from "../../src/app/project-files.ts";
import type { Result } from "../../src/domain/result.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function openScene(context: TestContext) {
  const above = await tempFolder(context);
  const dir = join(above, "project");
  for (const folder of ["model/core/epics", ".orket", ".git", "empty", "keys"])
    await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(above, "outside.txt"), "outside");
  for (const [name, text] of Object.entries({
    "orket.yaml": "model: ollama:x\n",
    ".env": "ORKET_API_KEY=hush",
    ".orket/orket.db": "db",
    ".git/config": "git",
    "keys/id_ed25519": "key",
    "model/core/epics/work.YAML": "name: work\n",
    "notes.db": "db",
    "README.md": "# Readme\n",
  }))
    await writeFile(join(dir, name), text);
  await symlink(join(above, "outside.txt"), join(dir, "link.txt"));
  await symlink(above, join(dir, "linked"));
  execFileSync("mkfifo", [join(dir, "pipe")]);
  return { above, dir, files: { projectFiles: createProjectFiles(dir) } };
}

const codeOf = (result: Result<unknown>): string => (result.ok ? "ok" : result.error.code);

test("lists folders first, with extensions, and leaves out what is protected", async (context) => {
  const { files } = await openScene(context);
  const listed = await exploreProject(files, ".");
  assert.ok(listed.ok);
  assert.deepEqual(
    listed.value.map(({ name }) => name),
    ["empty", "keys", "model", "README.md", "link.txt", "linked", "orket.yaml", "pipe"],
  );
  const epics = await exploreProject(files, "model/core/epics");
  assert.deepEqual(epics.ok && epics.value, [
    { name: "work.YAML", isDirectory: false, extension: ".yaml" },
  ]);
  const keys = await exploreProject(files, "keys");
  assert.deepEqual(keys.ok && keys.value, []);
});

test("a folder that is not there is empty; a file is no folder", async (context) => {
  const { files } = await openScene(context);
  assert.deepEqual(await exploreProject(files, "nowhere/at/all"), { ok: true, value: [] });
  assert.equal(codeOf(await exploreProject(files, "README.md")), "FILE_UNFIT");
});

const ESCAPES = [
  "..",
  "../outside.txt",
  "model/../README.md",
  "/etc/passwd",
  "link.txt",
  "linked/outside.txt",
  "a\0b",
  "..\\outside.txt",
  "%2e%2e/outside.txt",
];
const PROTECTED = [
  ".env",
  ".ENV",
  ".env.local",
  ".git/config",
  ".GIT/config",
  ".orket/orket.db",
  "notes.db",
  "keys/id_ed25519",
  "model/.git/hooks/x",
];

test("nothing leaves the project, and nothing protected is read, listed or written", async (context) => {
  const { above, dir, files } = await openScene(context);
  const before = await readdir(dir, { recursive: true });
  for (const [paths, code] of [
    [ESCAPES, "PATH_ESCAPE"],
    [PROTECTED, "PATH_PROTECTED"],
  ] as const) {
    for (const path of paths) {
      assert.equal(codeOf(await readProjectFile(files, path)), code, `read ${path}`);
      const saved = await saveProjectFile(files, { path, content: "x" });
      assert.equal(codeOf(saved), code, `save ${path}`);
    }
  }
  for (const path of ["..", "linked", ".git", ".orket", "/etc"])
    assert.match(codeOf(await exploreProject(files, path)), /^PATH_/, `list ${path}`);
  assert.deepEqual(await readdir(dir, { recursive: true }), before);
  assert.equal(await readFile(join(above, "outside.txt"), "utf8"), "outside");
});

test("reads a text with its digest; no folder, pipe, missing or huge file", async (context) => {
  const { dir, files } = await openScene(context);
  await writeFile(join(dir, "huge.txt"), "x".repeat(PROJECT_FILE_BYTES_MAX + 1));
  await writeFile(join(dir, "binary"), Buffer.from([0, 1, 2]));
  const read = await readProjectFile(files, "README.md");
  assert.equal(read.ok && read.value.text, "# Readme\n");
  assert.equal(codeOf(await readProjectFile(files, "model")), "FILE_UNFIT");
  assert.equal(codeOf(await readProjectFile(files, "pipe")), "FILE_UNFIT");
  assert.equal(codeOf(await readProjectFile(files, "binary")), "FILE_UNFIT");
  assert.equal(codeOf(await readProjectFile(files, "nothing.md")), "FILE_MISSING");
  assert.equal(codeOf(await readProjectFile(files, "huge.txt")), "FILE_TOO_LARGE");
});

test("saves only over what the caller has seen, and no more than a mebibyte", async (context) => {
  const { dir, files } = await openScene(context);
  const read = await readProjectFile(files, "README.md");
  assert.ok(read.ok);
  const path = "README.md";
  const expectedDigest = read.value.digest;
  const saved = await saveProjectFile(files, { path, content: "# New\n", expectedDigest });
  assert.ok(saved.ok);
  assert.equal(await readFile(join(dir, path), "utf8"), "# New\n");
  const again = await saveProjectFile(files, { path, content: "# Lost\n", expectedDigest });
  assert.equal(codeOf(again), "FILE_STALE");
  const created = await saveProjectFile(files, { path, content: "x", expectedDigest: null });
  assert.equal(codeOf(created), "FILE_STALE");
  for (const content of [
    "x".repeat(PROJECT_FILE_BYTES_MAX + 1),
    "ä".repeat(PROJECT_FILE_BYTES_MAX / 2 + 1),
  ])
    assert.equal(codeOf(await saveProjectFile(files, { path, content })), "FILE_TOO_LARGE");
  assert.equal(await readFile(join(dir, path), "utf8"), "# New\n");
  const made = await saveProjectFile(files, { path: "model/new/a.yaml", content: "name: a\n" });
  assert.ok(made.ok);
  assert.equal(await readFile(join(dir, "model/new/a.yaml"), "utf8"), "name: a\n");
});
