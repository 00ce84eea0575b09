// No containment: nothing runs.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createUnavailableContainment } from "./unavailable.ts";

test("refuses every command, says why and what to do, and runs nothing", async (context) => {
  const workspaceDir = await tempFolder(context);
  const command = { argv: ["touch", "sprung"], workspaceDir, cwd: ".", timeoutMs: 1000 };
  const result = await createUnavailableContainment().run(command, new AbortController().signal);
  assert.ok(!result.ok);
  assert.equal(result.error.code, "CONTAINMENT_UNAVAILABLE");
  assert.match(
    result.error.message,
    /^containment_unavailable: .*no containment.*a release with containment/s,
  );
  assert.deepEqual(readdirSync(workspaceDir), []);
});
