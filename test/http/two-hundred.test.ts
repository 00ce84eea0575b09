// Two hundred runs asked for at once over the API: those that end well, fail and are canceled all leave the count.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../../src/domain/run.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";
import { approve, epicFile, script, write } from "../support/project.ts";

const RUNS = 200;

test("two hundred runs at once are all accepted, and when they have ended nothing is in flight", async (context) => {
  const scene = await openHttp(context, {
    issues: [{ id: "good" }],
    files: { "model/core/epics/bad.yaml": epicFile([{ id: "worse" }]) },
    script: script({
      good: {
        coder: [write("src/engines/good_engine.ts", "1\n"), { text: "Done." }],
        guard: [approve],
      },
      worse: { coder: [] },
    }),
  });
  const { ask, engine, tasks } = scene;
  const post = async (path: string, body?: unknown) =>
    ask({ path, method: "POST", key: KEYS.operate, ...(body === undefined ? {} : { body }) });
  const isBad = (index: number): boolean => index % 10 === 3;
  const isCanceled = (index: number): boolean => index % 10 === 7;
  const submit = async (index: number): Promise<string> => {
    const card = isBad(index) ? "bad" : "work";
    const { status, json } = await post("/v1/runs", { card, build: `build-${index}` });
    assert.equal(status, 202);
    const { id } = json["run"] as Run;
    // One that ended before it could be canceled says so.
    if (isCanceled(index)) await post(`/v1/runs/${id}/cancel`);
    return id;
  };
  const ids = await Promise.all(Array.from({ length: RUNS }, async (_, index) => submit(index)));
  assert.equal(new Set(ids).size, RUNS);
  const active = async (): Promise<number> => {
    const { json } = await ask({ path: "/v1/system/heartbeat", key: KEYS.read });
    return json["active_tasks"] as number;
  };
  for (let count = await active(); count > 0; count = await active()) {
    assert.ok(count <= 8, `${count} in flight`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const runs = await engine.store.read(async (store) => store.runs.list({ limit: 1000 }));
  const endOf = new Map(runs.map(({ id, status }) => [id, status]));
  const wrong = ids.filter((id, index) => {
    const end = endOf.get(id);
    if (isCanceled(index)) return end !== "canceled" && end !== "done";
    return end !== (isBad(index) ? "failed" : "done");
  });
  assert.deepEqual(wrong, []);
  assert.ok([...endOf.values()].includes("canceled"));
  assert.equal(tasks.activeCount(), 0);
  assert.equal((await engine.store.verifyChain()).valid, true);
});
