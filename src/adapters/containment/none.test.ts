// Without walls: every reason to refuse, and what runs where none of them holds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { ProcessFacts } from "../../ports/containment.ts";
import { createHostContainment, whyNotUnsandboxed } from "./none.ts";

const FINE = {
  word: "i-understand",
  environment: "local",
  uid: 1000,
  serverHost: "127.0.0.1",
} as const;
const RUNNER = fileURLToPath(new URL("../../../test/support/host-runner.ts", import.meta.url));
const NOBODY = 65_534;

test("is allowed for a user with the word, on loopback, outside production", () => {
  for (const serverHost of ["127.0.0.1", "127.8.9.255", "localhost", "::1", "[::1]"])
    assert.equal(whyNotUnsandboxed({ ...FINE, serverHost }), null, serverHost);
  assert.equal(whyNotUnsandboxed({ ...FINE, environment: "ci" }), null);
});

for (const [why, change] of [
  ["no word", { word: null }],
  ["another word", { word: "yes" }],
  ["the word in capitals", { word: "I-UNDERSTAND" }],
  ["production", { environment: "production" }],
  ["root", { uid: 0 }],
  ["every address", { serverHost: "0.0.0.0" }],
  ["every IPv6 address", { serverHost: "::" }],
  ["no address", { serverHost: "" }],
  ["a name that begins like loopback", { serverHost: "127.0.0.1.example.com" }],
  ["a byte too large", { serverHost: "127.0.0.256" }],
  ["the network", { serverHost: "192.168.1.2" }],
] as const)
  test(`is refused with ${why}, and runs nothing`, async (context) => {
    const around = { ...FINE, ...change };
    assert.notEqual(whyNotUnsandboxed(around), null);
    const host = createHostContainment({ ...around, path: "/usr/bin:/bin" });
    assert.equal((await host.probe()).available, false);
    const workspaceDir = await tempFolder(context);
    const ran = await host.run(
      { workspaceDir } as Parameters<typeof host.run>[0],
      new AbortController().signal,
    );
    assert.ok(!ran.ok && ran.error.code === "CONTAINMENT_UNAVAILABLE");
  });

const isRoot = process.getuid?.() === 0;

for (const [what, script, ended, exitCode] of [
  ["gives exit codes, output and result", "echo out; echo r >&3; exit 7", "exited", 7],
  ["counts a signal as a shell does", "kill -9 $$", "exited", 137],
  ["ends an endless loop at its time", "while :; do :; done", "timeout", null],
  ["ends a flood", "yes", "output-limit", null],
  ["ends a flood of the result", "yes >&3", "output-limit", null],
] as const)
  test(`run by somebody who is not root, it ${what}`, async (context) => {
    const workspaceDir = await tempFolder(context);
    chmodSync(workspaceDir, 0o777);
    const as = isRoot
      ? ["setpriv", "--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups", "--"]
      : [];
    const [file, ...args] = [...as, process.execPath, RUNNER, workspaceDir, script];
    const ran = spawnSync(file, args, { encoding: "utf8", env: {}, cwd: workspaceDir });
    if (ran.status !== 0 && /EACCES|Permission denied|execvp/i.test(ran.stderr))
      return context.skip(
        `this checkout is not readable for another user: ${ran.stderr.slice(0, 200)}`,
      );
    const { value } = JSON.parse(ran.stdout) as { readonly value: ProcessFacts };
    assert.deepEqual([value.ended, value.exitCode], [ended, exitCode], ran.stderr);
    if (exitCode === 7) assert.deepEqual([value.stdout.head, value.result], ["out\n", "r\n"]);
  });
