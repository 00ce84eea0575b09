// The project that `orket init` writes, and that it leaves alone what it finds.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { TOOLS } from "../../app/tools/catalogue.ts";
import { EngineError } from "../../domain/errors.ts";
import { writeFiles } from "../../../test/support/asset-project.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createDiskAssets } from "./disk.ts";
import { initProject } from "./init.ts";
import { parseText } from "./parse-text.ts";

const templateDir = fileURLToPath(new URL("../../../examples/init/", import.meta.url));

test("R-67 the project that is shipped loads without a problem and without a warning", async (context) => {
  const targetDir = join(await tempFolder(context), "new", "project");
  const { written, kept } = await initProject({ targetDir, templateDir });
  assert.deepEqual(kept, []);
  assert.ok(written.includes(".gitignore") && written.includes("verification/.gitkeep"));
  const loaded = await createDiskAssets({ projectDir: targetDir, env: {} }).load();
  assert.deepEqual(loaded.ok ? loaded.value.warnings : loaded.error, []);
  assert.ok(loaded.ok);
  const [epic] = Object.values(loaded.value.epics);
  assert.ok(
    epic !== undefined &&
      epic.issues.length >= 2 &&
      epic.issues.some((issue) => issue.dependsOn.length > 0),
  );
  const [team] = Object.values(loaded.value.teams);
  assert.deepEqual(
    team?.seats.map(({ key }) => key),
    ["architect", "coder", "guard"],
  );
  const tools = Object.values(team?.roles ?? {}).flatMap((role) => role.tools);
  assert.deepEqual(
    tools.filter((tool) => !TOOLS.has(tool)),
    [],
  );
  assert.match(await readFile(join(targetDir, ".gitignore"), "utf8"), /^\.orket\/$/m);
  assert.ok(parseText(await readFile(join(targetDir, "orket.yaml"), "utf8"), "yaml").ok);
});

test("a second init writes nothing, and no half-written file is left", async (context) => {
  const targetDir = await tempFolder(context);
  const first = await initProject({ targetDir, templateDir });
  const second = await initProject({ targetDir, templateDir });
  assert.deepEqual(second, { written: [], kept: first.written });
  const files = await readdir(targetDir, { recursive: true });
  assert.deepEqual(
    files.filter((name) => name.includes(".tmp")),
    [],
  );
});

test("two inits at once write each file once, whole", async (context) => {
  const targetDir = await tempFolder(context);
  const reports = await Promise.all([1, 2, 3].map(() => initProject({ targetDir, templateDir })));
  const written = reports.flatMap((report) => report.written);
  assert.deepEqual(written.toSorted(), [...new Set(written)].toSorted());
  assert.ok((await createDiskAssets({ projectDir: targetDir, env: {} }).load()).ok);
});

test("R-80 a file that is there in another form is neither doubled nor shadowed", async (context) => {
  for (const path of [
    "model/organization.json",
    "config/org_info.yaml",
    "config/organization.json",
  ]) {
    const targetDir = await tempFolder(context);
    const text = JSON.stringify({ name: "Mine", vision: "v", ethos: "e" });
    await writeFiles(targetDir, {
      [path]: text,
      ".gitignore": "mine\n",
      "model/core/roles/coder.json": '{"name":"c","description":"d"}',
    });
    const { kept } = await initProject({ targetDir, templateDir });
    assert.deepEqual(kept, [
      "config/organization.yaml",
      ".gitignore",
      "model/core/roles/coder.yaml",
    ]);
    assert.equal(await readFile(join(targetDir, ".gitignore"), "utf8"), "mine\n");
    const loaded = await createDiskAssets({ projectDir: targetDir, env: {} }).load();
    assert.ok(loaded.ok);
    assert.equal(loaded.value.organization.name, "Mine");
    assert.deepEqual(loaded.value.warnings, []);
  }
});

test("nothing is written through a link", async (context) => {
  const outside = await tempFolder(context);
  const targetDir = await tempFolder(context);
  await mkdir(join(targetDir, "model"));
  await symlink(outside, join(targetDir, "model/core"));
  await assert.rejects(
    initProject({ targetDir, templateDir }),
    (error) => error instanceof EngineError && error.code === "FILE_UNFIT",
  );
  assert.deepEqual(await readdir(outside), []);
  const linked = await tempFolder(context);
  await symlink(join(outside, "orket.yaml"), join(linked, "orket.yaml"));
  assert.ok((await initProject({ targetDir: linked, templateDir })).kept.includes("orket.yaml"));
  assert.deepEqual(await readdir(outside), []);
});
