// The model takes its time: it answers byte by byte, stops in the middle, or never begins. Patience has the limit that the
// environment names, and no longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDone, assertDoneOnce, openScene } from "../support/disaster-project.ts";

const TIMEOUT_SEC = 2;
const files = {
  "model/core/environments/local.yaml": {
    name: "local",
    model: "openai:test",
    timeout: TIMEOUT_SEC,
  },
};

test("a model that drips its answers is waited for", async (context) => {
  const scene = await openScene({ files });
  context.after(scene.remove);
  scene.onRequest(() => ({ kind: "answer", dripMs: 20 }));
  const ended = await scene.start(["run", "together"]).ended;
  assert.equal(ended.code, 0, ended.err);
  await assertDoneOnce(scene);
});

for (const kind of ["silent", "stalled"] as const)
  test(`a model that is ${kind} is given up after its timeout and asked again`, async (context) => {
    const scene = await openScene({ files });
    context.after(scene.remove);
    let count = 0;
    scene.onRequest(() => {
      count += 1;
      return count === 3 ? { kind } : null;
    });
    const ended = await scene.start(["run", "together"]).ended;
    assert.equal(ended.code, 0, ended.err);
    const { events } = await assertDone(scene);
    const retried = events.filter((event) => event.type === "model-retried");
    assert.deepEqual(
      retried.map((event) => [event.data["code"], event.data["attempt"]]),
      [["MODEL_TIMEOUT", 1]],
    );
    await assertDoneOnce(scene);
  });

test("a model that never answers ends the run with 4", async (context) => {
  const scene = await openScene({ files });
  context.after(scene.remove);
  scene.onRequest(() => ({ kind: "silent" }));
  const ended = await scene.start(["run", "together"]).ended;
  assert.equal(ended.code, 4, ended.err);
  assert.match(ended.out, /MODEL_TIMEOUT/);
});
