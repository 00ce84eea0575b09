// A sandbox engine on a real Docker engine, with small projects made of one busybox image. The walls are those that Orket's
// own generated files have.
import type { TestContext } from "node:test";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createProcesses } from "../../src/adapters/process/spawn.ts";
import type { SourceCaps } from "../../src/adapters/sandbox/copy-sources.ts";
import { createComposeSandboxes } from "../../src/adapters/sandbox/compose.ts";
import type { SandboxDeployment, SandboxEngine } from "../../src/ports/sandbox.ts";
import type { TestEngine } from "./docker-engine.ts";
import { tempFolder } from "./temp-folder.ts";

export type SandboxScene = {
  readonly stateDir: string;
  readonly sandboxes: SandboxEngine;
};

/** Whatever the test leaves of these ids is taken down after it. */
export async function makeSandboxScene(
  context: TestContext,
  engine: TestEngine,
  sourceCaps?: SourceCaps,
): Promise<SandboxScene> {
  const stateDir = await tempFolder(context);
  const sandboxes = createComposeSandboxes({
    stateDir,
    processes: createProcesses(),
    env: engine.env,
    ...(sourceCaps === undefined ? {} : { sourceCaps }),
  });
  context.after(async () => {
    const left = await sandboxes.list(never());
    if (left.ok) await Promise.all(left.value.map(async (id) => sandboxes.down(id, never())));
  });
  return { stateDir, sandboxes };
}

export const never = (): AbortSignal => new AbortController().signal;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const WALLS = {
  read_only: true,
  tmpfs: ["/tmp:size=16m,mode=1777"],
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  pids_limit: 64,
  mem_limit: "64m",
  memswap_limit: "64m",
  cpus: 0.5,
  init: true,
  stop_grace_period: "1s",
  restart: "no",
};

const CHECK = {
  test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8000/"],
  interval: "1s",
  timeout: "2s",
  retries: 20,
};

export const webService = (image: string, port: number): Readonly<Record<string, unknown>> => ({
  image,
  pull_policy: "never",
  healthcheck: CHECK,
  networks: ["inner", "edge"],
  ports: [`127.0.0.1:${port}:8000`],
  ...WALLS,
});

export const shellService = (image: string, script: string): Readonly<Record<string, unknown>> => ({
  image,
  pull_policy: "never",
  command: ["sh", "-c", script],
  networks: ["inner"],
  ...WALLS,
});

export const projectText = (
  services: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  more: Readonly<Record<string, unknown>> = {},
): string =>
  JSON.stringify({ services, networks: { inner: { internal: true }, edge: {} }, ...more });

export const deploymentOf = (
  id: string,
  compose: string,
  change: Partial<SandboxDeployment> = {},
): SandboxDeployment => ({
  id,
  compose,
  files: {},
  sourceDir: null,
  secrets: {},
  waitMs: 30_000,
  ...change,
});
