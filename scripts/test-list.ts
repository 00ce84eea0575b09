// `npm run test:list`: the inventory of tests. `--check` fails when it drifted, `--write` keeps the counts of now.
import { parseArgs } from "node:util";
import { SUITES } from "../test/suites.ts";
import { collectSuites, findDrift, printInventory, writeInventory } from "./test-inventory.ts";

const root = process.cwd();
const { values } = parseArgs({
  options: { check: { type: "boolean" }, write: { type: "boolean" } },
});
const counted = collectSuites(root, SUITES);
if (values.write === true) writeInventory(root, counted);
printInventory(counted);
if (values.check === true || values.write === true) {
  const drift = findDrift(root, counted);
  for (const sentence of drift) console.error(`✗ ${sentence}`);
  process.exitCode = drift.length === 0 ? 0 : 1;
}
