// The bench beside the peers must not flatter anybody: its arithmetic, and that what fails shows and fails the whole.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { measure, runChild } from "../bench/peers/child.ts";
import type { Contender } from "../bench/peers/contenders.ts";
import { CONTENDERS, taskOf } from "../bench/peers/contenders.ts";
import type { Answer, Report } from "../bench/peers/report.ts";
import { readReport } from "../bench/peers/report.ts";
import type { Measured } from "../bench/peers/statistics.ts";
import { figuresOf, quantile, ratioOf, spreadOf } from "../bench/peers/statistics.ts";
import type { Outcome } from "../bench/peers/table.ts";
import { COLUMNS, exitCodeOf, ratios, tableOf } from "../bench/peers/table.ts";
import { tempFolder } from "./support/temp-folder.ts";

const REPORT: Report = {
  size: 10,
  stored: 10,
  stepsPerSecond: 100,
  p50Ms: 1,
  p99Ms: 2,
  cpuMsPerStep: 0.5,
  coldStartMs: 300,
  peakMiB: 90,
  diskBytes: 10_240,
  writtenBytesPerStep: 2048,
  journalMode: "wal",
  synchronous: "FULL",
};
const report = (values: Partial<Report>): Answer => ({ report: { ...REPORT, ...values } });
const FAILED: Answer = { failed: "it ended with 1: Error: no such module" };

const contenderOf = (file: string): Contender => {
  const found = CONTENDERS.find((one) => one.file === file && one.work === "long");
  assert.ok(found);
  return found;
};
const outcomeOf = (file: string, measured: readonly Measured[]): Outcome => ({
  contender: contenderOf(file),
  measured,
  figures: figuresOf(measured),
});
const WELL: readonly Measured[] = [
  { size: 10, answers: [report({}), report({})] },
  {
    size: 110,
    answers: [report({ size: 110, diskBytes: 112_640 }), report({ size: 110, diskBytes: 112_640 })],
  },
];

test("the README says what each column of the peers' table means", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, section = ""] = /^### Beside others\n([\s\S]*?)^## /m.exec(readme) ?? [];
  assert.deepEqual(
    COLUMNS.filter((name) => !section.includes(`*${name}*`)),
    [],
  );
});

test("no peer is a dependency of the product", () => {
  const read = (path: string): string =>
    readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  const { dependencies } = JSON.parse(read("bench/peers/package.json")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const peers = Object.entries(dependencies).filter(([name]) => name !== "zod");
  assert.ok(peers.length > 3);
  for (const [name, version] of peers) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.ok(!read("package-lock.json").includes(`"node_modules/${name}"`), name);
  }
});

test("a quantile is a value that was measured", () => {
  assert.equal(quantile([5, 1, 4, 2, 3], 0.5), 3);
  assert.equal(quantile([4, 1, 2, 3], 0.5), 2);
  assert.equal(quantile([1, 2, 3], 0.99), 3);
  assert.equal(
    quantile(
      Array.from({ length: 200 }, (_, place) => place + 1),
      0.99,
    ),
    198,
  );
  assert.equal(quantile([7], 0.5), 7);
  assert.equal(quantile([], 0.5), 0);
});

test("a spread has the lowest, the middle and the highest, and there is none of nothing", () => {
  assert.deepEqual(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30 });
  assert.throws(() => spreadOf([]), /Nothing was measured/);
});

test("what a step adds to the disk leaves out what an empty store takes", () => {
  const [smallest, other] = figuresOf(WELL).rows;
  assert.equal(smallest?.diskBytesPerStep, null);
  assert.equal(other?.diskBytesPerStep, 1024);
});

test("a size of which one round failed has no figures, and the failure is told", () => {
  const figures = figuresOf([
    { size: 10, answers: [report({}), FAILED] },
    { size: 110, answers: [report({ size: 110 }), report({ size: 110 })] },
  ]);
  assert.deepEqual(
    figures.rows.map((row) => row.size),
    [110],
  );
  assert.equal(figures.failed, "10 steps: it ended with 1: Error: no such module");
  assert.equal(figuresOf([{ size: 10, answers: [] }]).failed, "10 steps: not measured");
});

test("different answers about durability are all shown", () => {
  const answers = [report({}), report({ synchronous: "NORMAL" })];
  assert.equal(figuresOf([{ size: 10, answers }]).rows[0]?.durability, "wal, FULL or wal, NORMAL");
});

test("a ratio is taken within each round, and there is none where a round is missing", () => {
  const rates = (...values: readonly number[]): Measured => ({
    size: 10,
    answers: values.map((stepsPerSecond) => report({ stepsPerSecond })),
  });
  // The machine was half as fast in the second round: the ratio does not see it.
  assert.deepEqual(ratioOf(rates(400, 200), rates(100, 50)), { median: 4, min: 4, max: 4 });
  const broken: Measured = { size: 10, answers: [report({}), FAILED] };
  assert.equal(ratioOf(broken, rates(100, 50)), null);
  assert.equal(ratioOf(rates(100), broken), null);
  assert.equal(ratioOf(broken, broken), null);
  assert.equal(ratioOf(undefined, rates(100)), null);
});

test("a contender that failed shows as failed, has no ratio, and fails the whole", () => {
  const failed: readonly Measured[] = [WELL[0], { size: 110, answers: [FAILED, FAILED] }].filter(
    (one) => one !== undefined,
  );
  const orket = outcomeOf("orket.ts", WELL);
  const well = [orket, outcomeOf("mastra.ts", WELL)];
  const broken = [orket, outcomeOf("langgraph.ts", failed)];
  assert.equal(exitCodeOf(well), 0);
  assert.equal(exitCodeOf(broken), 1);
  assert.equal(exitCodeOf([]), 1);
  assert.match(tableOf(broken), /^LangGraph\.js {2}FAILED: 110 steps: .*no such module$/m);
  assert.doesNotMatch(tableOf(well), /FAILED/);
  assert.match(ratios(well).join("\n"), /Orket \/ Mastra: 1\.00 .* at wal, FULL against wal, FULL/);
  assert.deepEqual(ratios(broken), [
    "long, 110 steps, Orket / LangGraph.js: no ratio, a run failed",
  ]);
});

test("a report that does not hold together is a failure with its reason", () => {
  const read = (value: unknown): Answer => readReport(JSON.stringify(value), { size: 10 });
  assert.deepEqual(read(REPORT), { report: REPORT });
  assert.deepEqual(readReport(`noise\n${JSON.stringify(REPORT)}\n`, { size: 10 }), {
    report: REPORT,
  });
  const reasons = [
    readReport("", { size: 10 }),
    readReport("{", { size: 10 }),
    read(null),
    read({ ...REPORT, p99Ms: null }),
    read({ ...REPORT, peakMiB: -1 }),
    read({ ...REPORT, synchronous: "" }),
    read({ ...REPORT, size: 9 }),
    read({ ...REPORT, stored: 9 }),
  ].map((answer) => ("failed" in answer ? answer.failed : "well"));
  assert.deepEqual(reasons, [
    "it printed no report",
    "it printed no report",
    "it printed no report",
    "its report has no p99Ms",
    "its report has no peakMiB",
    "its report has no synchronous",
    "it did 9 of 10 steps",
    "only 9 of 10 steps are in its store",
  ]);
});

const runText = async (context: TestContext, text: string, waitMs?: number): Promise<Answer> => {
  const dir = await tempFolder(context);
  const file = join(dir, "contender.mjs");
  await writeFile(file, text);
  const task = (startedMs: number) => taskOf(contenderOf("floor.ts"), { size: 10, dir, startedMs });
  return runChild(file, task, waitMs);
};

test("a process that throws, is killed, hangs or says nothing is a failure", async (context) => {
  assert.deepEqual(await runText(context, 'throw new TypeError("no disk");'), {
    failed: "it ended with 1: TypeError: no disk",
  });
  assert.deepEqual(await runText(context, "process.kill(process.pid, 'SIGKILL');"), {
    failed: "killed (SIGKILL)",
  });
  assert.deepEqual(await runText(context, "setInterval(() => {}, 1000);", 300), {
    failed: "killed (SIGKILL)",
  });
  assert.deepEqual(await runText(context, ""), { failed: "it printed no report" });
  const missing = await runText(context, 'import "orket-has-no-such-package";');
  assert.match(
    "failed" in missing ? missing.failed : "",
    /^it ended with 1: Error.*orket-has-no-such-package/,
  );
});

test("the floor measures itself: its steps are in its store, and its durability is what the database says", async () => {
  const answer = await measure(contenderOf("floor.ts"), 20);
  assert.ok("report" in answer, JSON.stringify(answer));
  assert.equal(answer.report.stored, 20);
  assert.equal(answer.report.journalMode, "wal");
  assert.equal(answer.report.synchronous, "FULL");
  assert.ok(answer.report.coldStartMs > 0);
  assert.ok(answer.report.writtenBytesPerStep > 1024);
});
