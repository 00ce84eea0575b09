// The runbook, run: each block as it stands on the page, in a real project with a run behind it. And backups that are attacked.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import {
  readFileSync,
  symlinkSync,
  mkdirSync,
  writeFileSync,
  existsSync,
  rmSync,
  cpSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BIN, runOrket, startOrket } from "./support/orket.ts";
import { approve, epicFile, makeProject, say, script, write } from "./support/project.ts";

const CHECKOUT = fileURLToPath(new URL("../", import.meta.url));
const run = promisify(execFile);

async function openScene(context: TestContext) {
  const issues = ["one", "two", "three"].map((id) => ({ id, seat: "coder" }));
  const cards = Object.fromEntries(
    issues.map(({ id }) => [
      id,
      { coder: [write(`src/engines/${id}_engine.ts`, "1\n"), say("Done.")], guard: [approve] },
    ]),
  );
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(issues),
    "script.yaml": script(cards),
  });
  context.after(project.remove);
  const beside = `${project.dir}-beside`;
  const tools = join(beside, "bin");
  mkdirSync(tools, { recursive: true });
  symlinkSync(BIN, join(tools, "orket"));
  symlinkSync(process.execPath, join(tools, "node"));
  context.after(() => rmSync(beside, { recursive: true, force: true }));
  const dir = join(beside, "project");
  cpSync(project.dir, dir, { recursive: true });
  const env = { PATH: `${tools}:${process.env["PATH"] ?? ""}`, HOME: beside, CHECKOUT };
  const shell = async (text: string) =>
    run("bash", ["-euo", "pipefail", "-c", text], { cwd: dir, env });
  const backup = async (...args: readonly string[]) =>
    run(process.execPath, [join(CHECKOUT, "scripts/backup.ts"), ...args], { cwd: dir, env }).then(
      ({ stdout }) => ({ code: 0, out: stdout }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, out: stderr }),
    );
  return { dir, shell, backup };
}

test("R-77 every block of the runbook runs as it stands there", async (context) => {
  const { dir, shell } = await openScene(context);
  assert.equal((await runOrket(["run", "work"], { cwd: dir })).code, 0);
  const page = readFileSync(join(CHECKOUT, "RUNBOOK.md"), "utf8");
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  assert.ok(blocks.length >= 8);
  for (const block of blocks) await shell(block);
  const { stdout } = await shell("orket runs --json");
  assert.match(stdout, /"status":"done"/);
  assert.match((await shell("orket config show")).stdout, /server\.api_key +set +secret file/);
});

test("R-75 a backup taken while a run goes on restores, and the run it holds can be resumed", async (context) => {
  const { dir, backup } = await openScene(context);
  let taken = Promise.resolve({ code: -1, out: "" });
  let isTaken = false;
  const started = startOrket(["run", "work", "--json"], {
    cwd: dir,
    onLine: (line) => {
      if (isTaken || !line.includes('"type":"turn-finished"')) return;
      isTaken = true;
      taken = backup("save", ".orket", "../saved");
    },
  });
  await started.ended;
  const saved = await taken;
  assert.equal(saved.code, 0, saved.out);
  rmSync(join(dir, ".orket"), { recursive: true });
  assert.equal((await backup("restore", "../saved", ".orket")).code, 0);
  const listed = await runOrket(["runs", "--json"], { cwd: dir });
  const { runs } = JSON.parse(listed.out) as { runs: { id: string; status: string }[] };
  assert.equal(runs.length, 1);
  if (runs[0]?.status !== "done") {
    const resumed = await runOrket(["resume", runs[0]?.id ?? ""], { cwd: dir });
    assert.equal(resumed.code, 0, resumed.err);
  }
  assert.equal((await runOrket(["events", "verify"], { cwd: dir })).code, 0);
});

test("R-75 what is damaged is neither saved nor restored, and the old state stays", async (context) => {
  const { dir, backup } = await openScene(context);
  await runOrket(["run", "work"], { cwd: dir });
  assert.equal((await backup("save", ".orket", "../saved")).code, 0);
  assert.equal((await backup("save", ".orket", "../saved")).code, 1);
  assert.equal((await backup("save", "nothing-here", "../other")).code, 1);
  assert.equal((await backup("save", ".orket")).code, 1);
  const saved = join(dir, "../saved");
  const database = join(saved, "orket.db");
  const good = readFileSync(database);
  const { DatabaseSync } = await import("node:sqlite");
  const opened = new DatabaseSync(database);
  opened.exec("PRAGMA journal_mode = DELETE; DROP TRIGGER IF EXISTS events_are_final");
  const triggers = opened.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
  for (const { name } of triggers) opened.exec(`DROP TRIGGER "${String(name)}"`);
  opened.exec("UPDATE events SET actor = 'somebody' WHERE seq = 2");
  opened.close();
  const changed = await backup("restore", "../saved", ".orket");
  assert.deepEqual([changed.code, /event log is broken at 2/.test(changed.out)], [1, true]);
  writeFileSync(database, good.subarray(0, good.length / 2));
  assert.equal((await backup("restore", "../saved", ".orket")).code, 1);
  writeFileSync(database, good);
  const objects = execFileSync("find", [join(saved, "git"), "-path", "*/objects/*", "-type", "f"]);
  rmSync(objects.toString().split("\n")[0] ?? "");
  assert.equal((await backup("restore", "../saved", ".orket")).code, 1);
  assert.ok(!existsSync(join(dir, ".orket.before-restore")));
  assert.equal((await runOrket(["events", "verify"], { cwd: dir })).code, 0);
});
