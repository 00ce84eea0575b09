// `npm test`: runs the suites of test/suites.ts and holds what ran against what is there, so that a green run means that
// everything intended ran. `--coverage` measures those that can be measured and holds the bar, `--measured` leaves the others
// out, `--suite NAME` runs one, `--command "npm run test:failure"` those of another command.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Suite } from "../test/suites.ts";
import { SUITES } from "../test/suites.ts";
import { coverageFlags, holdCoverage } from "./coverage.ts";
import type { Counted } from "./test-inventory.ts";
import { collectSuites, findHoles } from "./test-inventory.ts";
import type { TallyLine } from "./test-tally.ts";

const TIMEOUT_MS = { "npm test": 300_000, "npm run test:failure": 900_000 };

const { values } = parseArgs({
  options: {
    coverage: { type: "boolean", default: false },
    measured: { type: "boolean", default: false },
    suite: { type: "string", multiple: true },
    command: { type: "string", default: "npm test" },
  },
});

const isWanted = ({ name, command, isMeasured }: Suite): boolean =>
  values.suite === undefined
    ? command === values.command && (isMeasured || !values.measured)
    : values.suite.includes(name);

type Group = {
  readonly folder: string;
  readonly isMeasured: boolean;
  readonly members: readonly Counted[];
};

/** Suites that can share one process of the test runner. */
const groupsOf = (counted: readonly Counted[]): readonly Group[] =>
  [
    ...Map.groupBy(counted, ({ suite }) => `${suite.isMeasured ? 0 : 1} ${suite.folder}`).values(),
  ].flatMap((members) =>
    members[0] === undefined
      ? []
      : [{ folder: members[0].suite.folder, isMeasured: members[0].suite.isMeasured, members }],
  );

type Run = { readonly isGreen: boolean; readonly tally: readonly TallyLine[] };

function runGroup({ folder, isMeasured, members }: Group): Run {
  const scratch = mkdtempSync(join(tmpdir(), "orket-tests-"));
  const tallyPath = join(scratch, "tally.jsonl");
  const command = members[0]?.suite.command ?? "npm test";
  const flags = [
    "--test",
    `--test-timeout=${TIMEOUT_MS[command]}`,
    // One more than there are cores: much of a test is waiting for a process, a disk or a clock.
    `--test-concurrency=${availableParallelism() + 1}`,
    ...(values.coverage && isMeasured ? coverageFlags() : []),
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${new URL("./test-tally.ts", import.meta.url).pathname}`,
    `--test-reporter-destination=${tallyPath}`,
  ];
  const files = members.flatMap((member) => member.files.map(({ path }) => resolve(path)));
  const { status } = spawnSync(process.execPath, [...flags, ...files], {
    cwd: folder,
    stdio: "inherit",
  });
  const lines = readFileSync(tallyPath, "utf8").split("\n").filter(Boolean);
  rmSync(scratch, { recursive: true });
  return { isGreen: status === 0, tally: lines.map((line) => JSON.parse(line) as TallyLine) };
}

const countBy = <Item>(items: readonly Item[], keyOf: (item: Item) => string) =>
  new Map([...Map.groupBy(items, keyOf)].map(([key, group]) => [key, group.length]));

/** Tests that loading registered and that did not run; a test that was skipped says so itself. */
function findUnrun(member: Counted, tally: readonly TallyLine[]): readonly string[] {
  const ran = countBy(tally, ({ file, name }) => `${file}\n${name}`);
  return member.files.flatMap(({ path, tests }) =>
    [...countBy(tests, (name) => name)]
      .filter(([name, count]) => (ran.get(`${resolve(path)}\n${name}`) ?? 0) < count)
      .map(([name]) => `${path}: "${name}" did not run.`),
  );
}

function report(counted: readonly Counted[], tally: readonly TallyLine[]): void {
  const width = Math.max(...counted.map(({ suite }) => suite.name.length));
  console.log("\nInventory: what ran, by suite");
  for (const { suite, files } of counted) {
    const paths = new Set(files.map(({ path }) => resolve(path)));
    const lines = tally.filter(({ file }) => paths.has(file));
    const outcomes = countBy(lines, ({ outcome }) => outcome);
    const say = (outcome: TallyLine["outcome"]): string =>
      `${String(outcomes.get(outcome) ?? 0).padStart(5)} ${outcome}`;
    console.log(
      `${suite.name.padEnd(width)}  ${String(files.length).padStart(4)} files ${say("passed")} ${say("failed")} ${say("skipped")}`,
    );
  }
}

const wanted = SUITES.filter(isWanted);
const counted = collectSuites(process.cwd(), wanted);
const isWhole = values.suite === undefined && !values.measured && values.command === "npm test";
const holes = isWhole
  ? findHoles(process.cwd(), [
      ...counted,
      ...collectSuites(
        process.cwd(),
        SUITES.filter((suite) => !wanted.includes(suite)),
      ),
    ])
  : [];
const runs = groupsOf(counted).map(runGroup);
const tally = runs.flatMap((run) => run.tally);
report(counted, tally);
const isCovered = !values.coverage || holdCoverage();
const skipped = tally.filter(({ outcome }) => outcome === "skipped");
const faults = [
  ...holes,
  ...counted.flatMap((member) => findUnrun(member, tally)),
  ...(process.env["CI"] === "true"
    ? skipped.map(({ file, name }) => `${file}: "${name}" was skipped, which CI does not allow.`)
    : []),
  ...(counted.length === 0 ? ["No suite of that name: see npm run test:list."] : []),
];
for (const fault of faults) console.error(`✗ ${fault}`);
process.exitCode = runs.every(({ isGreen }) => isGreen) && isCovered && faults.length === 0 ? 0 : 1;
