// Back-ups of a state that others write to, and what becomes of them when somebody changes, cuts or forges one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import { backUpState, restoreState } from "../../src/assemble-backup.ts";
import type { BackupScene } from "../../src/assemble-backup.ts";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { BackupManifest } from "../../src/domain/backup.ts";
import { canonicalJson } from "../../src/domain/json.ts";
import { openProject } from "../support/open-project.ts";
import { approve, script, write } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NEVER = new AbortController().signal;
const CARDS = ["one", "two", "three", "four"];
/** Slow enough for a few backups while they are worked on. */
const replies = (id: string) => ({
  coder: [write(`docs/${id}.md`, `${id}\n`), { text: "Done.", delayMs: 400 }],
  guard: [{ ...(approve as object), delayMs: 400 }],
});

const sceneOf = (stateDir: string): BackupScene => ({
  stateDir,
  searchPath: process.env["PATH"] ?? "",
  owner: `here:${process.pid}`,
  isOwnerGone: () => true,
  product: "0.1.0",
  person: "ada",
  secrets: [],
});

async function openScene(context: TestContext) {
  const project = await openProject(context, {
    issues: CARDS.map((id) => ({ id })),
    script: script(Object.fromEntries(CARDS.map((id) => [id, replies(id)]))),
  });
  const folder = await tempFolder(context);
  const stateDir = join(project.dir, ".orket");
  const save = async (to = join(folder, "saved"), signal = NEVER) =>
    backUpState(sceneOf(stateDir), to, signal);
  const back = async (from = join(folder, "saved"), to = join(folder, "again"), signal = NEVER) =>
    restoreState(sceneOf(to), from, signal);
  return { project, folder, stateDir, save, back };
}

const codeOf = (result: { ok: boolean; error?: { code: string } }): string =>
  result.ok ? "ok" : (result.error?.code ?? "");

async function eventsOf(stateDir: string) {
  const path = join(stateDir, "orket.db");
  const store = await openSqliteStore({ path, clock: createSystemClock(), readOnly: true });
  try {
    const chain = await store.verifyChain();
    const events = await store.read(async (read) => read.events.list({ limit: 100_000 }));
    return { chain, events };
  } finally {
    await store.close();
  }
}

test("R-75 a backup taken under load holds all that was acknowledged before, is whole, and goes on from there", async (context) => {
  const { project, folder, stateDir, save, back } = await openScene(context);
  const running = project.run({ card: "work" });
  let isOver = false;
  void running.finally(() => (isOver = true));
  let taken = 0;
  for (let round = 0; !isOver || round === 0; round += 1) {
    const acknowledged = project.events.at(-1)?.seq ?? 0;
    const saved = await save(join(folder, `saved-${round}`));
    assert.ok(saved.ok, JSON.stringify(saved));
    const to = join(folder, `again-${round}`);
    const restored = await back(join(folder, `saved-${round}`), to);
    assert.ok(restored.ok, JSON.stringify(restored));
    const { chain, events } = await eventsOf(to);
    assert.ok(chain.valid);
    assert.ok(
      restored.value.database.events >= acknowledged,
      `${round}: event ${acknowledged} is missing`,
    );
    const original = (await eventsOf(stateDir)).events;
    for (const [index, event] of original.slice(0, acknowledged).entries())
      assert.equal(events[index]?.hash, event.hash);
    assert.equal(
      events.at(-1)?.type === "run-paused" || events.at(-1)?.type === "state-restored",
      true,
    );
    taken += 1;
  }
  assert.equal((await running).status, "done");
  assert.ok(taken >= 2, `${taken} backups were taken while the run went on`);
});

test("what is secret, made again or nobody's is left out and named; a link is not followed", async (context) => {
  const { project, folder, stateDir, save } = await openScene(context);
  await project.run({ card: "work" });
  mkdirSync(join(stateDir, "sandboxes/sandbox-x"), { recursive: true });
  writeFileSync(join(stateDir, "sandboxes/sandbox-x/password"), "hidden-word");
  writeFileSync(join(stateDir, "holiday.txt"), "mine");
  const outside = join(folder, "outside.txt");
  writeFileSync(outside, "hidden-word");
  symlinkSync(outside, join(stateDir, "workspaces/build-work/link.txt"));
  const saved = await save();
  assert.ok(saved.ok);
  const left = saved.value.leftOut.map(({ path }) => path);
  for (const path of ["sandboxes", "holiday.txt", "workspaces/build-work/link.txt"])
    assert.ok(left.includes(path), path);
  const files = readdirSync(join(folder, "saved"), { recursive: true, withFileTypes: true });
  for (const entry of files.filter((one) => one.isFile()))
    assert.ok(
      !readFileSync(join(entry.parentPath, entry.name)).includes("hidden-word"),
      entry.name,
    );
});

test("a place that cannot be is refused, and a signal leaves nothing", async (context) => {
  const { project, folder, stateDir, save, back } = await openScene(context);
  await project.run({ card: "work" });
  assert.equal(codeOf(await save(join(stateDir, "inside"))), "USAGE");
  assert.equal(
    codeOf(await backUpState(sceneOf(join(folder, "none")), join(folder, "x"), NEVER)),
    "STATE_MISSING",
  );
  assert.equal(codeOf(await save(join(folder, "stopped"), AbortSignal.abort())), "INTERRUPTED");
  assert.ok((await save()).ok);
  assert.equal(codeOf(await save()), "BACKUP_EXISTS");
  assert.equal(codeOf(await back(undefined, stateDir)), "STATE_NOT_EMPTY");
  assert.equal(codeOf(await back(join(folder, "none"))), "BACKUP_INVALID");
  const stopped = await back(undefined, join(folder, "halted"), AbortSignal.abort());
  assert.equal(codeOf(stopped), "INTERRUPTED");
  assert.deepEqual(readdirSync(folder), ["saved"]);
});

test("of two who save to one place one wins; of two who restore one does, and the other is told", async (context) => {
  const { project, folder, save } = await openScene(context);
  await project.run({ card: "work" });
  const saved = (await Promise.all([save(), save(), save()])).map(codeOf).toSorted();
  assert.deepEqual(saved, ["BACKUP_EXISTS", "BACKUP_EXISTS", "ok"]);
  const again = join(folder, "again");
  const living = { ...sceneOf(again), isOwnerGone: () => false };
  const one = async () => restoreState(living, join(folder, "saved"), NEVER);
  const both = await Promise.all([one(), one(), one()]);
  assert.equal(both.filter(({ ok }) => ok).length, 1, both.map(codeOf).join());
  assert.ok((await eventsOf(again)).chain.valid);
});

test("a restore that was killed half-way is marked, and the next one begins anew", async (context) => {
  const { project, folder, save, back } = await openScene(context);
  await project.run({ card: "work" });
  assert.ok((await save()).ok);
  const again = join(folder, "again");
  mkdirSync(join(again, ".restoring/state"), { recursive: true });
  writeFileSync(join(again, ".restoring/owner"), "here:1");
  writeFileSync(join(again, "git"), "half of one");
  const living = { ...sceneOf(again), isOwnerGone: () => false };
  assert.equal(
    codeOf(await restoreState(living, join(folder, "saved"), NEVER)),
    "STATE_UNFINISHED",
  );
  const restored = await back();
  assert.ok(restored.ok, JSON.stringify(restored));
  assert.ok(!existsSync(join(again, ".restoring")));
  assert.ok((await eventsOf(again)).chain.valid);
});

type Spoil = (saved: string) => void;
const someFile = (saved: string, part: RegExp): string => {
  const found = readdirSync(join(saved, "state"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .find((path) => part.test(path));
  return found ?? assert.fail(`no file like ${part}`);
};
/** As somebody would who knows how digests are made. */
const forge =
  (change: (manifest: Record<string, unknown> & BackupManifest) => unknown): Spoil =>
  (saved) => {
    const path = join(saved, "manifest.json");
    const { manifest } = JSON.parse(readFileSync(path, "utf8")) as { manifest: never };
    change(manifest);
    const sha256 = createHash("sha256").update(canonicalJson(manifest)).digest("hex");
    writeFileSync(path, JSON.stringify({ manifest, sha256 }));
  };
const inDatabase =
  (sql: string): Spoil =>
  (saved) => {
    const path = join(saved, "state/orket.db");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = DELETE");
    for (const { name } of database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
      .all())
      database.exec(`DROP TRIGGER "${String(name)}"`);
    database.exec(sql);
    database.close();
    const bytes = readFileSync(path);
    forge(({ files }) =>
      Object.assign(files.find((file) => file.path === "orket.db") ?? {}, {
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      }),
    )(saved);
  };

const SPOILT: readonly (readonly [name: string, code: string, spoil: Spoil])[] = [
  [
    "a changed byte",
    "BACKUP_INVALID",
    (saved) => {
      const path = someFile(saved, /workspaces\//);
      const bytes = readFileSync(path);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  ],
  ["a file that is gone", "BACKUP_INVALID", (saved) => rmSync(someFile(saved, /objects\//))],
  [
    "a file more",
    "BACKUP_INVALID",
    (saved) => writeFileSync(join(dirname(someFile(saved, /HEAD$/)), "config.worktree"), "x"),
  ],
  [
    "a link in the place of a file",
    "BACKUP_INVALID",
    (saved) => {
      const path = someFile(saved, /workspaces\//);
      rmSync(path);
      symlinkSync("/etc/passwd", path);
    },
  ],
  ["no manifest", "BACKUP_INVALID", (saved) => rmSync(join(saved, "manifest.json"))],
  [
    "a manifest that was cut off",
    "BACKUP_INVALID",
    (saved) => {
      const path = join(saved, "manifest.json");
      writeFileSync(path, readFileSync(path).subarray(0, 300));
    },
  ],
  [
    "a manifest that was changed",
    "BACKUP_INVALID",
    (saved) => {
      const path = join(saved, "manifest.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("0.1.0", "0.1.1"));
    },
  ],
  [
    "a path that leads out",
    "BACKUP_INVALID",
    forge(({ files }) => Object.assign(files[1] ?? {}, { path: "../../escaped" })),
  ],
  [
    "a newer format",
    "BACKUP_INVALID",
    forge((manifest) => Object.assign(manifest, { version: 99 })),
  ],
  [
    "an event that was changed, with all digests made anew",
    "EVENTS_BROKEN",
    inDatabase("UPDATE events SET actor = 'human:eve' WHERE seq = 2"),
  ],
  [
    "a row that is missing, with all digests made anew",
    "EVENTS_BROKEN",
    inDatabase("DELETE FROM events WHERE seq = 2"),
  ],
  [
    "a database of a newer version",
    "STORE_NEWER",
    inDatabase(
      "INSERT INTO schema_migrations SELECT 9999, '9999-future.sql', digest, applied_at FROM schema_migrations LIMIT 1",
    ),
  ],
];

describe("R-75 what is spoilt is refused, and the state stays empty", () => {
  for (const [name, code, spoil] of SPOILT)
    test(name, async (context) => {
      const { project, folder, save, back } = await openScene(context);
      await project.run({ card: "work" });
      assert.ok((await save()).ok);
      const copy = join(folder, "copy");
      cpSync(join(folder, "saved"), copy, { recursive: true });
      spoil(copy);
      assert.equal(codeOf(await back(copy)), code);
      assert.ok(!existsSync(join(folder, "again")), "nothing is left of it");
      assert.ok(!existsSync(join(folder, "escaped")));
    });
});
