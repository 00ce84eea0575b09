// `orket import` as a process, from a folder and a database as the predecessor leaves them.
import assert from "node:assert/strict";
import {
  cpSync,
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
import { test } from "node:test";
import { runOrket, startOrket } from "../support/orket.ts";
import { makeOldProject, OLD_TABLES, survey } from "../support/old-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function openScene(context: TestContext, sql: string | null = OLD_TABLES) {
  const old = await makeOldProject(context, sql);
  const folder = await tempFolder(context);
  const dir = join(folder, "new");
  mkdirSync(join(dir, ".orket"), { recursive: true });
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: dir });
  return { old, dir, folder, orket };
}

type Report = {
  readonly assets: { taken: string[]; kept: string[]; refused: { file: string }[] };
  readonly cards: { taken: string[]; kept: string[] };
  readonly comments: number;
  readonly notes: { what: string; why: string }[];
};

test("an old project is shown, taken over once, worked on, and never changed", async (context) => {
  const { old, dir, orket } = await openScene(context);
  const before = survey(old);
  const shown = await orket("import", old);
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /3 cards would be taken/);
  assert.match(shown.out, /broken\.json .*: found/);
  assert.match(shown.out, /LOST-1: No epic of the assets has it/);
  assert.match(shown.err, /Nothing was changed; --execute/);
  assert.ok(!readdirSync(dir).includes("model"));
  const done = await orket("import", old, "--execute", "--json");
  assert.equal(done.code, 0, done.err);
  const { assets, cards, comments, notes } = JSON.parse(done.out) as Report;
  assert.ok(assets.taken.includes("model/core/epics/work.yaml"));
  assert.ok(assets.taken.includes("verification/api.py"));
  assert.ok(!assets.taken.some((file) => file.includes("broken")));
  assert.ok(assets.refused.some(({ file }) => file === "model/core/epics/broken.json"));
  assert.deepEqual([cards.taken, comments], [["A-1", "A-2", "A-3"], 1]);
  const said = notes.map(({ what, why }) => `${what}: ${why}`).join("\n");
  for (const words of [
    /A-1: .*nothing here has verified it/,
    /A-2: .*ready again/,
    /A-2: params_json/,
  ])
    assert.match(said, words);
  assert.match(said, /A-3: Its status was "wonderful"/);
  assert.match(said, /sessions: 1 rows/);
  const { cards: listed } = JSON.parse((await orket("cards", "--json")).out) as {
    cards: {
      id: string;
      status: string;
      waitReason: string | null;
      retryCount: number;
      verified: boolean;
    }[];
  };
  const states = listed
    .filter(({ id }) => id.startsWith("A-"))
    .map((card) => `${card.id} ${card.status} ${card.waitReason} ${card.verified}`);
  assert.deepEqual(states.toSorted(), [
    "A-1 done null false",
    "A-2 ready null false",
    "A-3 blocked system false",
    "A-4 ready null false",
  ]);
  const shownCard = await orket("cards", "show", "A-1", "--json");
  assert.match(shownCard.out, /It works\./);
  assert.match((await orket("events", "verify")).out, /chain valid/);
  const again = JSON.parse((await orket("import", old, "--execute", "--json")).out) as Report;
  assert.deepEqual(
    [again.assets.taken, again.cards.taken, again.cards.kept],
    [[], [], ["A-1", "A-2", "A-3"]],
  );
  assert.equal((await orket("board")).code, 0);
  assert.deepEqual(survey(old), before);
});

test("rows that only the log beside the database has are taken, and that log stays", async (context) => {
  const { old, orket } = await openScene(context, null);
  const path = join(old, "orket_persistence.db");
  const open = new DatabaseSync(path);
  open.exec("PRAGMA journal_mode = WAL");
  open.exec(OLD_TABLES);
  const before = survey(old);
  const done = JSON.parse((await orket("import", old, "--json")).out) as Report;
  assert.deepEqual(survey(old), before);
  open.close();
  assert.deepEqual(done.cards.taken, ["A-1", "A-2", "A-3"]);
});

test("what a project has already stays as it is", async (context) => {
  const { old, dir, orket } = await openScene(context);
  const own = join(dir, "model/core/epics/work.yaml");
  mkdirSync(dirname(own), { recursive: true });
  cpSync(join(old, "model/core/epics/work.yaml"), own);
  writeFileSync(own, `${readFileSync(own, "utf8")}# mine\n`);
  const done = JSON.parse((await orket("import", old, "--execute", "--json")).out) as Report;
  assert.deepEqual(done.assets.kept, ["model/core/epics/work.yaml"]);
  assert.match(readFileSync(own, "utf8"), /# mine/);
});

test("nonsense is refused with its reason, and nothing is taken", async (context) => {
  const { old, dir, folder, orket } = await openScene(context, null);
  const refused = async (...args: readonly string[]) => {
    const { code, err } = await orket("import", ...args, "--execute");
    assert.equal(code, 3, err);
    assert.deepEqual(readdirSync(dir), [".orket"]);
    return err;
  };
  assert.match(await refused(join(folder, "nowhere")), /IMPORT_INVALID.*is no folder/);
  mkdirSync(join(folder, "empty"));
  assert.match(await refused(join(folder, "empty")), /neither config\/ nor model\//);
  assert.match(await refused(old, "--database", "gone.db"), /gone\.db is no file/);
  const path = join(old, "orket_persistence.db");
  writeFileSync(path, "not a database at all, but long enough to look like one".repeat(50));
  assert.match(await refused(old), /IMPORT_INVALID.*no database of the predecessor/);
  rmSync(path);
  new DatabaseSync(path).close();
  assert.match(await refused(old), /IMPORT_INVALID/);
  rmSync(path);
  symlinkSync("/etc/passwd", path);
  const none = JSON.parse((await orket("import", old, "--json")).out) as Report;
  assert.deepEqual([none.cards.taken, none.notes[0]?.what], [[], "database"]);
});

test("killed at any moment, the cards are all there or none is, and the next call finishes", async (context) => {
  const { old, dir, orket } = await openScene(context);
  for (const waitMs of [200, 350, 500, 650]) {
    const started = startOrket(["import", old, "--execute"], { cwd: dir });
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    started.signal("SIGKILL");
    await started.ended;
    const listed = JSON.parse((await orket("cards", "--json")).out) as { cards: { id: string }[] };
    const count = listed.cards.filter(({ id }) => id.startsWith("A-")).length;
    assert.ok(count === 0 || count === 4, `${count} cards after ${waitMs} ms`);
  }
  assert.equal((await orket("import", old, "--execute")).code, 0);
  const again = JSON.parse((await orket("import", old, "--json")).out) as Report;
  assert.deepEqual([again.assets.taken, again.cards.taken], [[], []]);
});
