// The posture as `orket doctor` shows it: real files with real modes, settings of a real environment.
import assert from "node:assert/strict";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runOrket } from "../support/orket.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Check = {
  readonly name: string;
  readonly ok: boolean;
  readonly isWarning?: true;
  readonly found: string;
  readonly fix: string | null;
};

async function openScene(context: TestContext) {
  const cwd = await tempFolder(context);
  await runOrket(["init", "--yes", "."], { cwd });
  await runOrket(["board"], { cwd });
  const check = async (name: string, env: Readonly<Record<string, string>> = {}) => {
    const { out } = await runOrket(["doctor", "--json"], { cwd, env });
    const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] };
    const found = checks.find((one) => one.name === `safety: ${name}`);
    if (found === undefined) return "ok";
    assert.ok((found.fix ?? "").length > 10, found.name);
    return found.ok ? "warn" : "refuse";
  };
  return { cwd, check };
}

const PRODUCTION = { ORKET_ENV: "production" };

test("a new database is its owner's alone, and one that others can read or write is found", async (context) => {
  const { cwd, check } = await openScene(context);
  const database = join(cwd, ".orket/orket.db");
  assert.equal((await stat(database)).mode & 0o777, 0o600);
  assert.equal(await check("state-files"), "ok");
  await chmod(database, 0o644);
  assert.equal(await check("state-files"), "warn");
  assert.equal(await check("state-files", PRODUCTION), "refuse");
  await chmod(join(cwd, ".orket"), 0o700);
  assert.equal(await check("state-files"), "ok");
  await chmod(join(cwd, ".orket"), 0o777);
  assert.equal(await check("state-files", PRODUCTION), "refuse");
});

test("a .env that others can read, and a git folder in a workspace, are found", async (context) => {
  const { cwd, check } = await openScene(context);
  await writeFile(join(cwd, ".env"), "", { mode: 0o600 });
  assert.equal(await check("state-files"), "ok");
  await chmod(join(cwd, ".env"), 0o644);
  assert.equal(await check("state-files"), "warn");
  assert.equal(await check("workspace-git"), "ok");
  await mkdir(join(cwd, ".orket/workspaces/rock/epic/.GIT"), { recursive: true });
  assert.equal(await check("workspace-git"), "warn");
  assert.equal(await check("workspace-git", PRODUCTION), "refuse");
});

test("settings are judged by the environment, and doctor's exit code tells a warning from a refusal", async (context) => {
  const { cwd, check } = await openScene(context);
  const weak = { GITEA_WEBHOOK_SECRET: "changeme" };
  assert.equal(await check("webhook-secret", weak), "warn");
  assert.equal(await check("webhook-secret", { ...weak, ...PRODUCTION }), "refuse");
  assert.equal(await check("api-key", { ORKET_HOST: "0.0.0.0" }), "refuse");
  const { out } = await runOrket(["doctor"], { cwd, env: weak });
  assert.match(out, /warn {2}safety: webhook-secret .*\n {6}fix {2}Make one by chance/);
  assert.doesNotMatch(out, /changeme/);
});
