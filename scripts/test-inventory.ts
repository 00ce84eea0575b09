// Which tests the repository has: the list of suites held against the files that are there and what loading them registers.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join, normalize } from "node:path";
import type { Suite } from "../test/suites.ts";
import type { CollectedFile } from "./collect-tests.ts";

export type Counted = {
  readonly suite: Suite;
  /** Paths from the root of the checkout. */
  readonly files: readonly CollectedFile[];
};

/** What `test/inventory.json` holds: how many files and tests each suite had when somebody last looked. */
export type Inventory = Readonly<
  Record<string, { readonly files: number; readonly tests: number }>
>;

const INVENTORY = "test/inventory.json";
const TEST_FILES = "**/*.{test,spec,long}.{ts,tsx,mts,cts,js,jsx,mjs,cjs}";
const NO_TESTS = ["node_modules", "dist", "coverage", ".orket", ".git"];
const COLLECT_MS = 120_000;

const isSkipped = (path: string): boolean =>
  path.split("/").some((part) => NO_TESTS.includes(part)) || path.startsWith("test/fixtures/");

const filesOf = (root: string, suite: Suite): readonly string[] => {
  const folder = join(root, suite.folder);
  const left = new Set(globSync(suite.except ?? [], { cwd: folder }));
  return globSync(suite.files, { cwd: folder })
    .filter((path) => !left.has(path))
    .map((path) => normalize(join(suite.folder, path)))
    .filter((path) => !isSkipped(path))
    .toSorted();
};

const everyTestFile = (root: string): readonly string[] =>
  globSync(TEST_FILES, { cwd: root, exclude: (path) => NO_TESTS.includes(path) })
    .filter((path) => !isSkipped(path))
    .toSorted();

/** Loads the files of a suite in a process of its own, where nothing of them is run. */
function collectFiles(
  root: string,
  suite: Suite,
  paths: readonly string[],
): readonly CollectedFile[] {
  if (paths.length === 0) return [];
  const collector = new URL("./collect-tests.ts", import.meta.url).pathname;
  const absolute = paths.map((path) => join(root, path));
  const { stdout, stderr, status } = spawnSync(process.execPath, [collector, ...absolute], {
    cwd: join(root, suite.folder),
    env: { ...process.env, TESTS_ARE_LISTED: "yes" },
    encoding: "utf8",
    timeout: COLLECT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    const collected = JSON.parse(stdout) as readonly CollectedFile[];
    return collected.map((file, at) => ({ ...file, path: paths[at] ?? file.path }));
  } catch {
    const error = `loading the suite ended with ${status}: ${stderr.trim().slice(-500)}`;
    return paths.map((path) => ({ path, tests: [], error }));
  }
}

export const collectSuites = (root: string, suites: readonly Suite[]): readonly Counted[] =>
  suites.map((suite) => ({
    suite,
    files: collectFiles(root, suite, filesOf(root, suite)),
  }));

export const countsOf = ({ files }: Counted): { files: number; tests: number } => ({
  files: files.length,
  tests: files.reduce((sum, { tests }) => sum + tests.length, 0),
});

function readInventory(root: string): Inventory {
  const path = join(root, INVENTORY);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Inventory) : {};
}

export function writeInventory(root: string, counted: readonly Counted[]): void {
  const inventory = Object.fromEntries(counted.map((one) => [one.suite.name, countsOf(one)]));
  writeFileSync(join(root, INVENTORY), `${JSON.stringify(inventory, null, 2)}\n`);
}

/** Every way in which the list, the files and the written counts do not fit together, a sentence each. */
export const findDrift = (root: string, counted: readonly Counted[]): readonly string[] => [
  ...findHoles(root, counted),
  ...findMiscounted(readInventory(root), counted),
];

/** What would not run although it lies there: files of no suite, suites and files without a test, broken imports. */
export const findHoles = (root: string, counted: readonly Counted[]): readonly string[] => [
  ...findHomeless(root, counted),
  ...counted.flatMap(findEmpty),
];

function findHomeless(root: string, counted: readonly Counted[]): readonly string[] {
  const homes = Map.groupBy(
    counted.flatMap(({ suite, files }) => files.map(({ path }) => ({ path, suite: suite.name }))),
    ({ path }) => path,
  );
  const shared = [...homes].filter(([, suites]) => suites.length > 1);
  return [
    ...everyTestFile(root)
      .filter((path) => !homes.has(path))
      .map((path) => `${path} belongs to no suite: name it in test/suites.ts.`),
    ...shared.map(
      ([path, suites]) =>
        `${path} belongs to ${suites.map(({ suite }) => suite).join(" and ")}: leave it to one.`,
    ),
  ];
}

const findEmpty = ({ suite, files }: Counted): readonly string[] => [
  ...(files.length === 0
    ? [`The suite ${suite.name} has no file: ${suite.files.join(", ")} below ${suite.folder}.`]
    : []),
  ...files
    .filter(({ error }) => error !== null)
    .map(({ path, error }) => `${path} cannot be loaded: ${error}`),
  ...files
    .filter(({ tests, error }) => error === null && tests.length === 0)
    .map(({ path }) => `${path} has no test.`),
];

function findMiscounted(inventory: Inventory, counted: readonly Counted[]): readonly string[] {
  const names = counted.map(({ suite }) => suite.name);
  const gone = Object.keys(inventory).filter((name) => !names.includes(name));
  const changed = counted.filter((one) => {
    const written = inventory[one.suite.name];
    const found = countsOf(one);
    return written?.files !== found.files || written.tests !== found.tests;
  });
  const say = (one: Counted): string => {
    const written = inventory[one.suite.name] ?? { files: 0, tests: 0 };
    const found = countsOf(one);
    return `${one.suite.name} has ${found.tests} tests in ${found.files} files, ${INVENTORY} says ${written.tests} in ${written.files}.`;
  };
  const drift = [
    ...gone.map((name) => `${INVENTORY} has a suite ${name} that is gone.`),
    ...changed.map(say),
  ];
  return drift.length === 0
    ? []
    : [...drift, "If that was meant: npm run test:list -- --write, and commit it."];
}

export function printInventory(counted: readonly Counted[]): void {
  const width = Math.max(...counted.map(({ suite }) => suite.name.length));
  for (const one of counted) {
    const { files, tests } = countsOf(one);
    const { suite } = one;
    console.log(
      `${suite.name.padEnd(width)}  ${String(tests).padStart(5)} tests  ${String(files).padStart(4)} files  ${suite.command.padEnd(20)}  ${suite.why}`,
    );
  }
  const totals = counted.map(countsOf);
  const sum = (key: "files" | "tests"): number =>
    totals.reduce((total, counts) => total + counts[key], 0);
  console.log(
    `${"all".padEnd(width)}  ${String(sum("tests")).padStart(5)} tests  ${String(sum("files")).padStart(4)} files`,
  );
}
