// No containment: nothing runs.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createUnavailableContainment } from "./unavailable.ts";

test("refuses every command, says why and what to do, and runs nothing", async (context) => {
  const workspaceDir = await tempFolder(context);
  const missing = { reason: "bubblewrap is not installed", remedy: "Install it." };
  const containment = createUnavailableContainment(missing);
  const result = await containment.run(
    {
      argv: ["touch", "sprung"],
      workspaceDir,
      workspace: "writable",
      cwd: ".",
      env: {},
      stdin: "",
      folders: {},
      network: false,
      resultBytesMax: 0,
      limits: {
        wallMs: 1000,
        cpuSec: 1,
        memoryMiB: 64,
        processesMax: 16,
        outputBytesMax: 1024,
        fileMiB: 1,
        diskMiB: 1,
        temporaryMiB: 1,
      },
    },
    new AbortController().signal,
  );
  assert.ok(!result.ok);
  assert.equal(result.error.code, "CONTAINMENT_UNAVAILABLE");
  assert.match(
    result.error.message,
    /^containment_unavailable: bubblewrap is not installed\..* Install it\.$/,
  );
  assert.deepEqual(readdirSync(workspaceDir), []);
  assert.deepEqual(await containment.probe(), { available: false, ...missing });
});
