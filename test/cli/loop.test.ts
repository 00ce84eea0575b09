// `orket loop` as a process: what it prints, how a signal ends it, and what it refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, script, simpleScript, write } from "../support/project.ts";

test("loop works off what is ready and says that it waits, and a signal ends it with 130", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "model/core/epics/other.yaml": epicFile([{ id: "ui", priority: 3 }]),
    "script.yaml": stringify(simpleScript(["api", "ui"])),
  });
  context.after(project.remove);
  const loop = startOrket(["loop"], { cwd: project.dir });
  await loop.says("Nothing to work on");
  loop.signal("SIGINT");
  const { code, out, err } = await loop.ended;
  assert.equal(code, 130);
  assert.match(out, /other done \(complete\)[\s\S]*work done \(complete\)/);
  assert.match(err, /→ next {2}ui {2}score 3, other of core[\s\S]*→ next {2}api/);
  assert.match(err, /The loop ended after 2 runs\./);
});

test("loop --json streams events and the result of each run, and nothing else on standard output", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": stringify(simpleScript(["api"])),
  });
  context.after(project.remove);
  const loop = startOrket(["loop", "--json"], { cwd: project.dir });
  await loop.says("Nothing to work on");
  loop.signal("SIGTERM");
  const { code, out } = await loop.ended;
  assert.equal(code, 130);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; run: unknown; v: number });
  assert.ok(lines.every(({ v }) => v === 1));
  const types = lines.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 2), ["loop-started", "loop-card-chosen"]);
  assert.equal(types.at(-1), "result");
  assert.ok(types.includes("run-succeeded"));
});

test("a signal in the middle of a run stops it as run does, and the next loop goes on with it", async (context) => {
  const slow = (delayMs: number) =>
    script({
      api: {
        coder: [write("src/engines/api_engine.ts", "1\n"), { text: "Done.", delayMs }],
        guard: [approve],
      },
    });
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    "script.yaml": slow(60_000),
    "quick.yaml": slow(1),
  });
  context.after(project.remove);
  const loop = startOrket(["loop", "--json"], { cwd: project.dir });
  await loop.says("tool-finished");
  loop.signal("SIGINT");
  const { code, out, err } = await loop.ended;
  assert.equal(code, 130);
  assert.match(err, /Stopping; every finished turn is kept\./);
  assert.match(out, /"status":"paused","reason":"interrupted"/);
  const listed = await runOrket(["runs", "--json"], { cwd: project.dir });
  const [run] = (JSON.parse(listed.out) as { runs: { id: string; status: string }[] }).runs;
  assert.equal(run?.status, "paused");
  const { writeFile } = await import("node:fs/promises");
  await writeFile(`${project.dir}/script.yaml`, slow(1));
  const again = startOrket(["loop", "--json"], { cwd: project.dir });
  await again.says("Nothing to work on");
  again.signal("SIGINT");
  const end = await again.ended;
  assert.match(end.out, new RegExp(`"id":"${run?.id}"[^\\n]*"status":"done"`));
});

test("loop refuses assets that do not load, a model that cannot be, and limits that are none", async (context) => {
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api", seat: "nobody" }]),
    "script.yaml": script({}),
  });
  context.after(project.remove);
  const ends = async (...words: readonly string[]) =>
    runOrket(["loop", ...words], { cwd: project.dir });
  const broken = await ends();
  assert.deepEqual([broken.code, broken.out], [3, ""]);
  assert.match(broken.err, /ASSET_INVALID[\s\S]*nobody/);
  assert.equal((await ends("--max-tokens", "0")).code, 2);
  assert.equal((await ends("--model", "nonsense")).code, 3);
});
