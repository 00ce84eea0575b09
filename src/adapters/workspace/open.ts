// Workspaces under the state directory: `workspaces/<build>` with the files, `git/<build>.git` with their history.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isBuildId } from "../../domain/card.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Processes } from "../../ports/process.ts";
import type { Workspace, Workspaces } from "../../ports/workspace.ts";
import { createDepartures } from "./departures.ts";
import { createDiskFiles } from "./disk.ts";
import { forkWorkspaces } from "./fork.ts";
import { makeDurableFolder } from "./durable.ts";
import { createGitHistory, ensureRepository } from "./git.ts";
import { createGuard } from "./guard.ts";
import { createHeads } from "./heads.ts";
import { LEFTOVER_MS_MIN, removeLeftovers } from "./leftovers.ts";
import { judgeLink } from "./links.ts";
import { parsePath } from "./names.ts";
import { closeFolder, fileFailure, openRoot, requireDescriptorPaths } from "./safe-files.ts";
import type { SearchLimits } from "./search.ts";
import { searchInThread } from "./search.ts";
import { takeSnapshot } from "./snapshot.ts";
import { createArrivals } from "./take-tree.ts";

export type DiskWorkspacesDeps = {
  readonly stateDir: string;
  readonly processes: Processes;
  readonly clock: Pick<Clock, "now">;
  /** Where git is looked for, as in PATH. */
  readonly searchPath?: string;
  /** How long one search may take. */
  readonly searchTimeMs?: number;
  /** Of how many builds the last commit is kept in memory. */
  readonly headsMax?: number;
};

const USUAL_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin";
const SEARCH_TIME_MS = 5000;
/** More builds than are worked on at once. */
const HEADS_MAX = 64;

export function createDiskWorkspaces(deps: DiskWorkspacesDeps): Workspaces {
  // One object per build: its queues are what keeps two turns from writing at once.
  const opened = new Map<string, Workspace>();
  const heads = createHeads(deps.headsMax ?? HEADS_MAX);
  const setting = { processes: deps.processes, searchPath: deps.searchPath ?? USUAL_SEARCH_PATH };
  const stateDir = resolve(deps.stateDir);

  const open = async (build: string): Promise<Workspace> => {
    requireDescriptorPaths();
    const places = placesOf(stateDir, build);
    refuseNesting(stateDir, build);
    const root = ensureFolder(places.dir);
    await ensureGit(setting, places.gitDir);
    const known = opened.get(build);
    if (known !== undefined) return known;
    await removeLeftovers(root, deps.clock.now() - LEFTOVER_MS_MIN);
    const workspace = createWorkspace({
      ...setting,
      ...places,
      root,
      heads,
      clock: deps.clock,
      search: { timeMs: deps.searchTimeMs ?? SEARCH_TIME_MS },
    });
    // Two that opened at once get the same one.
    if (!opened.has(build)) opened.set(build, workspace);
    return opened.get(build) ?? workspace;
  };
  return {
    open,
    arrivals: async (build) => {
      const workspace = await open(build);
      const places = placesOf(stateDir, build);
      await ensureGit(setting, places.arrivalsDir);
      return createArrivals({
        ...setting,
        ...places,
        root: realpathSync(places.dir),
        workspace,
      });
    },
    departures: async (build) => {
      await open(build);
      const places = placesOf(stateDir, build);
      await ensureGit(setting, places.departuresDir);
      return createDepartures({ ...setting, ...places });
    },
    takeOver: async (build) => {
      await open(build);
      await removeLeftovers(realpathSync(placesOf(stateDir, build).dir), Infinity);
    },
    fork: async (forks) => {
      for (const { to } of forks) refuseNesting(stateDir, to);
      return forkWorkspaces(
        setting,
        forks.map(({ from, to, commits }) => ({
          source: placesOf(stateDir, from).gitDir,
          ...placesOf(stateDir, to),
          commits,
          random: randomBytes(6).toString("hex"),
        })),
      );
    },
  };
}

type WorkspaceDeps = Parameters<typeof createGitHistory>[0] & {
  readonly dir: string;
  readonly copiesDir: string;
  readonly search: SearchLimits;
};

function createWorkspace(deps: WorkspaceDeps): Workspace {
  const { dir, root } = deps;
  const aliases = [...new Set([dir, root])];
  return {
    dir,
    ...createDiskFiles({ root, aliases }),
    ...createGitHistory(deps),
    snapshot: async () => takeSnapshot(deps),
    ...createGuard(root),
    search: async (query, signal) => {
      const from = parsePath(query.path, aliases);
      if (!from.ok) return from;
      const matches = await searchInThread({ root, from: from.value, query }, deps.search, signal);
      return matches.ok ? matches : { ok: false, error: judgeLink(matches.error, root) };
    },
  };
}

function placesOf(
  stateDir: string,
  build: string,
): Readonly<Record<"dir" | "gitDir" | "arrivalsDir" | "departuresDir" | "copiesDir", string>> {
  if (!isBuildId(build))
    throw new EngineError(
      "WORKSPACE_FAILED",
      `"${build.slice(0, 100)}" cannot be the id of a build.`,
    );
  return {
    dir: join(stateDir, "workspaces", build),
    gitDir: join(stateDir, "git", `${build}.git`),
    arrivalsDir: join(stateDir, "arrivals", `${build}.git`),
    departuresDir: join(stateDir, "departures", `${build}.git`),
    copiesDir: join(stateDir, "copies"),
  };
}

/** An agent of the build `a` could write into the build `a/b`, were both to exist. */
function refuseNesting(stateDir: string, build: string): void {
  const segments = build.split("/");
  const above = segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
  const outer = above.find((name) => existsSync(join(stateDir, "git", `${name}.git`)));
  const isOuter = existsSync(join(stateDir, "git", build));
  if (outer === undefined && !isOuter) return;
  throw new EngineError(
    "WORKSPACE_FAILED",
    `The build ${build} would share its folder with ${outer ?? "builds inside of it"}.`,
  );
}

/** Its path without links. That the last component is a folder and no link is seen by opening it. */
function ensureFolder(dir: string): string {
  try {
    makeFolders(dir);
    const folder = openRoot(dir);
    if (folder.ok) closeFolder(folder.value);
    return realpathSync(dir);
  } catch (error) {
    throw fileFailure(dir, error);
  }
}

/** Node says ENOENT where a recursive mkdir meets a read-only file system; without `recursive` it says what is so. */
function makeFolders(dir: string): void {
  try {
    makeDurableFolder(dir);
  } catch (error) {
    for (let above = dir; !existsSync(above); above = dirname(above)) {
      if (existsSync(dirname(above))) mkdirSync(above);
    }
    throw error;
  }
}

async function ensureGit(
  setting: Parameters<typeof ensureRepository>[0],
  gitDir: string,
): Promise<void> {
  try {
    await ensureRepository(setting, gitDir, randomBytes(6).toString("hex"));
  } catch (error) {
    throw fileFailure(gitDir, error);
  }
}
