// `npm run release:smoke`: everything that a release must show, one after another, each with its outcome at the end. What is left out
// needs a reason: `--skip "tests=CI ran them on this commit"`.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { areGreen, lineOf, runSteps } from "./steps.ts";
import type { Step } from "./steps.ts";

const ENGINE_MS_MAX = 20_000;

function npm(...args: readonly string[]): void {
  const { status, signal } = spawnSync("npm", args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status ?? signal}`);
}

/** Root can start an engine of its own. */
function whyNoEngine(): string | null {
  const asked = spawnSync("docker", ["info"], { timeout: ENGINE_MS_MAX, stdio: "ignore" });
  if (asked.status === 0) return null;
  const started = spawnSync("dockerd", ["--version"], { stdio: "ignore" });
  return process.getuid?.() === 0 && started.status === 0
    ? null
    : "no container engine answers, and none can be started here";
}

export const RELEASE_STEPS: readonly Step[] = [
  {
    name: "tests",
    run: () => {
      npm("run", "check");
      npm("test", "--", "--coverage");
      npm("run", "test:failure");
      return null;
    },
  },
  { name: "migrations", run: () => (npm("run", "smoke:migrations"), null) },
  {
    name: "package",
    run: () => {
      npm("run", "test:package");
      npm("run", "sbom");
      return null;
    },
  },
  {
    name: "container",
    run: () => {
      const reason = whyNoEngine();
      if (reason === null) npm("run", "smoke:docker");
      return reason;
    },
  },
  {
    name: "canary",
    run: () => {
      npm("run", "--silent", "start:canary");
      return null;
    },
  },
];

/** `name=reason`; a reason that is not there is a blank one, and a blank one is none. */
export const readSkips = (given: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    given.map((one) => {
      const [name = "", ...reason] = one.split("=");
      return [name, reason.join("=")];
    }),
  );

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { skip: { type: "string", multiple: true } } });
  const skips = readSkips(values.skip ?? []);
  const ends = await runSteps(RELEASE_STEPS, { say: console.log, skips });
  console.log("\nThe release, step by step:");
  for (const end of ends) console.log(`  ${end.outcome.padEnd(8)} ${lineOf(end)}`);
  process.exitCode = areGreen(ends) ? 0 : 1;
}

if (import.meta.main) await main();
