// The walls of this machine for tests, and what a test does where there are none: red in CI, skipped aloud elsewhere.
import { randomBytes } from "node:crypto";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { createContainment } from "../../src/adapters/containment/select.ts";
import type { ContainmentDeps } from "../../src/adapters/containment/select.ts";

export const boxDeps = (scratchDir: string): ContainmentDeps => ({
  backend: "bwrap",
  platform: process.platform,
  scratchDir,
  clock: createSystemClock(),
  searchPath: "/usr/bin:/bin",
  node: process.execPath,
  architecture: process.arch,
  uid: process.getuid?.() ?? 0,
  unique: () => randomBytes(8).toString("hex"),
});

/** Why the tests of the box cannot run here, or false. In CI a missing box is a failure, not a reason. */
export async function whyNoBox(scratchDir: string): Promise<string | false> {
  const report = await createContainment(boxDeps(scratchDir)).probe();
  if (report.available) return false;
  const why = `NO ESCAPE WAS TRIED: ${report.reason}. ${report.remedy}`;
  if (process.env["CI"] === "true") throw new Error(why);
  console.error(why);
  return why;
}
