// That names outlive a power loss is shown in test/failure/power-loss.long.ts; here, what is made and what is left alone.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { makeDurableFolder, sync, syncTree } from "./durable.ts";

test("makes a folder with all above it, and leaves one that is there as it is", async (context) => {
  const root = await tempFolder(context);
  const deep = join(root, "one", "two", "three");
  makeDurableFolder(deep);
  assert.ok(statSync(deep).isDirectory());
  writeFileSync(join(deep, "file"), "kept");
  makeDurableFolder(deep);
  assert.ok(existsSync(join(deep, "file")));
  assert.throws(() => makeDurableFolder(join(deep, "file", "below")), { code: "ENOTDIR" });
});

test("syncs what lies in a folder, follows no link out of it, and says what is missing", async (context) => {
  const root = await tempFolder(context);
  mkdirSync(join(root, "sub"));
  writeFileSync(join(root, "sub", "file"), "text");
  symlinkSync("/no/such/place", join(root, "dangling"));
  syncTree(root);
  assert.throws(() => sync(join(root, "absent")), { code: "ENOENT" });
});
