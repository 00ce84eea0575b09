// Product folders on disk and git: the port's contract, and an archive on another file system.
import assert from "node:assert/strict";
import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ProductsFactory } from "../../../test/contract/products.suite.ts";
import { PLACE, SHOP, testProducts } from "../../../test/contract/products.suite.ts";
import { openProductProject } from "../../../test/support/product-project.ts";
import { ok } from "../../domain/result.ts";
import { createProcesses } from "../process/spawn.ts";
import { createProducts } from "./disk.ts";

const make: ProductsFactory = ({ dir, stateDir }) =>
  createProducts({
    processes: createProcesses(),
    searchPath: process.env["PATH"] ?? "",
    projectDir: dir,
    stateDir,
  });

testProducts("disk and git", make);

test("a machine without git is a failure", async (context) => {
  const { dir, stateDir, write } = await openProductProject(context);
  await write("product/shop/a", "a");
  const deps = { processes: createProcesses(), projectDir: dir, stateDir };
  const products = createProducts({ ...deps, searchPath: "/nonexistent" });
  await assert.rejects(products.look(SHOP), { code: "WORKSPACE_FAILED" });
  assert.equal(await products.lookAt(PLACE), "missing");
});

test("what a killed call left is swept after a day, and nothing else", async (context) => {
  const project = await openProductProject(context);
  await project.commit({ "product/shop/a": "a" });
  const scratchDir = join(project.stateDir, "publish");
  const old = new Date(Date.now() - 25 * 3_600_000);
  for (const name of ["split-old", "split-new", "other-old"]) {
    await mkdir(join(scratchDir, name), { recursive: true });
    if (name.endsWith("old")) await utimes(join(scratchDir, name), old, old);
  }
  assert.ok((await make(project).withSplit(SHOP, async () => ok(null))).ok);
  assert.deepEqual((await readdir(scratchDir)).toSorted(), ["other-old", "split-new"]);
});
