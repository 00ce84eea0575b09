// The golden runs: recorded runs that must go the same way, event by event. `npm run golden:update` writes them anew.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readRecording } from "../../src/adapters/model/recording-file.ts";
import { replayFolder } from "../../src/assemble-replay.ts";
import { describeDifference } from "../../src/domain/recording.ts";
import { goldenRuns, goldenSetting } from "../support/golden.ts";
import { tempFolder } from "../support/temp-folder.ts";

const runs = await goldenRuns();

test("there are at least three golden runs, and each kind of event of a run is in one of them", async () => {
  assert.ok(runs.length >= 3);
  const types = new Set<string>();
  for (const { dir } of runs) {
    const kept = await readRecording(dir);
    assert.ok(kept.ok, JSON.stringify(kept));
    for (const line of kept.value.events) types.add(line.slice(0, line.indexOf(" ")));
  }
  const wanted =
    "card-retries-exhausted credits-reported governance-violated loop-detected model-retried " +
    "reply-corrected report-written review-escalated review-limit-reached tool-denied run-succeeded backlog-stalled " +
    "verification-started verification-finished verification-refused";
  assert.deepEqual(
    wanted.split(" ").filter((type) => !types.has(type)),
    [],
  );
});

for (const { name, dir } of runs) {
  test(`the golden run "${name}" goes as it was recorded`, async () => {
    const replayed = await replayFolder(goldenSetting(), dir);
    assert.ok(replayed.ok, JSON.stringify(replayed));
    const { difference } = replayed.value;
    const words = difference === null ? "" : describeDifference(difference);
    assert.ok(
      difference === null,
      `${words}\nWhere that is meant: npm run golden:update, and look at what it changed.`,
    );
  });
}

const changes = [
  {
    what: "one word of a reply",
    run: "rock",
    from: "Second parts.",
    to: "Other parts.",
    names:
      /turn-finished kit-1 turn\(kit-1#3\)[\s\S]*Second parts[\s\S]*turn-finished kit-1[\s\S]*Other parts/,
  },
  {
    what: "a decision",
    run: "plain",
    from: "status: code_review",
    to: "status: done",
    names: /replayed: tool-denied roof turn\(roof#1\)/,
  },
  {
    what: "a failure that does not happen",
    run: "failures",
    from: "      - { failure: { code: MODEL_OVERLOADED, message: busy } }\n",
    to: "",
    names:
      /recorded: model-retried flaky .*MODEL_OVERLOADED[\s\S]*replayed: model-retried flaky .*MODEL_TIMEOUT/,
  },
] as const;

for (const { what, run, from, to, names } of changes) {
  test(`${what} is seen as a difference, with the event where it begins`, async (context) => {
    const dir = await tempFolder(context);
    await cp(runs.find(({ name }) => name === run)?.dir ?? "", dir, { recursive: true });
    const path = join(dir, "recording.yaml");
    const text = await readFile(path, "utf8");
    assert.ok(text.includes(from));
    await writeFile(path, text.replace(from, to));
    const replayed = await replayFolder(goldenSetting(), dir);
    assert.ok(replayed.ok, JSON.stringify(replayed));
    assert.ok(replayed.value.difference !== null);
    assert.match(describeDifference(replayed.value.difference), names);
  });
}
