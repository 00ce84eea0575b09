// A live attacker: another process swaps a folder and a link to the outside as fast as it can while every operation runs.
// Check-then-open code fails this within a second; not one escape is allowed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDiskWorkspaces } from "../../../test/support/open-workspaces.ts";
import { commitRequest } from "../../../test/contract/workspace-history.suite.ts";
import type { Result } from "../../domain/result.ts";
import type { Workspace } from "../../ports/workspace.ts";

const RACE_MS = 3000;
const SECRET = "outside-secret";
const READS_PER_ROUND = 200;
const READ_PATHS = ["leaf", "flip/secret.txt", "leaf", "flip/sub/secret.txt"];

/** `flip` is by turns a folder, a link to the outside and nothing; `leaf` by turns a file and a link to the secret. */
const ATTACKER = `
  const { renameSync, symlinkSync, unlinkSync, writeFileSync } = require("node:fs");
  const [workspace, outside] = process.argv.slice(1);
  process.chdir(workspace);
  const attempt = (act) => { try { act(); } catch {} };
  console.log("ready");
  for (;;) {
    attempt(() => renameSync("flip", "kept"));
    attempt(() => symlinkSync(outside, "flip"));
    attempt(() => unlinkSync("leaf"));
    attempt(() => symlinkSync(outside + "/secret.txt", "leaf"));
    attempt(() => unlinkSync("flip"));
    attempt(() => renameSync("kept", "flip"));
    attempt(() => unlinkSync("leaf"));
    attempt(() => writeFileSync("leaf", "inside"));
  }`;

/** Gives the function that ends it; it must be over before the folders are cleaned up. */
async function startAttacker(workspace: Workspace, outside: string): Promise<() => Promise<void>> {
  const attacker = spawn(process.execPath, ["--eval", ATTACKER, workspace.dir, outside], {
    stdio: ["ignore", "pipe", "inherit"],
    // It is killed, and half a coverage file would spoil the whole report.
    env: { ...process.env, NODE_V8_COVERAGE: "" },
  });
  await once(attacker.stdout, "data");
  return async () => {
    attacker.kill("SIGKILL");
    await once(attacker, "exit");
  };
}

test(
  "no operation escapes while folders and links are swapped under it",
  { timeout: 30_000 },
  async (context) => {
    const workspace = await (await openDiskWorkspaces(context)).open("build-1");
    const outside = `${workspace.dir}-outside`;
    for (const folder of [join(workspace.dir, "flip", "sub"), join(outside, "sub")])
      mkdirSync(folder, { recursive: true });
    for (const folder of ["", "sub"]) {
      writeFileSync(join(workspace.dir, "flip", folder, "secret.txt"), "inside");
      writeFileSync(join(outside, folder, "secret.txt"), SECRET);
      writeFileSync(join(outside, folder, "only-outside.txt"), SECRET);
    }
    const before = allBelow(outside);
    const answers = new Map<string, number>();
    const stopAttacker = await startAttacker(workspace, outside);
    try {
      const endsAt = performance.now() + RACE_MS;
      for (let round = 0; performance.now() < endsAt; round += 1)
        await useEverything(workspace, round, answers);
    } finally {
      await stopAttacker();
    }

    context.diagnostic(JSON.stringify(Object.fromEntries(answers)));
    assert.deepEqual(allBelow(outside), before);
    for (const name of ["secret.txt", "sub/secret.txt", "only-outside.txt"])
      assert.equal(readFileSync(join(outside, name), "utf8"), SECRET);
    for (const { commit } of await workspace.history(1000))
      assert.ok(!(await workspace.diff(commit)).includes(SECRET));
    // Without these the race would not have been one.
    for (const code of ["read", "written", "listed", "PATH_ESCAPE", "FILE_MISSING"])
      assert.ok((answers.get(code) ?? 0) > 20, code);
  },
);

const allBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

async function useEverything(
  workspace: Workspace,
  round: number,
  answers: Map<string, number>,
): Promise<void> {
  const count = (result: Result<unknown>, name: string): void => {
    const answer = result.ok ? name : result.error.code;
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  };
  // Reads cost no fsync: many of them for each write, or the race would hardly be run.
  for (let reads = 0; reads < READS_PER_ROUND; reads += 1) {
    const read = await workspace.read(READ_PATHS[reads % READ_PATHS.length] ?? "leaf", 1000);
    count(read, "read");
    if (read.ok) assert.notEqual(read.value.text, SECRET);
  }
  for (const path of ["flip", "flip/sub"]) {
    const listed = await workspace.list(path);
    count(listed, "listed");
    if (listed.ok) assert.ok(!listed.value.some(({ name }) => name === "only-outside.txt"));
  }
  for (const path of [
    `flip/made-${round % 5}.txt`,
    `flip/sub/deep-${round % 5}/made.txt`,
    "leaf",
    "flip/secret.txt",
  ]) {
    count(await workspace.write(path, "inside"), "written");
  }
  count(await workspace.remove("flip/only-outside.txt"), "removed");
  if (round % 20 === 0)
    await workspace.commit(commitRequest(["flip/secret.txt", "flip/only-outside.txt", "leaf"]));
}
