// Folders of published products that are put away: only those that are real, clean, old and on the forge as they were published.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { CleanupReport } from "../../src/app/publish/cleanup.ts";
import type { Result } from "../../src/domain/result.ts";
import { folderTexts } from "../support/project-files.ts";
import { publishScene } from "../support/publish-scene.ts";

const value = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
};
const codeOf = <Value>(result: Result<Value>): string => (result.ok ? "ok" : result.error.code);
const skips = (report: Result<CleanupReport>): readonly string[] =>
  value(report).skipped.map(({ name, cause }) => `${name} ${cause}`);

/** `shop` stood still for 50 days and `api` for 40; both are published. */
async function open(context: TestContext) {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" }, 50);
  await scene.commit({ "product/api/a": "1" }, 40);
  value(await scene.publish());
  return scene;
}

test("R-73 a dry clean-up asks nobody and changes nothing", async (context) => {
  const scene = await open(context);
  const before = [await folderTexts(scene.dir), await scene.rows()];
  const asked = scene.forge.requests.length;
  const openPublisher = (): never => assert.fail("The forge was opened.");
  const report = value(await scene.cleanUp({ executes: false }, { openPublisher }));
  assert.deepEqual(report, {
    archived: ["shop"],
    deleted: [],
    skipped: [{ name: "api", cause: "young" }],
    execute: false,
    error: null,
  });
  assert.equal(scene.forge.requests.length, asked);
  assert.deepEqual([await folderTexts(scene.dir), await scene.rows()], before);
});

test("R-73 a folder is put away after 45 days without a commit, whatever its times on the disk, and deleted after 90 there", async (context) => {
  const scene = await open(context);
  const now = new Date();
  await utimes(join(scene.dir, "product/shop"), now, now);
  const first = value(await scene.cleanUp());
  assert.deepEqual([first.archived, first.deleted, first.execute], [["shop"], [], true]);
  assert.deepEqual(await readdir(join(scene.dir, "product")), ["api"]);
  const [place = ""] = await readdir(join(scene.stateDir, "archive"));
  assert.match(place, /^shop-\d{8}T\d{9}Z$/);
  assert.ok(existsSync(join(scene.stateDir, "archive", place, "a")));
  assert.deepEqual(skips(await scene.cleanUp()), ["api young", "shop young"]);
  scene.pass(89);
  scene.git("commit", "-q", "-a", "-m", "shop is away");
  const second = value(await scene.cleanUp());
  assert.deepEqual(
    [second.archived, second.skipped],
    [["api"], [{ name: "shop", cause: "young" }]],
  );
  scene.pass(1);
  assert.deepEqual(value(await scene.cleanUp()).deleted, ["shop"]);
  assert.equal((await readdir(join(scene.stateDir, "archive"))).length, 1);
  assert.deepEqual((await scene.events()).slice(2), [
    "product-archived human:ann",
    "product-archived human:ann",
    "product-deleted human:ann",
  ]);
});

test("R-73 a folder that changed, is not clean, or was never proven stays", async (context) => {
  const scene = await open(context);
  scene.pass(60);
  await scene.write("product/api/new", "x");
  await scene.write("product/shop/a", "x");
  assert.deepEqual(skips(await scene.cleanUp()), ["api not-clean", "shop not-clean"]);
  await scene.commit({ "product/shop/a": "2" }, 50);
  assert.deepEqual(skips(await scene.cleanUp()), ["api changed", "shop changed"]);
  const text = JSON.stringify({ commit: { tree: { sha: "1".repeat(40) } } });
  scene.forge.misbehave({ path: /git\/commits\//, how: { kind: "json", text } });
  value(await scene.publish());
  assert.deepEqual(skips(await scene.cleanUp()), ["api unproven", "shop unproven"]);
  assert.equal((await readdir(join(scene.dir, "product"))).length, 2);
});

test("R-73 a repository that is at another commit, gone, or out of reach keeps the folder here", async (context) => {
  const scene = await open(context);
  scene.pass(60);
  const shop = scene.repository("shop");
  scene.forge.push(shop, { branch: "main", files: { b: "b" }, by: scene.owner });
  const api = scene.repository("api");
  scene.forge.state.repositories.splice(scene.forge.state.repositories.indexOf(api), 1);
  assert.deepEqual(skips(await scene.cleanUp()), ["api moved-on", "shop moved-on"]);
  for (const status of [401, 500]) {
    scene.forge.misbehave({ how: { kind: "status", status } });
    const { error, skipped, archived } = value(await scene.cleanUp());
    assert.equal(error?.code, status === 401 ? "FORGE_FORBIDDEN" : "FORGE_UNAVAILABLE");
    assert.deepEqual([skipped, archived], [[], []]);
    scene.forge.behave();
  }
  assert.equal((await readdir(join(scene.dir, "product"))).length, 2);
});

test("R-73 what was put away is kept when its repository moved on", async (context) => {
  const scene = await open(context);
  value(await scene.cleanUp());
  scene.pass(100);
  const shop = scene.repository("shop");
  scene.forge.push(shop, { branch: "main", files: { b: "b" }, by: scene.owner });
  const report = value(await scene.cleanUp());
  assert.deepEqual([report.deleted, skips({ ok: true, value: report })], [[], ["shop moved-on"]]);
  assert.ok(
    (await readdir(join(scene.stateDir, "archive"))).some((name) => name.startsWith("shop-")),
  );
});

test("R-73 links, files and folders that are not there are left alone", async (context) => {
  const scene = await open(context);
  scene.pass(60);
  await mkdir(join(scene.dir, "keep"));
  await writeFile(join(scene.dir, "keep/a"), "mine");
  await rename(join(scene.dir, "product/shop"), join(scene.dir, "moved"));
  await symlink("../keep", join(scene.dir, "product/shop"));
  await rm(join(scene.dir, "product/api"), { recursive: true });
  assert.deepEqual(skips(await scene.cleanUp()), ["api missing", "shop link"]);
  await rm(join(scene.dir, "product/shop"));
  await writeFile(join(scene.dir, "product/shop"), "a file");
  assert.deepEqual(skips(await scene.cleanUp()), ["api missing", "shop file"]);
  await rename(join(scene.dir, "product"), join(scene.dir, "real"));
  await symlink("real", join(scene.dir, "product"));
  assert.deepEqual(skips(await scene.cleanUp()), ["api link", "shop link"]);
  assert.deepEqual(await readdir(join(scene.dir, "keep")), ["a"]);
});

for (const [source, project] of [
  ["product", ".."],
  ["product", "."],
  ["product", "shop/../.."],
  ["product", "/"],
  ["..", "keep"],
  ["/", "etc"],
  [".", "keep"],
  [".git", "hooks"],
  ["product", "../keep"],
] as const)
  test(`R-73 a registry that says ${source} and ${project} makes nothing outside of the source go`, async (context) => {
    const scene = await publishScene(context);
    await scene.commit({ "product/shop/a": "1", "keep/a": "1" }, 50);
    value(await scene.publish());
    const database = new DatabaseSync(join(scene.stateDir, "orket.db"));
    database.prepare("UPDATE published SET source = ?, project = ?").run(source, project);
    database.close();
    const before = await folderTexts(scene.dir);
    assert.deepEqual(skips(await scene.cleanUp()), [`${project} outside`]);
    assert.deepEqual(await folderTexts(scene.dir), before);
  });

for (const place of ["", "archive", "archive/..", "archive/../../keep", "../keep", "/etc"])
  test(`R-73 a registry that says "${place}" of the archive makes nothing go`, async (context) => {
    const scene = await publishScene(context);
    await scene.commit({ "product/shop/a": "1", "keep/a": "1" }, 50);
    value(await scene.publish());
    value(await scene.cleanUp());
    scene.pass(100);
    const database = new DatabaseSync(join(scene.stateDir, "orket.db"));
    database.prepare("UPDATE published SET place = ?").run(place);
    database.close();
    const before = await folderTexts(scene.dir);
    assert.deepEqual(skips(await scene.cleanUp()), ["shop outside"]);
    assert.deepEqual(await folderTexts(scene.dir), before);
    assert.equal((await readdir(join(scene.stateDir, "archive"))).length, 1);
  });

for (const [column, text] of [
  ["repository", "../evil"],
  ["repository", "orket@evil.test/shop"],
  ["repository", "orket"],
  ["branch", "--upload-pack=x"],
  ["branch", "../main"],
] as const)
  test(`R-73 a registry that says ${text} of the ${column} asks nobody, and the folder stays`, async (context) => {
    const scene = await publishScene(context);
    await scene.commit({ "product/shop/a": "1" }, 50);
    value(await scene.publish());
    const database = new DatabaseSync(join(scene.stateDir, "orket.db"));
    database.prepare(`UPDATE published SET ${column} = ?`).run(text);
    database.close();
    const asked = scene.forge.requests.length;
    assert.deepEqual(skips(await scene.cleanUp()), ["shop moved-on"]);
    assert.equal(scene.forge.requests.length, asked);
    assert.ok(existsSync(join(scene.dir, "product/shop/a")));
  });

test("R-73 an archive on another file system leaves the folder where it is", async (context) => {
  const scene = await open(context);
  const products = { ...scene.deps.products, archive: async () => Promise.resolve(false) };
  assert.deepEqual(skips(await scene.cleanUp({}, { products })), ["api young", "shop not-moved"]);
  assert.deepEqual(
    (await scene.rows()).map(({ state }) => state),
    ["present", "present"],
  );
  assert.deepEqual(value(await scene.cleanUp()).archived, ["shop"]);
});

test("R-73 days are whole numbers from 1", async (context) => {
  const scene = await open(context);
  for (const days of [0, -1, 1.5, Number.NaN, 1e9])
    for (const more of [{ archiveDays: days }, { deleteDays: days }])
      assert.equal(codeOf(await scene.cleanUp(more)), "USAGE");
});
