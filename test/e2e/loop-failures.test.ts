// The organization loop and what goes wrong around it: nothing but a signal ends it, and what is left is gone on with.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { runOrganizationLoop } from "../../src/app/organization-loop.ts";
import { startRun } from "../../src/app/start-run.ts";
import type { Run } from "../../src/domain/run.ts";
import { done, epicAt, of, openScene, REQUEST, stopAtOnce } from "../support/loop-scene.ts";
import { approve, epicFile, say, script, write } from "../support/project.ts";

test("a run that fails ends neither the loop nor the others, and is tried again after waits that grow", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/bad", [{ id: "bad-1", priority: 3 }]),
      ...epicAt("core/epics/good", [{ id: "good-1" }]),
    },
    // The script ends at once, which fails the run as a provider would.
    cards: { "bad-1": { coder: [] }, "good-1": done("good-1") },
  });
  const failedAt: number[] = [];
  const { ended } = await loop((count, stop) => {
    if (count === 16) stop();
    const failed = of(opened.events, "run-ended").filter(({ data }) => data["status"] === "failed");
    if (failed.length > failedAt.length) failedAt.push(count);
  });
  assert.deepEqual(
    ended.slice(0, 2).map((run) => [run?.card, run?.status, run?.reason]),
    [
      ["bad", "failed", "provider"],
      ["good", "done", "complete"],
    ],
  );
  assert.deepEqual(failedAt, [1, 2, 4, 8, 16]);
  const skipped = of(opened.events, "loop-epic-skipped").map(({ data }) => data["detail"]);
  assert.equal(skipped[0], "failed once and is tried again later");
  assert.equal(skipped[1], "failed 2 times in a row and is tried again later");
});

test("a run that throws, and a look that throws, do not end the loop", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    cards: { api: done("api") },
  });
  const { engine } = opened;
  const { workspaces, assets } = engine;
  let workspaceFails = true;
  const open: typeof workspaces.open = async (build) => {
    if (!workspaceFails) return workspaces.open(build);
    workspaceFails = false;
    // The lease goes to somebody else, so that the run cannot even be ended.
    await engine.store.transaction(async ({ runs }) => {
      const [run] = await runs.list({ limit: 1 });
      assert.ok(run && (await runs.claim(run.id, "other:1", Number.MAX_SAFE_INTEGER, 1)));
    });
    return workspaces.open(build);
  };
  let loads = 0;
  const load: typeof assets.load = async () => {
    loads += 1;
    if (loads === 5) throw new Error("the disk is away");
    return assets.load();
  };
  Object.assign(engine, { workspaces: { ...workspaces, open }, assets: { ...assets, load } });
  const { ended, said } = await loop((count, stop) => (count === 4 ? stop() : undefined));
  assert.equal(ended[0], null);
  assert.equal(ended.at(-1)?.status, "done");
  assert.ok(
    said.some((text) => text.startsWith("RUN_LOST: ")),
    said.join("\n"),
  );
  assert.ok(said.includes("INTERNAL: the disk is away The loop goes on."), said.join("\n"));
});

test("a loop that finds the store broken at every look gives up, with the store's own words", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/work", [{ id: "api" }]),
    cards: {},
  });
  const { assets } = opened.engine;
  let loads = 0;
  const load: typeof assets.load = async () => {
    loads += 1;
    if (loads > 1) throw new Error("the disk is away");
    return assets.load();
  };
  Object.assign(opened.engine, { assets: { ...assets, load } });
  let idles = 0;
  await assert.rejects(
    loop(() => void (idles += 1)),
    /the disk is away/,
  );
  assert.equal(idles, 29);
});

test("assets that break while the loop runs make it wait and say so once; those that are broken at its start refuse it", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: epicAt("core/epics/one", [{ id: "one-1" }]),
    cards: { "one-1": done("one-1"), "two-1": done("two-1") },
  });
  const path = join(opened.dir, "model/core/epics/two.yaml");
  const { said, ended } = await loop(async (count, stop) => {
    if (count === 1) await writeFile(path, "issues: [");
    if (count === 3) await writeFile(path, stringify(epicFile([{ id: "two-1" }])));
    if (count === 4) stop();
  });
  assert.equal(said.filter((text) => text.startsWith("The assets have problems")).length, 1);
  assert.deepEqual(
    ended.map((run) => run?.card),
    ["one", "two"],
  );
  await writeFile(path, "issues: [");
  await assert.rejects(loop(stopAtOnce), /ASSET_INVALID/);
});

test("a signal lets the run stop cleanly and ends the loop; the next loop goes on with that run first", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/slow", [{ id: "slow-1" }]),
      ...epicAt("core/epics/next", [{ id: "next-1", priority: 1 }]),
    },
    cards: {
      "slow-1": {
        coder: [
          write("src/engines/slow_engine.ts", "1\n"),
          { text: "Done.", delayMs: 60_000 },
          say("Done."),
        ],
        guard: [approve],
      },
      "next-1": done("next-1"),
    },
  });
  const stop = new AbortController();
  const { watcher } = opened.engine;
  const onEvents: typeof watcher.onEvents = (events) => {
    watcher.onEvents(events);
    if (events.some(({ type }) => type === "tool-finished")) stop.abort();
  };
  Object.assign(opened.engine, { watcher: { ...watcher, onEvents } });
  const ended: (Run | null)[] = [];
  const watch = {
    runStarts: async () => {},
    runEnds: async (run: Run | null) => void ended.push(run),
    say: () => {},
  };
  const request = { ...REQUEST, watch };
  assert.deepEqual(await runOrganizationLoop(opened.engine, request, stop.signal), {
    ok: true,
    value: 1,
  });
  assert.deepEqual([ended[0]?.status, ended[0]?.reason], ["paused", "interrupted"]);
  const text = script({
    "slow-1": done("slow-1"),
    "next-1": done("next-1"),
  });
  await writeFile(join(opened.dir, "script.yaml"), text);
  Object.assign(opened.engine, { watcher });
  const again = await loop(stopAtOnce);
  assert.deepEqual(
    again.ended.map((run) => [run?.id === ended[0]?.id, run?.card, run?.status]),
    [
      [true, "slow", "done"],
      [false, "next", "done"],
    ],
  );
});

test("a run whose process is gone is taken up, also while the loop goes; one whose process lives is not", async (context) => {
  const { opened, loop } = await openScene(context, {
    epics: {
      ...epicAt("core/epics/a", [{ id: "a-1" }]),
      ...epicAt("core/epics/b", [{ id: "b-1" }]),
    },
    cards: { "a-1": done("a-1"), "b-1": done("b-1") },
  });
  const { engine } = opened;
  const lives = new Set(["host:1", "host:2"]);
  const owned: string[] = [];
  for (const card of ["a", "b"]) {
    const started = await startRun(engine, { ...REQUEST, card, build: null, restart: false });
    assert.ok(started.ok);
    const { id } = started.value;
    owned.push(id);
    const at = "2026-01-01T00:00:00.000Z";
    await engine.store.transaction(async ({ runs }) => {
      const untilMs = engine.clock.now() + engine.settings.limits.leaseMs;
      await runs.claim(id, `host:${owned.length}`, 0, untilMs);
      await runs.move(id, "queued", "running", { reason: null, detail: null, at });
    });
  }
  const isOwnerGone = (owner: string): boolean => !lives.has(owner);
  const { ended } = await loop(
    (count, stop) => {
      if (count === 1) lives.delete("host:2");
      if (count === 2) stop();
    },
    { isOwnerGone },
  );
  assert.deepEqual(
    ended.map((run) => [run?.id, run?.status]),
    [[owned[1], "done"]],
  );
});
