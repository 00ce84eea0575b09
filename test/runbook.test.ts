// The runbook, run: each block as it stands on the page, in a real project with a run behind it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, mkdirSync, rmSync, cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BIN, runOrket } from "./support/orket.ts";
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
  return { dir, shell };
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
