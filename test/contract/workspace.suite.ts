// What every workspace must do with files, line by line of the contract in src/ports/workspace.ts. Its history is in
// workspace-history.suite.ts.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { Result } from "../../src/domain/result.ts";
import type { SearchQuery, Workspace, Workspaces } from "../../src/ports/workspace.ts";
import { runCommand } from "../support/run-command.ts";

const BYTES_MAX = 1024 * 1024;
const SECRET = "outside-secret";

/** `openWorkspaces` gives empty workspaces in a folder that goes with the test. */
export function testWorkspace(
  name: string,
  openWorkspaces: (context: TestContext) => Promise<Workspaces>,
): void {
  const scene = async (context: TestContext) => {
    const workspace = await (await openWorkspaces(context)).open("build-1");
    const outside = `${workspace.dir}-evil`;
    mkdirSync(outside);
    writeFileSync(join(outside, "secret.txt"), SECRET);
    return { workspace, outside };
  };

  describe(`${name}: paths`, () => testPaths(scene));
  describe(`${name}: links and special files`, () => testLinks(scene));
  describe(`${name}: reading, writing, removing`, () => testContent(scene));
  describe(`${name}: listing and searching`, () => testFinding(scene));
}

type Scene = (
  context: TestContext,
) => Promise<{ readonly workspace: Workspace; readonly outside: string }>;

const codeOf = (result: Result<unknown>): string => (result.ok ? "ok" : result.error.code);
const valueOf = <Value>(result: Result<Value>): Value => {
  if (!result.ok) assert.fail(`${result.error.code}: ${result.error.message}`);
  return result.value;
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Each way to use a path, so that no function forgets a check. */
async function codes(workspace: Workspace, path: string): Promise<readonly string[]> {
  const query = { pattern: "outside", literal: true, path, glob: null, matchesMax: 5 };
  return [
    codeOf(await workspace.resolve(path)),
    codeOf(await workspace.read(path, BYTES_MAX)),
    codeOf(await workspace.write(path, "overwritten")),
    codeOf(await workspace.remove(path)),
    codeOf(await workspace.list(path)),
    codeOf(await workspace.search(query, new AbortController().signal)),
  ];
}

const all = (code: string): readonly string[] => Array.from({ length: 6 }, () => code);

function testPaths(scene: Scene): void {
  test("refuses every path that leaves the folder, for every use, and touches nothing", async (context) => {
    const { workspace, outside } = await scene(context);
    const escapes = [
      "../secret.txt",
      "../build-1-evil/secret.txt",
      "a/../../build-1-evil/secret.txt",
      "..",
      "/etc/passwd",
      "/",
      `${workspace.dir}-evil/secret.txt`,
      `${workspace.dir}/../build-1-evil/secret.txt`,
      "a\0b",
      "..\\build-1-evil\\secret.txt",
      "a\\b.txt",
      "%2e%2e/build-1-evil/secret.txt",
      ".%2E/secret.txt",
      "..%2fbuild-1-evil%2fsecret.txt",
      "..%5csecret.txt",
      "a%00.txt",
    ];
    for (const path of escapes)
      assert.deepEqual(await codes(workspace, path), all("PATH_ESCAPE"), JSON.stringify(path));
    assert.equal(readFileSync(join(outside, "secret.txt"), "utf8"), SECRET);
    assert.deepEqual(readdirSync(workspace.dir), []);
  });

  test("refuses .git and .orket in every spelling and at every depth", async (context) => {
    const { workspace } = await scene(context);
    const names = [
      ".git",
      ".GIT",
      ".Git",
      ".orket",
      ".ORKET",
      ".git.",
      ".git ",
      ".git::$INDEX_ALLOCATION",
      "GIT~1",
    ];
    const looks = [".g\u200bit", ".gi\u200dt", "\u202e.git", "\uff0egit", ".or\u212aet"];
    for (const name of [...names, ...looks]) {
      for (const path of [
        name,
        `${name}/config`,
        `a/${name}/hooks/post-commit`,
        `${workspace.dir}/${name}/x`,
      ]) {
        assert.deepEqual(await codes(workspace, path), all("PATH_PROTECTED"), JSON.stringify(path));
      }
    }
    for (const path of [".github/workflows/ci.yml", ".gitignore", "git/a.txt", ".gitattributes"]) {
      assert.equal(codeOf(await workspace.write(path, "x")), "ok", path);
    }
  });

  test("refuses names that hide or turn around what a person reads, empty ones and ones that are too long", async (context) => {
    const { workspace } = await scene(context);
    const deceptive = [
      "a\nb",
      "a\rb",
      "tab\t",
      "\u202egnp.exe",
      "a\u200bb.py",
      "\ufeffa",
      "x\u2028y",
      "\u3164",
      "a\ud800",
    ];
    const long = ["", "x".repeat(256), "ä".repeat(128), "d/".repeat(65) + "f", "x/".repeat(3000)];
    for (const path of [...deceptive, ...long]) {
      assert.deepEqual(
        await codes(workspace, path),
        all("TOOL_ARGUMENT"),
        JSON.stringify(path.slice(0, 40)),
      );
    }
    assert.deepEqual(readdirSync(workspace.dir), []);
  });

  test("takes an absolute path inside of the workspace as relative and puts paths in normal form", async (context) => {
    const { workspace } = await scene(context);
    const forms: Readonly<Record<string, string>> = {
      "./a/b.py": "a/b.py",
      "a//b.py": "a/b.py",
      "a/./b.py": "a/b.py",
      "x/../a/b.py": "a/b.py",
      "a/b.py/": "a/b.py",
      [`${workspace.dir}/a/b.py`]: "a/b.py",
      [`${workspace.dir}//a/../a/b.py`]: "a/b.py",
      [workspace.dir]: ".",
      ".": ".",
      "...": "...",
      "-rf": "-rf",
      "~/x": "~/x",
      "%41.txt": "%41.txt",
      "src/[id].tsx": "src/[id].tsx",
      "größe/文件.txt": "größe/文件.txt",
    };
    for (const [path, normal] of Object.entries(forms))
      assert.equal(valueOf(await workspace.resolve(path)), normal);
    assert.deepEqual(readdirSync(workspace.dir), [], "resolving makes nothing");
    valueOf(await workspace.write(`${workspace.dir}/a/b.py`, "1"));
    assert.equal(valueOf(await workspace.read("a/b.py", BYTES_MAX)).text, "1");
  });
}

function testLinks(scene: Scene): void {
  test("follows no link that leads out: file, folder, in the middle, absolute, relative, dangling, chained", async (context) => {
    const { workspace, outside } = await scene(context);
    const plant = (target: string, name: string): void =>
      symlinkSync(target, join(workspace.dir, name));
    plant(join(outside, "secret.txt"), "file");
    plant(outside, "folder");
    plant("../build-1-evil/secret.txt", "relative");
    plant(join(outside, "not-there"), "dangling");
    plant("folder", "chained");
    for (const path of [
      "file",
      "folder",
      "relative",
      "dangling",
      "chained",
      "folder/secret.txt",
      "folder/new/x",
      "chained/secret.txt",
    ]) {
      assert.deepEqual(await codes(workspace, path), all("PATH_ESCAPE"), path);
    }
    assert.deepEqual(readdirSync(outside), ["secret.txt"]);
    assert.equal(readFileSync(join(outside, "secret.txt"), "utf8"), SECRET);
    assert.ok(
      lstatSync(join(workspace.dir, "file")).isSymbolicLink(),
      "the link itself is left alone",
    );
  });

  test("does not follow a link that stays inside either, but does not call it an escape", async (context) => {
    const { workspace } = await scene(context);
    valueOf(await workspace.write("real/a.txt", "inside"));
    symlinkSync("real", join(workspace.dir, "linked"));
    symlinkSync("real/a.txt", join(workspace.dir, "a.txt"));
    symlinkSync("nothing", join(workspace.dir, "dangling"));
    symlinkSync(join(workspace.dir, "real"), join(workspace.dir, "absolute"));
    for (const path of ["linked", "linked/a.txt", "a.txt", "dangling", "absolute/a.txt"]) {
      assert.deepEqual(await codes(workspace, path), all("FILE_UNFIT"), path);
    }
    assert.equal(valueOf(await workspace.read("real/a.txt", BYTES_MAX)).text, "inside");
  });

  test("refuses a workspace folder that was itself replaced by a link", async (context) => {
    const { workspace, outside } = await scene(context);
    await runCommand("rm", "-r", workspace.dir);
    symlinkSync(outside, workspace.dir);
    await assert.rejects(workspace.read("secret.txt", BYTES_MAX), { code: "WORKSPACE_FAILED" });
    await assert.rejects(workspace.write("x", "x"), { code: "WORKSPACE_FAILED" });
    assert.deepEqual(readdirSync(outside), ["secret.txt"]);
  });

  test(
    "refuses files with several hard links, FIFOs, sockets and folders without hanging",
    { timeout: 10_000 },
    async (context) => {
      const { workspace, outside } = await scene(context);
      linkSync(join(outside, "secret.txt"), join(workspace.dir, "hard.txt"));
      await runCommand("mkfifo", join(workspace.dir, "fifo"));
      mkdirSync(join(workspace.dir, "folder"));
      for (const path of ["hard.txt", "fifo", "folder", "."]) {
        assert.equal(codeOf(await workspace.read(path, BYTES_MAX)), "FILE_UNFIT", path);
        assert.equal(codeOf(await workspace.write(path, "x")), "FILE_UNFIT", path);
        assert.equal(codeOf(await workspace.remove(path)), "FILE_UNFIT", path);
      }
      for (const path of ["fifo", "fifo/x"])
        assert.equal(codeOf(await workspace.list(path)), "FILE_UNFIT", path);
      assert.equal(readFileSync(join(outside, "secret.txt"), "utf8"), SECRET);
    },
  );
}

function testContent(scene: Scene): void {
  test("gives back what was written, with its SHA-256 and its size in bytes", async (context) => {
    const { workspace } = await scene(context);
    for (const text of ["", "a\r\nb\n", "\ufeffwith a mark", "größe 文 😀", "x".repeat(300_000)]) {
      const written = valueOf(await workspace.write("a/b/c.txt", text));
      const expected = { text, digest: sha256(text), sizeBytes: Buffer.byteLength(text) };
      assert.deepEqual(written, expected);
      assert.deepEqual(valueOf(await workspace.read("a/b/c.txt", BYTES_MAX)), expected);
    }
  });

  test("refuses to read what is missing, too large or binary", async (context) => {
    const { workspace } = await scene(context);
    writeFileSync(join(workspace.dir, "nul"), "a\0b");
    writeFileSync(join(workspace.dir, "latin1"), Buffer.from([0x67, 0xf6]));
    valueOf(await workspace.write("ten.txt", "0123456789"));
    assert.equal(codeOf(await workspace.read("nul", BYTES_MAX)), "FILE_UNFIT");
    assert.equal(codeOf(await workspace.read("latin1", BYTES_MAX)), "FILE_UNFIT");
    assert.equal(codeOf(await workspace.read("ten.txt", 9)), "FILE_TOO_LARGE");
    assert.equal(codeOf(await workspace.read("ten.txt", 10)), "ok");
    for (const path of ["none.txt", "no/such/folder.txt"]) {
      assert.equal(codeOf(await workspace.read(path, BYTES_MAX)), "FILE_MISSING");
      assert.equal(codeOf(await workspace.remove(path)), "FILE_MISSING");
    }
    assert.equal(codeOf(await workspace.read("ten.txt/x", BYTES_MAX)), "FILE_UNFIT");
    assert.equal(codeOf(await workspace.write("ten.txt/x", "x")), "FILE_UNFIT");
  });

  test("refuses a text that could not be read back", async (context) => {
    const { workspace } = await scene(context);
    assert.equal(codeOf(await workspace.write("a", "a\0b")), "TOOL_ARGUMENT");
    assert.equal(codeOf(await workspace.write("a", "\ud800")), "TOOL_ARGUMENT");
    assert.equal(
      codeOf(await workspace.write("a", "x".repeat(17 * 1024 * 1024))),
      "FILE_TOO_LARGE",
    );
    assert.ok(!existsSync(join(workspace.dir, "a")));
  });

  test("R-84 writes with an expected digest only over exactly that content", async (context) => {
    const { workspace } = await scene(context);
    assert.equal(codeOf(await workspace.write("new/a.txt", "x", sha256("old"))), "FILE_STALE");
    assert.deepEqual(readdirSync(workspace.dir), [], "not even the parent is made");
    const first = valueOf(await workspace.write("a.txt", "one", null));
    assert.equal(codeOf(await workspace.write("a.txt", "two", null)), "FILE_STALE");
    valueOf(await workspace.write("a.txt", "two", first.digest));
    assert.equal(codeOf(await workspace.write("a.txt", "three", first.digest)), "FILE_STALE");
    assert.equal(readFileSync(join(workspace.dir, "a.txt"), "utf8"), "two");
  });

  test("R-84 loses no write when many write at once: of those with one digest exactly one wins", async (context) => {
    const { workspace } = await scene(context);
    const { digest } = valueOf(await workspace.write("a.txt", "start"));
    const writes = Array.from({ length: 20 }, (_, index) =>
      workspace.write("a.txt", `text ${index}`, digest),
    );
    const results = await Promise.all(writes);
    assert.equal(results.filter((result) => result.ok).length, 1);
    const creations = Array.from({ length: 20 }, (_, index) =>
      workspace.write("b.txt", `text ${index}`, null),
    );
    assert.equal((await Promise.all(creations)).filter((result) => result.ok).length, 1);
  });

  test("replaces whole files: a reader finds one text or the other, and no temporary file stays", async (context) => {
    const { workspace } = await scene(context);
    const texts = ["a".repeat(200_000), "b".repeat(100_000)];
    valueOf(await workspace.write("f.txt", texts[0] ?? ""));
    let isWriting = true;
    const writer = (async () => {
      for (let round = 0; round < 30; round += 1)
        valueOf(await workspace.write("f.txt", texts[round % 2] ?? ""));
      isWriting = false;
    })();
    while (isWriting) {
      const text = readFileSync(join(workspace.dir, "f.txt"), "utf8");
      assert.ok(texts.includes(text), `a torn text of ${text.length} characters`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writer;
    assert.deepEqual(readdirSync(workspace.dir), ["f.txt"]);
  });

  test("keeps a script executable when it is rewritten", async (context) => {
    const { workspace } = await scene(context);
    valueOf(await workspace.write("run.sh", "#!/bin/sh\n"));
    await chmod(join(workspace.dir, "run.sh"), 0o755);
    valueOf(await workspace.write("run.sh", "#!/bin/sh\necho\n"));
    assert.equal(lstatSync(join(workspace.dir, "run.sh")).mode & 0o777, 0o755);
  });

  test("removes one file and leaves its folder", async (context) => {
    const { workspace } = await scene(context);
    valueOf(await workspace.write("a/b.txt", "x"));
    valueOf(await workspace.remove("a/b.txt"));
    assert.equal(codeOf(await workspace.read("a/b.txt", BYTES_MAX)), "FILE_MISSING");
    assert.ok(existsSync(join(workspace.dir, "a")));
  });
}

function testFinding(scene: Scene): void {
  const search = (
    workspace: Workspace,
    query: Partial<SearchQuery>,
    signal = new AbortController().signal,
  ) =>
    workspace.search(
      { pattern: "needle", literal: true, path: ".", glob: null, matchesMax: 200, ...query },
      signal,
    );

  test("lists sorted, without protected names, and shows characters that would hide", async (context) => {
    const { workspace } = await scene(context);
    for (const path of ["b.txt", "a/x.txt", "Z.txt", "ä.txt"])
      valueOf(await workspace.write(path, "x"));
    for (const name of [".env", ".env.local", "server.key", "app.db", ".git", "\u202egnp.exe"]) {
      writeFileSync(join(workspace.dir, name), "x");
    }
    const items = valueOf(await workspace.list("."));
    const names = ["Z.txt", "a", "b.txt", "ä.txt", "\\u{202e}gnp.exe"];
    assert.deepEqual(
      items.map((item) => item.name),
      names,
    );
    assert.deepEqual(
      items.filter((item) => item.isDirectory).map((item) => item.name),
      ["a"],
    );
    assert.equal(codeOf(await workspace.list("none")), "FILE_MISSING");
    assert.equal(codeOf(await workspace.list("b.txt")), "FILE_UNFIT");
  });

  test("finds literal texts and patterns with path, line and text, in the order of the names", async (context) => {
    const { workspace } = await scene(context);
    valueOf(await workspace.write("src/b.ts", "one\nthe needle (here)  \n"));
    valueOf(await workspace.write("src/a.py", "needle\n"));
    valueOf(await workspace.write("needle.md", "nothing\n"));
    const both = [
      { path: "src/a.py", line: 1, text: "needle" },
      { path: "src/b.ts", line: 2, text: "the needle (here)" },
    ];
    assert.deepEqual(valueOf(await search(workspace, {})), both);
    assert.deepEqual(valueOf(await search(workspace, { pattern: "need.e", literal: false })), both);
    assert.deepEqual(valueOf(await search(workspace, { pattern: "need.e" })), []);
    assert.deepEqual(valueOf(await search(workspace, { pattern: "(here" })), both.slice(1));
    for (const glob of ["*.ts", "**/*.ts", "src/*.{ts,tsx}"])
      assert.deepEqual(valueOf(await search(workspace, { glob })), both.slice(1));
    assert.deepEqual(valueOf(await search(workspace, { path: "src/a.py" })), both.slice(0, 1));
    assert.equal(codeOf(await search(workspace, { path: "none" })), "FILE_MISSING");
  });

  test(
    "passes over links, FIFOs, binary, huge and protected files when it searches",
    { timeout: 10_000 },
    async (context) => {
      const { workspace, outside } = await scene(context);
      writeFileSync(join(outside, "secret.txt"), "needle");
      symlinkSync(outside, join(workspace.dir, "folder"));
      symlinkSync(join(outside, "secret.txt"), join(workspace.dir, "file"));
      linkSync(join(outside, "secret.txt"), join(workspace.dir, "hard"));
      await runCommand("mkfifo", join(workspace.dir, "fifo"));
      writeFileSync(join(workspace.dir, "binary"), "needle\0");
      writeFileSync(join(workspace.dir, "huge"), `needle\n${"x".repeat(1024 * 1024)}`);
      for (const name of [".env", "id_rsa", "a.sqlite"])
        writeFileSync(join(workspace.dir, name), "needle");
      for (const folder of [".git", "node_modules/x"]) {
        mkdirSync(join(workspace.dir, folder), { recursive: true });
        writeFileSync(join(workspace.dir, folder, "config"), "needle");
      }
      valueOf(await workspace.write("good", "needle"));
      assert.deepEqual(valueOf(await search(workspace, {})), [
        { path: "good", line: 1, text: "needle" },
      ]);
      assert.equal(valueOf(await search(workspace, { path: "node_modules" })).length, 1);
    },
  );

  test("stops a search at its match limit, cuts long lines, and answers a bad pattern as an argument", async (context) => {
    const { workspace } = await scene(context);
    valueOf(await workspace.write("a.txt", "needle\n".repeat(500)));
    valueOf(await workspace.write("b.txt", `needle${"x".repeat(5000)}`));
    assert.equal(valueOf(await search(workspace, { matchesMax: 7 })).length, 7);
    assert.equal(valueOf(await search(workspace, { path: "b.txt" }))[0]?.text.length, 500);
    for (const pattern of ["(", "[", "a{2,1}", "\\"]) {
      assert.equal(
        codeOf(await search(workspace, { pattern, literal: false })),
        "TOOL_ARGUMENT",
        pattern,
      );
    }
  });

  test(
    "ends a pattern that would run for ever, and one that is aborted at once",
    { timeout: 15_000 },
    async (context) => {
      const { workspace } = await scene(context);
      valueOf(await workspace.write("a.txt", `${"a".repeat(40)}!\n`));
      const stopper = new AbortController();
      const aborted = search(workspace, { pattern: "^(a+)+$", literal: false }, stopper.signal);
      setTimeout(() => stopper.abort(), 100);
      const slow = search(workspace, { pattern: "^(a+)+$", literal: false });
      assert.equal(codeOf(await aborted), "INTERRUPTED");
      assert.equal(codeOf(await search(workspace, {}, AbortSignal.abort())), "INTERRUPTED");
      assert.equal(codeOf(await slow), "TOOL_ARGUMENT");
    },
  );
}
