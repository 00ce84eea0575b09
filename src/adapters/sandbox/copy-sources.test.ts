// Which parts of an agent's folder a build gets to see, and what happens to the rest.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  globSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { copySources } from "./copy-sources.ts";

const { signal } = new AbortController();

async function makeFolders(context: TestContext) {
  const outside = await tempFolder(context);
  writeFileSync(join(outside, "canary"), "canary");
  return {
    from: await tempFolder(context),
    to: join(await tempFolder(context), "sources"),
    outside,
  };
}

const filesIn = (folder: string): readonly string[] =>
  globSync(["**/*", "**/.*"], { cwd: folder, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

test("R-56 plain files and folders are copied; links, special files, git, .env and compose files are not", async (context) => {
  const { from, to, outside } = await makeFolders(context);
  for (const folder of ["src/deep", ".git", "src/.GIT"])
    mkdirSync(join(from, folder), { recursive: true });
  const texts = [
    "src/app.js",
    "src/deep/run.sh",
    ".dockerignore",
    "composer.json",
    "docker-compose.md",
    ".git/config",
    "src/.GIT/config",
    ".env",
    "src/.env.local",
    ".ENV",
    "compose.yaml",
    "docker-compose.yml",
    "src/docker-compose.override.yml",
    "compose.prod.YAML",
  ];
  for (const path of texts) writeFileSync(join(from, path), path);
  chmodSync(join(from, "src/deep/run.sh"), 0o4777);
  symlinkSync(join(outside, "canary"), join(from, "link"));
  symlinkSync(outside, join(from, "folder-link"));
  symlinkSync("/proc/self/environ", join(from, "src/environ"));
  linkSync(join(outside, "canary"), join(from, "hard-link"));
  execFileSync("mkfifo", [join(from, "fifo")]);
  assert.deepEqual(await copySources(from, to, { signal }), { ok: true, value: null });
  assert.deepEqual(filesIn(to), [
    ".dockerignore",
    "composer.json",
    "docker-compose.md",
    "src/app.js",
    "src/deep/run.sh",
  ]);
  assert.equal(readFileSync(join(to, "src/app.js"), "utf8"), "src/app.js");
  assert.equal(statSync(join(to, "src/deep/run.sh")).mode & 0o7777, 0o755);
});

test("too many files, too many bytes, also of a sparse file, and too many levels are refused", async (context) => {
  const caps = { filesMax: 5, bytesMax: 1000 };
  const many = await makeFolders(context);
  for (let index = 0; index < 6; index += 1) writeFileSync(join(many.from, `${index}`), "");
  const large = await makeFolders(context);
  writeFileSync(join(large.from, "sparse"), "");
  truncateSync(join(large.from, "sparse"), 2 ** 40);
  const deep = await makeFolders(context);
  mkdirSync(join(deep.from, "a/".repeat(70)), { recursive: true });
  const cases = [
    [many, caps, /more than 5 files/],
    [large, caps, /larger than 1000 bytes/],
    [deep, undefined, /deeper than 64 folders/],
  ] as const;
  for (const [{ from, to }, limits, message] of cases) {
    const limit = limits === undefined ? { signal } : { caps: limits, signal };
    const copied = await copySources(from, to, limit);
    assert.match(copied.ok ? "" : copied.error.message, message);
  }
});

test("a missing folder, a file and a link in its place are refused, and an abort ends the copy", async (context) => {
  const { from, to, outside } = await makeFolders(context);
  symlinkSync(outside, join(from, "link"));
  writeFileSync(join(from, "file"), "");
  for (const name of ["missing", "file", "link"])
    assert.equal((await copySources(join(from, name), to, { signal })).ok, false, name);
  const aborted = await copySources(from, to, { signal: AbortSignal.abort() });
  assert.match(aborted.ok ? "" : aborted.error.message, /stopped/);
});

test("R-56 a folder that turns into a link again and again leads nowhere", async (context) => {
  const { from, to, outside } = await makeFolders(context);
  const inner = join(from, "inner");
  let over = false;
  const flip = async (): Promise<void> => {
    while (!over) {
      rmSync(inner, { recursive: true, force: true });
      mkdirSync(inner);
      writeFileSync(join(inner, "canary"), "own");
      await new Promise((wake) => setImmediate(wake));
      renameSync(inner, `${inner}-away`);
      symlinkSync(outside, inner);
      await new Promise((wake) => setImmediate(wake));
      rmSync(`${inner}-away`, { recursive: true });
    }
  };
  const flipping = flip();
  try {
    for (let round = 0; round < 200; round += 1) {
      const target = `${to}-${round}`;
      await copySources(from, target, { signal });
      for (const path of filesIn(target))
        assert.notEqual(readFileSync(join(target, path), "utf8"), "canary", path);
    }
  } finally {
    over = true;
    await flipping;
  }
});
