// Whatever way a text takes into the database, no secret is in its bytes afterwards; ids and states are as they were given.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newCard, newMemory, newRun, newTurn } from "../../../test/support/store-records.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createRedactor, REDACTED } from "../../domain/redact.ts";
import { createSystemClock } from "../clock/system.ts";
import { openSqliteStore } from "./sqlite.ts";

const SECRET = "canary-value-of-the-engine";
const KEPT = `say ${REDACTED}!`;
const TEXT = `say ${SECRET}!`;

test("no text that is kept holds a secret, in the database and in its log", async (context) => {
  const path = join(await tempFolder(context), "orket.db");
  const redact = createRedactor({ values: [SECRET] });
  const store = await openSqliteStore({ path, clock: createSystemClock(), redact });
  context.after(async () => store.close());
  const card = newCard("A-1", { summary: TEXT });
  const [build, id] = [card.build, card.id];
  const brief = { ...card.brief, description: TEXT, params: { [TEXT]: [TEXT] } };
  const call = { id: "c1", tool: TEXT, args: { path: "a", content: TEXT } };
  const clean = { id: "c2", tool: "read_file", args: { path: "a" } };
  const usage = { inputTokens: 1, outputTokens: 1, costUsd: 0 };
  const change = { reason: null, detail: TEXT, at: "2026-01-01T00:00:00.000Z" };
  await store.transaction(async ({ cards, comments, runs, turns, memories }) => {
    await runs.insert({ ...newRun("run-1"), model: TEXT }, { assets: TEXT });
    await runs.move("run-1", "queued", "running", change);
    await cards.insert({ ...card, brief });
    const past = await cards.get(build, id);
    if (past !== null)
      await cards.insertPast({ ...past, id: "A-2", brief, summary: TEXT, lastError: TEXT });
    await cards.define(build, id, { ...card, brief });
    const stored = await cards.get(build, id);
    const move = { from: "ready", to: "blocked", waitReason: "input", waitDetail: TEXT } as const;
    await cards.move(stored ?? { build, id, version: 0 }, { ...move, cause: "command" });
    await cards.write(build, id, { lastError: TEXT, resolution: TEXT, waitDetail: TEXT, cycle: 2 });
    await comments.add({ build, card: id, author: "engine", text: TEXT, turn: null });
    await turns.insert({ ...newTurn("turn-1"), model: TEXT }, [{ role: "user", content: TEXT }]);
    await turns.addStep("turn-1", { number: 1, text: TEXT, calls: [call, clean], usage });
    await turns.finishCall("turn-1", 1, "c1", { ok: true, text: TEXT });
    const at = "2026-01-01T00:00:00.000Z";
    await turns.finish("turn-1", { status: "failed", outcome: TEXT, commit: null, at });
    await memories.add(newMemory(TEXT));
  });
  for (const name of [path, `${path}-wal`]) assert.ok(!readFileSync(name).includes(SECRET), name);
  const kept = await store.read(async ({ cards, runs, turns }) => ({
    card: await cards.get(build, id),
    run: await runs.get("run-1"),
    steps: await turns.steps("turn-1"),
  }));
  const { card: held, run, steps } = kept;
  assert.deepEqual(
    [held?.summary, held?.waitDetail, held?.lastError, held?.resolution, held?.cycle, held?.status],
    [KEPT, KEPT, KEPT, KEPT, 2, "blocked"],
  );
  assert.deepEqual([run?.status, run?.detail, run?.model], ["running", KEPT, KEPT]);
  assert.deepEqual(steps[0]?.calls, [
    { id: "c1", tool: KEPT, args: { path: "a", content: KEPT }, redacted: true },
    clean,
  ]);
});
