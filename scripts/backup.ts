// Saves a state directory while runs go on, and puts a saved one back. Both write into a new folder, check what they wrote,
// and only then give it its name; whatever fails leaves the old state as it was and ends with 1.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { createSystemClock } from "../src/adapters/clock/system.ts";
import { openSqliteStore } from "../src/adapters/store/sqlite.ts";

const DATABASE = "orket.db";
/** Found again by nobody: what is written anew, and what the database's own backup replaces. */
const LEFT_OUT = /^(?:orket\.db.*|process\.jsonl.*|logs)$/;

async function save(stateDir: string, to: string): Promise<void> {
  const part = startPart(to);
  const source = new DatabaseSync(join(stateDir, DATABASE), { readOnly: true });
  try {
    // The database before the files: a commit is in git before the database knows of it, so that no file is too old.
    await backup(source, join(part, DATABASE));
  } finally {
    source.close();
  }
  chmodSync(join(part, DATABASE), 0o600);
  copyFiles(stateDir, part);
  await check(part);
  renameSync(part, to);
}

/** Git writes an object before what refers to it, so references are copied first and then what they refer to is there. */
function copyFiles(from: string, to: string): void {
  for (const wanted of [false, true])
    for (const name of readdirSync(from).filter((one) => !LEFT_OUT.test(one)))
      cpSync(join(from, name), join(to, name), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
        filter: (path) => !/\.git\/objects(?:\/|$)/.test(path) || wanted,
      });
}

async function restore(saved: string, stateDir: string): Promise<void> {
  const part = startPart(stateDir, ".restoring");
  cpSync(saved, part, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await check(part);
  const before = `${stateDir}.before-restore`;
  if (existsSync(before)) throw new Error(`${before} is there already; move it away first.`);
  if (existsSync(stateDir)) renameSync(stateDir, before);
  renameSync(part, stateDir);
}

function startPart(to: string, end = ".part"): string {
  if (end === ".part" && existsSync(to)) throw new Error(`${to} is there already.`);
  const part = `${to}${end}`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  return part;
}

/** The database opens, its event log is whole, and each git repository has what its branches name. */
async function check(dir: string): Promise<void> {
  const database = new DatabaseSync(join(dir, DATABASE), { readOnly: true });
  const found = database.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  database.close();
  if (found !== "ok") throw new Error(`The database is damaged: ${String(found)}`);
  const path = join(dir, DATABASE);
  const store = await openSqliteStore({ path, clock: createSystemClock(), readOnly: true });
  const chain = await store.verifyChain();
  await store.close();
  if (!chain.valid) throw new Error(`The event log is broken at ${chain.seq}: ${chain.problem}`);
  for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  for (const repository of repositoriesOf(join(dir, "git"))) {
    const git = spawnSync("git", ["--git-dir", repository, "fsck", "--connectivity-only"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    });
    if (git.status !== 0) throw new Error(`${repository} is damaged: ${git.stderr.trim()}`);
  }
}

const repositoriesOf = (dir: string): readonly string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, encoding: "utf8" })
        .filter((path) => basename(path) === "HEAD" && dirname(path).endsWith(".git"))
        .map((path) => join(dir, dirname(path)))
    : [];

const [what, from, to] = process.argv.slice(2);
try {
  if (from === undefined || to === undefined || (what !== "save" && what !== "restore"))
    throw new Error(
      "usage: save <state directory> <new folder> | restore <saved folder> <state directory>",
    );
  await (what === "save" ? save : restore)(resolve(from), resolve(to));
  console.log(`${what === "save" ? "saved to" : "restored into"} ${to}`);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
