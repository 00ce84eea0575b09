// Several processes resume one run at the same moment: one owns it, the others are told so, and nothing is done twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertDoneOnce, openScene, survey } from "../support/disaster-project.ts";

const DENIED = 5;

/** Leaves a run that was killed, lets `count` processes resume it at once, and gives how each ended. */
async function resumeAtOnce(count: number): Promise<void> {
  const scene = await openScene();
  try {
    const killed = scene.start(["run", "together", "--json"]);
    await killed.says("tool-finished");
    killed.signal("SIGKILL");
    await killed.ended;
    const run = (await survey(scene.stateDir))?.runs[0]?.id ?? "";
    // The owner does not end before the others have asked: it waits for its model until they are through.
    let refused = 0;
    const othersAreThrough = Promise.withResolvers<void>();
    scene.onRequest(() =>
      refused < count - 1 ? { kind: "answer", after: othersAreThrough.promise } : null,
    );
    const ends = Array.from({ length: count }, async () => {
      const end = await scene.start(["resume", run, "--json"]).ended;
      if (end.code === DENIED) refused += 1;
      if (refused === count - 1) othersAreThrough.resolve();
      return end;
    });
    const all = await Promise.all(ends);
    const codes = all.map(({ code }) => code).toSorted((one, other) => Number(one) - Number(other));
    assert.deepEqual(codes, [0, ...Array.from({ length: count - 1 }, () => DENIED)]);
    for (const { err } of all.filter(({ code }) => code === DENIED)) {
      const { code, message } = JSON.parse(err) as { code: string; message: string };
      assert.equal(code, "RUN_STATE");
      assert.match(message, /is being worked on by another process/);
    }
    const events = (await survey(scene.stateDir))?.events ?? [];
    assert.equal(events.filter((event) => event.type === "run-continued").length, 1);
    await assertDoneOnce(scene);
  } finally {
    await scene.remove();
  }
}

for (const count of [2, 8])
  test(`R-17 of ${count} processes that resume one run at once, one owns it and the others are refused`, async () =>
    resumeAtOnce(count));
