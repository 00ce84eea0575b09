// Holds each folder to its bar of coverage: every branch of the pure folders, most lines of the rest. A source file that no
// test loads counts as uncovered; Node leaves such files out of its report. The tests are run by scripts/test.ts.
import { globSync, mkdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

type FileCoverage = { readonly path: string; readonly lines: Count; readonly branches: Count };
type Count = { readonly hit: number; readonly found: number };

const ALL_BRANCHES = ["src/domain", "src/nodes"];
const LINES_MIN = 0.85;
const REPORT = "coverage/lcov.info";
// Tested as processes only: the entry and the composition root.
const ENTRY = [
  "src/cli/**",
  "src/main.ts",
  "src/assemble.ts",
  "src/assemble-replay.ts",
  "src/assemble-server.ts",
  "src/assemble-webhook.ts",
  "src/assemble-forge.ts",
  "src/assemble-smoke.ts",
  "src/assemble-telemetry.ts",
  // Runs in a thread, which is not seen either.
  "src/adapters/pattern/match-worker.ts",
];

const isTest = (path: string): boolean => path.endsWith(".test.ts");
const entry = globSync(ENTRY);
const sources = globSync("src/**/*.ts").filter((path) => !isTest(path) && !entry.includes(path));
/** For `node --test`, which writes the report. */
export const coverageFlags = (): readonly string[] => {
  mkdirSync("coverage", { recursive: true });
  return [
    "--experimental-test-coverage",
    "--test-coverage-include=src/**/*.ts",
    "--test-coverage-exclude=**/*.test.ts",
    "--test-reporter=lcov",
    `--test-reporter-destination=${REPORT}`,
  ];
};

const numberOf = (record: string, key: string): number =>
  Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);

const parseReport = (lcov: string): readonly FileCoverage[] =>
  lcov.split("end_of_record").flatMap((record) => {
    const path = /^SF:(.+)$/m.exec(record)?.[1];
    if (path === undefined) return [];
    return [
      {
        path,
        lines: { hit: numberOf(record, "LH"), found: numberOf(record, "LF") },
        branches: { hit: numberOf(record, "BRH"), found: numberOf(record, "BRF") },
      },
    ];
  });

/** A file that was never loaded: all its lines of code, none of them hit; nothing for a file of types alone. */
const readUnloaded = (path: string): FileCoverage => {
  const code = stripTypeScriptTypes(readFileSync(path, "utf8"))
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
    .split("\n")
    .filter((line) => /[^\s;{}]/.test(line) && !/^\s*(?:import\b|export\s*\{)/.test(line));
  return {
    path,
    lines: { hit: 0, found: code.length },
    branches: { hit: 0, found: Math.min(code.length, 1) },
  };
};

const folderOf = (path: string): string =>
  path
    .split("/")
    .slice(0, path.startsWith("src/adapters/") ? 3 : 2)
    .join("/");

const sum = (counts: readonly Count[]): Count => ({
  hit: counts.reduce((total, { hit }) => total + hit, 0),
  found: counts.reduce((total, { found }) => total + found, 0),
});

const share = ({ hit, found }: Count): number => (found === 0 ? 1 : hit / found);
const percent = (count: Count): string =>
  `${(Math.floor(share(count) * 1000) / 10).toFixed(1)} %`.padStart(8);

const report = (files: readonly FileCoverage[]): boolean => {
  const folders = Object.entries(Object.groupBy(files, ({ path }) => folderOf(path))).toSorted(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  const verdicts = folders.map(([folder, members = []]) => {
    const lines = sum(members.map((file) => file.lines));
    const branches = sum(members.map((file) => file.branches));
    const everyBranch = ALL_BRANCHES.includes(folder);
    const isEnough = everyBranch ? share(branches) === 1 : share(lines) >= LINES_MIN;
    console.log(
      `${isEnough ? "  " : "✗ "}${folder.padEnd(28)} lines ${percent(lines)}   branches ${percent(branches)}`,
    );
    const weak = members.filter((file) =>
      everyBranch ? share(file.branches) < 1 : share(file.lines) < LINES_MIN,
    );
    if (!isEnough)
      for (const { path, ...file } of weak)
        console.log(
          `      ${path}: lines ${percent(file.lines)}, branches ${percent(file.branches)}`,
        );
    return isEnough;
  });
  return verdicts.every(Boolean);
};

/** Prints each folder of the last report with its shares; false when one is below its bar. */
export function holdCoverage(): boolean {
  const loaded = parseReport(readFileSync(REPORT, "utf8")).filter(
    ({ path }) => !entry.includes(path),
  );
  const loadedPaths = new Set(loaded.map(({ path }) => path));
  const unloaded = sources.filter((path) => !loadedPaths.has(path)).map(readUnloaded);
  const isEnough = report([...loaded, ...unloaded]);
  if (!isEnough)
    console.log(
      "Coverage is below the bar: every branch of domain and nodes, 85 % of the lines elsewhere.",
    );
  return isEnough;
}
