// The model comes and goes: each request meets a broken connection, then a busy server, then an answer. The run gets
// through, and asks no more often than it may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";

const BUSY = { kind: "status", status: 503, headers: { "retry-after": "0" } } as const;

test("a model that flaps is asked again, each request at most three times, and the run finishes", async (context) => {
  const scene = await openScene();
  context.after(scene.remove);
  const asked = new Map<string, number>();
  scene.onRequest(({ body }) => {
    const words = JSON.stringify(body["messages"]);
    const times = (asked.get(words) ?? 0) + 1;
    asked.set(words, times);
    if (times === 1) return { kind: "reset" };
    return times === 2 ? BUSY : null;
  });
  const ended = await scene.start(["run", "together"]).ended;
  assert.equal(ended.code, 0, ended.err);
  await assertDoneOnce(scene);
  assert.deepEqual([...new Set(asked.values())], [3]);
  const events = (await survey(scene.stateDir))?.events ?? [];
  const retried = events.filter((event) => event.type === "model-retried");
  assert.equal(retried.length, 2 * asked.size);
  const codes = new Set(retried.map((event) => event.data["code"]));
  assert.deepEqual(codes, new Set(["MODEL_CONNECTION", "MODEL_OVERLOADED"]));
});
