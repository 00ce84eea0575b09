// Brings one sandbox up in a process of its own, which a test kills in the middle. Arguments: state folder, deployment and
// environment as JSON.
import { createProcesses } from "../../src/adapters/process/spawn.ts";
import { createComposeSandboxes } from "../../src/adapters/sandbox/compose.ts";
import type { SandboxDeployment } from "../../src/ports/sandbox.ts";

const [stateDir = "", deployment = "", env = ""] = process.argv.slice(2);
const sandboxes = createComposeSandboxes({
  stateDir,
  processes: createProcesses(),
  env: JSON.parse(env) as Readonly<Record<string, string>>,
});
await sandboxes.up(JSON.parse(deployment) as SandboxDeployment, new AbortController().signal);
