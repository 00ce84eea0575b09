// The escape table against bubblewrap on this machine, for real, and what comes of walls that are absent, broken or lying.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContainment } from "../../src/adapters/containment/select.ts";
import { testBoxLimits } from "../contract/containment-limits.suite.ts";
import { testEscapes } from "../contract/containment.suite.ts";
import { commandIn, survivorsOf } from "../support/attack-scene.ts";
import { boxDeps, whyNoBox } from "../support/box.ts";
import { tempFolder } from "../support/temp-folder.ts";

const HOLDER = fileURLToPath(new URL("../support/box-holder.ts", import.meta.url));
const scratchDir = mkdtempSync(join(tmpdir(), "orket-box-"));
after(() => rmSync(scratchDir, { recursive: true, force: true }));
const box = createContainment(boxDeps(scratchDir));
const walls = {
  name: "bubblewrap",
  open: () => box,
  languages: ["python", "node"] as const,
};

describe("bubblewrap", { skip: await whyNoBox(scratchDir), concurrency: 1 }, () => {
  testEscapes(walls);
  testBoxLimits(walls);

  for (const victim of ["orket", "bwrap"] as const)
    test(`R-30 leaves no process behind when ${victim} is killed`, async (context) => {
      const workspaceDir = await tempFolder(context);
      const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
      const script = `import os, signal, time
signal.signal(15, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
open("ready", "w").close()
time.sleep(300) # ${mark}`;
      const orket = spawn(process.execPath, [HOLDER, workspaceDir, scratchDir, script], {
        stdio: "ignore",
      });
      const ended = once(orket, "exit");
      await until(() => existsSync(join(workspaceDir, "ready")));
      const inside = survivorsOf(mark).filter((pid) => pid !== orket.pid);
      assert.ok(inside.length >= 2, `${inside.length} processes of the box are seen`);
      if (victim === "orket") orket.kill("SIGKILL");
      else {
        const outer = inside.find((pid) => nameOf(pid) === "bwrap");
        assert.ok(outer !== undefined);
        process.kill(outer, "SIGKILL");
      }
      await ended;
      await until(() => survivorsOf(mark).length === 0);
    });

  test("R-30 leaves no process behind when orket is killed while boxes are being built", async (context) => {
    const workspaceDir = await tempFolder(context);
    const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
    const script = `import time\ntime.sleep(300) # ${mark}`;
    for (let round = 0; round < 3; round += 1) {
      const orket = spawn(process.execPath, [HOLDER, workspaceDir, scratchDir, script, "20"], {
        stdio: "ignore",
      });
      const [, signal] = await once(orket, "exit");
      assert.equal(signal, "SIGKILL");
      await until(() => survivorsOf(mark).length === 0);
    }
  });

  test("R-30 ends a box that is aborted at any step of being built", async (context) => {
    const workspaceDir = await tempFolder(context);
    const mark = `orket-mark-${randomBytes(8).toString("hex")}`;
    const argv = ["sh", "-c", "while :; do sleep 1; done", mark];
    // Several at once are built more slowly, so that every step is met by some abort.
    const together = Array.from({ length: 6 });
    for (let ms = 0; ms < 60; ms += 2) {
      const stoppers = together.map(() => new AbortController());
      const running = stoppers.map((one) => box.run(commandIn(workspaceDir, argv), one.signal));
      await pause(ms);
      for (const stopper of stoppers) stopper.abort();
      for (const ran of await Promise.all(running))
        assert.ok(ran.ok && ran.value.ended === "aborted", JSON.stringify(ran));
      assert.deepEqual(survivorsOf(mark), []);
    }
  });
});

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

/** Polls; the time limit of the test runner is the limit of this. */
async function until(isSo: () => boolean): Promise<void> {
  for (let looks = 0; looks < 3000 && !isSo(); looks += 1) await pause(10);
  assert.ok(isSo());
}

const FAKES = {
  "is absent": null,
  "is broken": "#!/bin/sh\nexit 1\n",
  "runs the program unboxed":
    '#!/bin/sh\nwhile [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n',
  "prints a status of its own":
    "#!/bin/sh\necho '{\"child-pid\":1}' >&5\necho '{\"exit-code\":0}' >&5\necho PASS\nexit 0\n",
  "has no namespaces":
    "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n",
} as const;

for (const [how, script] of Object.entries(FAKES))
  test(`R-29 gives no verdict and runs nothing where bubblewrap ${how}`, async (context) => {
    const dir = await tempFolder(context);
    const bin = await tempFolder(context);
    await chmod(bin, 0o755);
    if (script !== null) await writeFile(join(bin, "bwrap"), script, { mode: 0o755 });
    const tools = ["prlimit", "setpriv", "unshare"];
    for (const tool of tools)
      await writeFile(join(bin, tool), `#!/bin/sh\nexec /usr/bin/${tool} "$@"\n`, { mode: 0o755 });
    const found = createContainment({ ...boxDeps(dir), searchPath: bin });
    const report = await found.probe();
    assert.equal(report.available, false);
    assert.ok(!report.available && report.reason.length > 0 && report.remedy.length > 0);
    const ran = await found.run(commandIn(dir, ["touch", "sprung"]), new AbortController().signal);
    assert.ok(!ran.ok);
    assert.equal(ran.error.code, "CONTAINMENT_UNAVAILABLE");
    assert.equal(existsSync(join(dir, "sprung")), false);
  });
