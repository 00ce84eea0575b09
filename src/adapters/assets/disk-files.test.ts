// The loader and the files themselves: links, limits, memory of what was read, changes meanwhile, nonsense.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  ASSET_BASE,
  assetCodes,
  assetProblems,
  epicOf,
  loadAssets,
  projectFolder,
  writeFiles,
} from "../../../test/support/asset-project.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createDiskAssets } from "./disk.ts";
import { FILE_BYTES_MAX } from "./parse-text.ts";

const EPIC = "model/core/epics/work.yaml";

test("R-46 a reference counts for where its links lead", async (context) => {
  const outside = await projectFolder(context, { "x.md": "x" });
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "docs/x.md": "x",
    ".env": "x",
    [EPIC]: epicOf([], {
      references: ["in/x.md", "out/x.md", "out/missing.md", "env.md", "loop/x"],
    }),
  });
  await symlink("docs", join(dir, "in"));
  await symlink(outside, join(dir, "out"));
  await symlink(".env", join(dir, "env.md"));
  await symlink("loop", join(dir, "loop"));
  const problems = await assetProblems(dir);
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${path}`),
    [
      "reference-outside $.references[1]",
      "reference-outside $.references[2]",
      "reference-protected $.references[3]",
      "reference-outside $.references[4]",
    ],
  );
});

test("a link to an asset is followed inside of the project and refused out of it", async (context) => {
  const outside = await projectFolder(context, {
    "team.yaml": ASSET_BASE["model/core/teams/crew.yaml"],
    "roles/x.yaml": { name: "x", description: "x" },
  });
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "shared/crew.yaml": ASSET_BASE["model/core/teams/crew.yaml"],
  });
  await rm(join(dir, "model/core/teams/crew.yaml"));
  await symlink("../../../shared/crew.yaml", join(dir, "model/core/teams/crew.yaml"));
  await loadAssets(dir);
  await symlink(join(outside, "team.yaml"), join(dir, "model/core/teams/other.yaml"));
  await symlink("nowhere.yaml", join(dir, "model/core/teams/gone.yaml"));
  await mkdir(join(dir, "model/sales"));
  await symlink(join(outside, "roles"), join(dir, "model/sales/roles"));
  assert.deepEqual(assetCodes(await assetProblems(dir)), [
    "file-unreadable model/core/teams/gone.yaml",
    "file-link model/core/teams/other.yaml",
    "file-link model/sales/roles",
  ]);
});

test("files that are too large, no text, no files or no assets are told, not read", async (context) => {
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "model/core/teams/big.yaml": `# ${"x".repeat(FILE_BYTES_MAX)}`,
    "model/core/epcis/a.yaml": "x: 1",
    "model/core/teams/notes.md": "x",
    "model/core/teams/crew.toml": "x",
  });
  await writeFile(join(dir, "model/core/roles/utf16.yaml"), Buffer.from([0xff, 0xfe, 0x61, 0x00]));
  await mkdir(join(dir, "model/core/roles/folder.yaml"));
  execFileSync("mkfifo", [join(dir, "model/core/roles/pipe.yaml")]);
  const problems = await assetProblems(dir);
  assert.deepEqual(assetCodes(problems), [
    "file-unreadable model/core/roles/folder.yaml",
    "file-unreadable model/core/roles/pipe.yaml",
    "file-encoding model/core/roles/utf16.yaml",
    "file-too-large model/core/teams/big.yaml",
  ]);
  for (const name of ["roles/utf16.yaml", "roles/folder.yaml", "roles/pipe.yaml", "teams/big.yaml"])
    await rm(join(dir, "model/core", name), { recursive: true });
  const { warnings } = await loadAssets(dir);
  assert.deepEqual(
    warnings.map(({ file, expected }) => [file, expected]),
    [
      ["model/core/epcis", "epics (did you mean that?)"],
      ["model/core/teams/crew.toml", "an asset, or nothing"],
    ],
  );
});

test("a missing project folder is one problem, an empty one none", async (context) => {
  const dir = await tempFolder(context);
  assert.deepEqual(assetCodes(await assetProblems(join(dir, "gone"))), ["project-missing ."]);
  const assets = await loadAssets(dir);
  assert.deepEqual(Object.keys(assets.dialects), ["deepseek", "qwen", "llama", "phi", "generic"]);
  assert.deepEqual(Object.keys(assets.departments), ["core"]);
});

test("R-86 a file is parsed once per change, and a second load parses nothing", async (context) => {
  const dir = await projectFolder(context, ASSET_BASE);
  const parsed: string[] = [];
  const assets = createDiskAssets({
    projectDir: dir,
    env: {},
    onParse: (file) => parsed.push(file),
  });
  const parsesOf = async (): Promise<readonly string[]> => {
    parsed.length = 0;
    assert.ok((await assets.load()).ok);
    return [...parsed];
  };
  assert.equal((await parsesOf()).length, Object.keys(ASSET_BASE).length);
  assert.deepEqual(await parsesOf(), []);
  await writeFiles(dir, { [EPIC]: epicOf([{ id: "new" }]) });
  assert.deepEqual(await parsesOf(), [EPIC]);
  await utimes(join(dir, "model/core/roles/coder.yaml"), 1, 1);
  assert.deepEqual(await parsesOf(), ["model/core/roles/coder.yaml"]);
  assert.deepEqual(await parsesOf(), []);
});

test("R-86 a change that keeps size and time is still seen", async (context) => {
  const dir = await projectFolder(context, ASSET_BASE);
  const file = "model/core/environments/local.yaml";
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const modelAfter = async (model: string): Promise<string | undefined> => {
    await writeFiles(dir, { [file]: `name: local\nmodel: ${model}\n` });
    await utimes(join(dir, file), 1, 1);
    const loaded = await assets.load();
    return loaded.ok ? loaded.value.environments["core/local"]?.model : undefined;
  };
  assert.equal(await modelAfter("scripted:a"), "scripted:a");
  assert.equal(await modelAfter("scripted:b"), "scripted:b");
});

test("what one load gave out cannot be changed for the next", async (context) => {
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    [EPIC]: epicOf([{ id: "a", params: { deep: { x: 1 } } }]),
  });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const first = await assets.load();
  const params = first.ok ? first.value.epics["core/work"]?.issues[0]?.params : null;
  assert.throws(() => Object.assign((params as { deep: object }).deep, { x: 2 }), TypeError);
});

test("loads at the same time, while files are replaced, give whole projects or problems, never a mixture of bytes", async (context) => {
  const dir = await projectFolder(context, ASSET_BASE);
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const versions = ["short", `long ${"x".repeat(20_000)}`];
  const writer = (async () => {
    for (let round = 0; round < 40; round += 1) {
      await writeFiles(dir, { "tmp/epic.yaml": epicOf([], { description: versions[round % 2] }) });
      await rename(join(dir, "tmp/epic.yaml"), join(dir, EPIC));
    }
  })();
  const loads = await Promise.all(Array.from({ length: 20 }, () => assets.load()));
  await writer;
  for (const loaded of loads) {
    const description = loaded.ok ? loaded.value.epics["core/work"]?.description : "";
    assert.ok(loaded.ok && [...versions, ""].includes(description ?? "?"));
  }
});

test("ten thousand issues load in a few seconds, good or bad, and again at once", async (context) => {
  const count = 10_000;
  const good = Array.from({ length: count }, (_, place) => ({
    id: `c-${place}`,
    summary: `Card ${place}`,
    depends_on: place === 0 ? [] : [`c-${place - 1}`],
  }));
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    [EPIC]: null,
    "model/core/epics/big.json": JSON.stringify(epicOf(good)),
  });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await assets.load();
    return performance.now() - start;
  };
  assert.ok((await timed()) < 5000);
  assert.ok((await timed()) < 2000);
  const bad = good.map(({ id }) => ({
    id,
    seat: `nobody-${id}`,
    depends_on: [`${id}-x`],
    more: 1,
  }));
  await writeFiles(dir, { "model/core/epics/big.json": JSON.stringify(epicOf(bad)) });
  assert.ok((await timed()) < 5000);
  assert.equal((await assetProblems(dir)).length, 3 * count);
});

test("R-67 nonsense in any file gives problems, never an exception", async (context) => {
  const dir = await projectFolder(context, ASSET_BASE);
  const files = [
    ...Object.keys(ASSET_BASE),
    "model/core/rocks/r.json",
    "model/core/issues/i.json",
    "config/org_info.json",
    "model/core/dialects/d.json",
  ];
  const word = fc.constantFrom(
    "name",
    "summary",
    "seats",
    "roles",
    "issues",
    "epics",
    "verification",
    "scenarios",
    "process_rules",
    "plan",
    "planner_node",
    "depends_on",
    "id",
    "toString",
    "constructor",
    "params",
    "priority",
    "team",
  );
  const junk = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(word, tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  const text = fc.oneof(
    junk.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.constantFrom("{", "- - -", "&a [*a]", "!!js/function x", "\u0000", "? ? ?", "{{}}", "a: *b"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...files), text), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        await writeFiles(dir, { ...ASSET_BASE, ...Object.fromEntries(changes) });
        const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
        for (const { file, path, code, found, expected } of loaded.ok ? [] : loaded.error) {
          assert.ok(
            file !== "" && path.startsWith("$") && code !== "" && found !== "" && expected !== "",
          );
        }
        for (const [file] of changes) await rm(join(dir, file), { force: true });
      },
    ),
    { numRuns: 150 },
  );
});

test("text is read through no link, from no second name and from no pipe", async (context) => {
  const outside = await projectFolder(context, { "secret.md": "secret" });
  const dir = await projectFolder(context, { "docs/x.md": "x", "real/y.md": "y" });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  await symlink(join(outside, "secret.md"), join(dir, "docs/file-link.md"));
  await symlink("x.md", join(dir, "docs/inner-link.md"));
  await symlink(outside, join(dir, "docs/folder-link"));
  await symlink("../real", join(dir, "docs/inner-folder"));
  await link(join(outside, "secret.md"), join(dir, "docs/hard.md"));
  execFileSync("mkfifo", [join(dir, "docs/pipe.md")]);
  for (const path of [
    "file-link.md",
    "inner-link.md",
    "folder-link/secret.md",
    "inner-folder/y.md",
    "hard.md",
    "pipe.md",
  ]) {
    assert.equal(await assets.readText(`docs/${path}`, 100), null, path);
  }
  assert.equal(await assets.readText("docs/x.md", 100), "x");
});

test("a folder that is swapped for a link while it is read never lets text out", async (context) => {
  const outside = await projectFolder(context, { "x.md": "secret" });
  const dir = await projectFolder(context, { "docs/x.md": "open" });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  let going = true;
  const attacker = (async () => {
    await symlink(outside, join(dir, "link"));
    while (going) {
      await rename(join(dir, "docs"), join(dir, "aside"));
      await rename(join(dir, "link"), join(dir, "docs"));
      await rename(join(dir, "docs"), join(dir, "link"));
      await rename(join(dir, "aside"), join(dir, "docs"));
    }
  })();
  const seen = new Set<string | null>();
  for (let round = 0; round < 2000; round += 1) seen.add(await assets.readText("docs/x.md", 100));
  going = false;
  await attacker;
  assert.ok(seen.has("open"));
  assert.ok(!seen.has("secret"));
});
