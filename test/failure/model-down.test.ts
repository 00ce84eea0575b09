// The model cannot be reached: from the start, or from the middle of a run on. The run ends and says so, keeps what is done,
// and goes on when the model is back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDone, assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";

const PROVIDER = 4;

test("a model that is down from the start ends the run with 4; with the model back a resume does all of it", async (context) => {
  const scene = await openScene();
  context.after(scene.remove);
  // Nobody listens on the discard port.
  const env = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
  const down = await scene.start(["run", "together"], { env }).ended;
  assert.equal(down.code, PROVIDER, down.err);
  assert.match(down.out, /together failed \(provider\)/);
  assert.match(down.out, /MODEL_CONNECTION/);
  const run = (await survey(scene.stateDir))?.runs[0]?.id ?? "";
  assert.match(down.err, new RegExp(`Go on with: orket resume ${run}`));
  const back = await scene.start(["resume", run]).ended;
  assert.equal(back.code, 0, back.err);
  await assertDoneOnce(scene);
});

test("a model that goes down in the middle loses no finished turn, and a resume repeats none", async (context) => {
  const scene = await openScene();
  context.after(scene.remove);
  let count = 0;
  scene.onRequest(() => {
    count += 1;
    return count > 7 ? { kind: "reset" } : null;
  });
  const down = await scene.start(["run", "together"]).ended;
  assert.equal(down.code, PROVIDER, down.err);
  const before = await survey(scene.stateDir);
  const kept = before?.turns.filter((turn) => turn.status === "committed").map((turn) => turn.id);
  assert.ok((kept ?? []).length > 0);
  scene.onRequest(() => null);
  const back = await scene.start(["resume", before?.runs[0]?.id ?? ""]).ended;
  assert.equal(back.code, 0, back.err);
  const { turns } = await assertDone(scene);
  const committed = turns.filter((turn) => turn.status === "committed").map((turn) => turn.id);
  assert.deepEqual(committed.slice(0, kept?.length), kept);
});
