// `orket backup` and `orket restore` as processes: while a run goes on, killed in the middle, and in the way of others.
import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, write } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CARDS = ["one", "two", "three"];

async function openScene(context: TestContext) {
  const replies = (id: string) => ({
    coder: [write(`docs/${id}.md`, `${id}\n`), { text: "Done.", delayMs: 300 }],
    guard: [approve],
  });
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(CARDS.map((id) => ({ id }))),
    "script.yaml": script(Object.fromEntries(CARDS.map((id) => [id, replies(id)]))),
  });
  context.after(project.remove);
  const folder = await tempFolder(context);
  const { dir } = project;
  const orket = async (...args: readonly string[]) => runOrket(args, { cwd: dir });
  return { dir, folder, state: join(dir, ".orket"), orket };
}

test("R-75 a backup taken while a run goes on restores, and the run it holds is resumed to its end", async (context) => {
  const { dir, folder, state, orket } = await openScene(context);
  const saved = join(folder, "saved");
  const seen: number[] = [];
  const taken: ReturnType<typeof orket>[] = [];
  const acknowledged = (): number => seen.at(-1) ?? 0;
  let before = 0;
  const started = startOrket(["run", "work", "--json"], {
    cwd: dir,
    onLine: (line) => {
      const { seq, type } = JSON.parse(line) as { seq?: number; type: string };
      if (seq !== undefined) seen.push(seq);
      if (taken.length > 0 || type !== "turn-finished") return;
      before = acknowledged();
      taken.push(orket("backup", saved, "--json"));
    },
  });
  assert.equal((await started.ended).code, 0);
  const [done] = await Promise.all(taken);
  assert.ok(done, "no turn was finished");
  assert.equal(done.code, 0, done.err);
  const report = JSON.parse(done.out) as { v: number; database: { events: number } };
  assert.equal(report.v, 1);
  assert.ok(report.database.events >= before, "what was acknowledged before is in it");
  const full = await orket("restore", saved);
  assert.deepEqual([full.code, /STATE_NOT_EMPTY.*move it away/.test(full.err)], [2, true]);
  renameSync(state, join(folder, "old"));
  const restored = await orket("restore", saved, "--json");
  assert.equal(restored.code, 0, restored.err);
  const { pausedRuns } = JSON.parse(restored.out) as { pausedRuns: readonly string[] };
  for (const run of pausedRuns) {
    const resumed = await orket("resume", run);
    assert.equal(resumed.code, 0, resumed.err);
  }
  const listed = JSON.parse((await orket("runs", "--json")).out) as { runs: { status: string }[] };
  assert.deepEqual(
    listed.runs.map(({ status }) => status),
    ["done"],
  );
  assert.match((await orket("events", "verify")).out, /chain valid/);
});

test("R-75 killed at any moment, a backup bears no name and a restore is refused by every command but another one", async (context) => {
  const { dir, folder, state, orket } = await openScene(context);
  assert.equal((await orket("run", "work")).code, 0);
  const saved = join(folder, "saved");
  // Whatever bears the name is whole, also when its process was killed a moment later.
  const whole: string[] = [];
  for (const waitMs of [100, 250, 400]) {
    const backup = startOrket(["backup", saved], { cwd: dir });
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    backup.signal("SIGKILL");
    await backup.ended;
    if (existsSync(saved)) {
      whole.push(join(folder, `saved-${waitMs}`));
      renameSync(saved, join(folder, `saved-${waitMs}`));
    }
    const part = `${saved}.part`;
    if (!existsSync(part)) continue;
    const again = await orket("backup", saved);
    assert.deepEqual([again.code, /interrupted: remove it/.test(again.err)], [2, true]);
    renameSync(part, join(folder, `part-${waitMs}`));
  }
  assert.equal((await orket("backup", saved)).code, 0);
  renameSync(state, join(folder, "old"));
  let marked = 0;
  for (let round = 0; round < 5; round += 1) {
    const restore = startOrket(["restore", saved], { cwd: dir });
    let isOver = false;
    void restore.ended.then(() => (isOver = true));
    while (!isOver && !existsSync(join(state, ".restoring")))
      await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, round * 15));
    restore.signal("SIGKILL");
    await restore.ended;
    if (!existsSync(join(state, ".restoring"))) {
      if (existsSync(state)) renameSync(state, join(folder, `restored-${round}`));
      continue;
    }
    marked += 1;
    const refused = await orket("runs");
    assert.deepEqual(
      [refused.code, /STATE_UNFINISHED.*orket restore/.test(refused.err)],
      [3, true],
    );
  }
  assert.ok(marked > 0, "one of five was cut off in its middle");
  for (const one of [saved, ...whole]) {
    const restored = await orket("restore", one);
    assert.equal(restored.code, 0, restored.err);
    assert.ok(!readdirSync(state).includes(".restoring"));
    assert.match((await orket("events", "verify")).out, /chain valid/);
    renameSync(state, `${one}-restored`);
  }
});

test("a backup of nothing and a restore of nothing say so", async (context) => {
  const { folder, orket } = await openScene(context);
  const none = await orket("backup", join(folder, "saved"));
  assert.deepEqual([none.code, /STATE_MISSING/.test(none.err)], [3, true]);
  const nothing = await orket("restore", join(folder, "nothing"));
  assert.deepEqual([nothing.code, /BACKUP_INVALID/.test(nothing.err)], [3, true]);
});
