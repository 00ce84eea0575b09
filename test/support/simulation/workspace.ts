// Workspaces in memory: as much of the port as a run needs, with the same answers to the same questions. Real git in every
// interleaving would cost a thousand times as much; that the real one keeps the contract is tested elsewhere.
import { sha256 } from "../../../src/adapters/ids/digest.ts";
import { ok, refuse } from "../../../src/domain/result.ts";
import type { Result } from "../../../src/domain/result.ts";
import type { CommitInfo, Workspace, Workspaces } from "../../../src/ports/workspace.ts";
import type { PortCall, Scheduler, SimulatedProcess } from "./scheduler.ts";

type Folder = {
  readonly files: Map<string, string>;
  committed: ReadonlyMap<string, string>;
  readonly history: CommitInfo[];
};

/** What lies on the disk: it outlives every process. */
export type Disk = Map<string, Folder>;

const at = new Date(0).toISOString();

export type WorkspaceSide = {
  readonly scheduler: Scheduler;
  readonly process: SimulatedProcess;
  /** Told before anything is changed. */
  readonly onChange: () => void;
};

export const createWorkspaces = (
  disk: Disk,
  { scheduler, process, onChange }: WorkspaceSide,
): Workspaces => {
  const door = async <Value>(name: string, work: () => Value): Promise<Value> => {
    const call: PortCall<Value> = {
      process,
      port: "workspace",
      name,
      work: async () => {
        if (/^(writes|removes|commits)/.test(name)) onChange();
        return work();
      },
    };
    return scheduler.call(call);
  };
  return {
    fork: async () => ok([]),
    takeOver: async () => {},
    arrivals: async () => {
      throw new Error("Nothing arrives in a simulation.");
    },
    departures: async () => {
      throw new Error("Nothing departs in a simulation.");
    },
    open: async (build) =>
      door(`opens ${build}`, () => {
        const folder = disk.get(build) ?? {
          files: new Map(),
          committed: new Map(),
          history: [],
        };
        disk.set(build, folder);
        return openFolder(build, folder, door);
      }),
  };
};

type Door = <Value>(name: string, work: () => Value) => Promise<Value>;

function openFolder(build: string, folder: Folder, door: Door): Workspace {
  const { files } = folder;
  return {
    dir: `/simulated/${build}`,
    resolve: async (path) => resolve(path),
    read: async (path) => door(`reads ${path}`, () => read(files, path)),
    write: async (path, text, expected) =>
      door(`writes ${path}`, () => {
        const name = resolve(path);
        if (!name.ok) return name;
        const known = files.get(name.value);
        const before = known === undefined ? null : sha256(known);
        if (expected !== undefined && expected !== before)
          return refuse("FILE_STALE", `stale: ${path}`, { path });
        files.set(name.value, text);
        return read(files, name.value);
      }),
    remove: async (path) =>
      door(`removes ${path}`, () =>
        files.delete(path) ? ok(null) : refuse("FILE_MISSING", `There is no ${path}.`, { path }),
      ),
    list: async (path) =>
      door(`lists ${path}`, () =>
        ok([...files.keys()].sort().map((name) => ({ name, isDirectory: false }))),
      ),
    search: async () => door("searches", () => ok([])),
    // Nothing runs there that could do what the tools may not.
    guarded: async (work) => {
      const value = await work();
      return ok({ value, changes: { restored: [], removed: [], changed: [], omitted: 0 } });
    },
    commit: async (request) =>
      door(`commits ${request.card}`, () => {
        const next = new Map(folder.committed);
        for (const path of request.paths) {
          const text = files.get(path);
          if (text === undefined) next.delete(path);
          else next.set(path, text);
        }
        if (digestOf(next) === digestOf(folder.committed)) return null;
        folder.committed = next;
        const { card, seat, turn, subject } = request;
        const commit = sha256(`${folder.history.length} ${turn} ${digestOf(next)}`).slice(0, 40);
        folder.history.push({ commit, at, subject, card, seat, turn });
        return commit;
      }),
    digest: async () => door("digest", () => digestOf(folder.committed)),
    snapshot: async () => ({
      dir: `/simulated/${build}`,
      digest: digestOf(folder.committed),
      remove: async () => {},
    }),
    changed: async () =>
      door("changed", () =>
        [...files.keys()].filter((path) => files.get(path) !== folder.committed.get(path)),
      ),
    history: async (limit) => door("history", () => folder.history.slice(-limit).reverse()),
    diff: async () => "",
  };
}

function resolve(path: string): Result<string> {
  if (path.split("/").includes("..") || path.startsWith("/"))
    return refuse("PATH_ESCAPE", `${path} leaves the workspace.`, { path });
  return ok(path);
}

function read(files: ReadonlyMap<string, string>, path: string) {
  const text = files.get(path);
  return text === undefined
    ? refuse("FILE_MISSING", `There is no ${path}.`, { path })
    : ok({ text, digest: sha256(text), sizeBytes: text.length });
}

const digestOf = (files: ReadonlyMap<string, string>): string =>
  files.size === 0
    ? "empty"
    : sha256(JSON.stringify([...files.keys()].sort().map((path) => [path, files.get(path)])));
