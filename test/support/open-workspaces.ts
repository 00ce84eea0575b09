// Disk workspaces for a test, in a folder of its own.
import type { TestContext } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { createProcesses } from "../../src/adapters/process/spawn.ts";
import type { DiskWorkspacesDeps } from "../../src/adapters/workspace/open.ts";
import { createDiskWorkspaces } from "../../src/adapters/workspace/open.ts";
import type { Workspaces } from "../../src/ports/workspace.ts";
import { tempFolder } from "./temp-folder.ts";

/** Long enough for any honest search of a test. */
const SEARCH_TIME_MS = 1500;

export const diskWorkspacesIn = (
  stateDir: string,
  limits: Pick<DiskWorkspacesDeps, "headsMax"> = {},
): Workspaces =>
  createDiskWorkspaces({
    stateDir,
    processes: createProcesses(),
    clock: createSystemClock(),
    searchTimeMs: SEARCH_TIME_MS,
    ...limits,
  });

export const openDiskWorkspaces = async (context: TestContext): Promise<Workspaces> =>
  diskWorkspacesIn(`${await tempFolder(context)}/.orket`);
