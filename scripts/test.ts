// `npm test`: runs the suites of test/suites.ts and holds what ran against what is there, so that a green run means that
// everything intended ran. `--coverage` measures those that can be measured and holds the bar, `--measured` leaves the others
// out, `--suite NAME` runs one, `--command "npm run test:failure"` those of another command.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SUITES } from "../test/suites.ts";
import { coverageFlags, holdCoverage } from "./coverage.ts";
import { isSelected, readSelection } from "./select-suites.ts";
import type { Counted } from "./test-inventory.ts";
import { collectSuites, findHoles } from "./test-inventory.ts";
import type { TallyLine } from "./test-tally.ts";

const TIMEOUT_MS = { "npm test": 300_000, "npm run test:failure": 900_000 };
/** The runner waits without end for a file whose tests are over while something of theirs still runs. */
const GROUP_MINUTES = 25;

const values = readSelection(process.argv.slice(2));
const isWanted = isSelected(values);

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

type Run = {
  readonly isGreen: boolean;
  readonly fault: string | null;
  readonly tally: readonly TallyLine[];
};

function runGroup({ folder, isMeasured, members }: Group): Run {
  const scratch = mkdtempSync(join(tmpdir(), "orket-tests-"));
  const tallyPath = join(scratch, "tally.jsonl");
  const command = members[0]?.suite.command ?? "npm test";
  const flags = [
    "--test",
    `--test-timeout=${TIMEOUT_MS[command]}`,
    // More than there are cores: much of a test is waiting for a process, a disk or a clock.
    `--test-concurrency=${availableParallelism() + 2}`,
    ...(values.coverage && isMeasured ? coverageFlags() : []),
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${new URL("./test-tally.ts", import.meta.url).pathname}`,
    `--test-reporter-destination=${tallyPath}`,
  ];
  const files = members.flatMap((member) => member.files.map(({ path }) => resolve(path)));
  const { status, error } = spawnSync(process.execPath, [...flags, ...files], {
    cwd: folder,
    stdio: "inherit",
    timeout: GROUP_MINUTES * 60_000,
    // To this the runner says what it was still waiting for.
    killSignal: "SIGINT",
  });
  const names = members.map(({ suite }) => suite.name).join(", ");
  const fault =
    error === undefined
      ? null
      : `${names}: ended after ${GROUP_MINUTES} minutes (${error.message}). The first file under "Interrupted while running" left something running.`;
  const lines = readFileSync(tallyPath, "utf8").split("\n").filter(Boolean);
  rmSync(scratch, { recursive: true });
  return {
    isGreen: status === 0,
    fault,
    tally: lines.map((line) => JSON.parse(line) as TallyLine),
  };
}

/** A name may hold a seed that chance chose; it is another in each process. */
const nameOf = (name: string): string => name.replaceAll(/\d{6,}/g, "#");

type Outcome = TallyLine["outcome"] | "unrun";
type Ended = { readonly path: string; readonly name: string; readonly outcome: Outcome };

/**
 * Each test that loading registered, with what became of it. The runner tells the file that holds a test's lines, which for a
 * contract is not the file that ran it: so tests of one name share their ends, the worst ones first.
 */
function endsOf(counted: readonly Counted[], tally: readonly TallyLine[]): readonly Ended[] {
  const worst: readonly TallyLine["outcome"][] = ["passed", "skipped", "failed"];
  const pools = Map.groupBy(
    tally.toSorted((one, other) => worst.indexOf(one.outcome) - worst.indexOf(other.outcome)),
    ({ name }) => nameOf(name),
  );
  return counted.flatMap(({ files }) =>
    files.flatMap(({ path, tests }) =>
      tests.map((name) => ({
        path,
        name,
        outcome: pools.get(nameOf(name))?.pop()?.outcome ?? "unrun",
      })),
    ),
  );
}

function report(counted: readonly Counted[], ends: readonly Ended[]): void {
  const width = Math.max(...counted.map(({ suite }) => suite.name.length));
  console.log("\nInventory: what ran, by suite");
  for (const { suite, files } of counted) {
    const paths = new Set(files.map(({ path }) => path));
    const own = ends.filter(({ path }) => paths.has(path));
    const say = (outcome: Outcome): string =>
      `${String(own.filter((end) => end.outcome === outcome).length).padStart(5)} ${outcome}`;
    console.log(
      `${suite.name.padEnd(width)}  ${String(files.length).padStart(4)} files ${say("passed")} ${say("failed")} ${say("skipped")} ${say("unrun")}`,
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
const ends = endsOf(counted, tally);
report(counted, ends);
const isCovered = !values.coverage || holdCoverage();
const endedAs = (outcome: Outcome): readonly Ended[] =>
  ends.filter((end) => end.outcome === outcome);
const faults = [
  ...holes,
  ...runs.flatMap(({ fault }) => fault ?? []),
  ...endedAs("unrun").map(({ path, name }) => `${path}: "${name}" did not run.`),
  ...(process.env["CI"] === "true"
    ? endedAs("skipped").map(
        ({ path, name }) => `${path}: "${name}" was skipped, which CI does not allow.`,
      )
    : []),
  ...(counted.length === 0 ? ["No suite of that name: see npm run test:list."] : []),
];
for (const fault of faults) console.error(`✗ ${fault}`);
process.exitCode = runs.every(({ isGreen }) => isGreen) && isCovered && faults.length === 0 ? 0 : 1;
