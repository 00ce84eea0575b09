// Makes the files of a workspace be those of a commit from outside. Git writes them into a folder where no agent has ever
// been; from there they go through the same walk as every other write, so that no link in the workspace leads them astray.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Arrival, Arrivals, CommitRequest, Workspace } from "../../ports/workspace.ts";
import { FILE_BYTES_MAX } from "./disk.ts";
import type { GitSetting } from "./git-command.ts";
import { gitOutput } from "./git-command.ts";
import type { TreeEntry } from "./judge-tree.ts";
import { judgeTree, readTree } from "./judge-tree.ts";
import type { Components } from "./names.ts";
import type { Folder } from "./safe-files.ts";
import {
  closeFolder,
  openFolder,
  readEntry,
  removeEmptyFolder,
  removeFile,
  replaceFile,
  setExecutable,
  tooLarge,
} from "./safe-files.ts";
import { checkOut } from "./snapshot.ts";
import { isSame, readTracked } from "./tracked.ts";

export type ArrivalDeps = GitSetting & {
  /** The repository of what arrived. */
  readonly arrivalsDir: string;
  /** The history of the workspace. */
  readonly gitDir: string;
  readonly root: string;
  /** Where copies are made. */
  readonly copiesDir: string;
  readonly workspace: Pick<Workspace, "commit" | "digest" | "history">;
};

const OWNER_ONLY = 0o700;

export const createArrivals = (deps: ArrivalDeps): Arrivals => ({
  dir: deps.arrivalsDir,
  judge: async (arrival) => {
    const gitDir = deps.arrivalsDir;
    const judged = await judgeTree(deps, { gitDir, ...arrival });
    if (!judged.ok) return judged;
    const args = ["rev-parse", "--verify", `${arrival.commit}^{tree}`];
    return ok((await gitOutput(deps, { gitDir, args })).trim());
  },
  take: async (arrival, request) => take(deps, arrival, request),
});

async function take(
  deps: ArrivalDeps,
  arrival: Arrival,
  request: Omit<CommitRequest, "paths">,
): Promise<Result<{ readonly commit: string | null; readonly digest: string }>> {
  const judged = await judgeTree(deps, { gitDir: deps.arrivalsDir, ...arrival });
  if (!judged.ok) return judged;
  const entries = judged.value;
  const before = await committedPaths(deps);
  const wanted = new Set(entries.map(({ path }) => path));
  const gone = before.filter((path) => !wanted.has(path));
  const copy = join(deps.copiesDir, randomBytes(8).toString("hex"));
  mkdirSync(copy, { recursive: true, mode: OWNER_ONLY });
  try {
    const dir = join(copy, "files");
    mkdirSync(dir);
    const from = join(deps.arrivalsDir, "objects");
    const tree = await checkOut(deps, { from, place: copy, dir, commit: arrival.commit });
    for (const path of gone) {
      const removed = await removeOne(deps.root, path.split("/"));
      if (!removed.ok) return removed;
    }
    for (const entry of entries) {
      const written = await writeOne(deps.root, dir, entry);
      if (!written.ok) return written;
    }
    // All of them, not those that changed now: what a killed process wrote and did not commit is among the others.
    const commit = await deps.workspace.commit({ ...request, paths: [...gone, ...wanted] });
    const digest = await deps.workspace.digest();
    return digest === tree
      ? ok({ commit, digest })
      : refuse("FILE_UNFIT", "The files of this commit did not come out as they are in it.", {
          problems: [`the tree is ${digest}, not ${tree}`],
        });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function committedPaths(deps: ArrivalDeps): Promise<readonly string[]> {
  const [head] = await deps.workspace.history(1);
  if (head === undefined) return [];
  const tree = await readTree(deps, { gitDir: deps.gitDir, commit: head.commit });
  return (tree ?? []).map(({ path }) => path);
}

/** With the folders that it leaves empty: a file may come in their place. */
async function removeOne(root: string, components: Components): Promise<Result<null>> {
  const name = components.at(-1) ?? "";
  const above = components.slice(0, -1);
  const parent = openFolder(root, above);
  // Neither it nor its folder is there any more.
  if (!parent.ok) return ok(null);
  try {
    const removed = await removeFile(parent.value, components);
    if (!removed.ok && removed.error.code !== "FILE_MISSING") {
      // An empty folder is none for the history.
      if (!removeEmptyFolder(parent.value, name)) return inTheWay(components);
    }
  } finally {
    closeFolder(parent.value);
  }
  removeEmptyAbove(root, above);
  return ok(null);
}

function removeEmptyAbove(root: string, components: Components): void {
  for (let depth = components.length; depth > 0; depth -= 1) {
    const parent = openFolder(root, components.slice(0, depth - 1));
    if (!parent.ok) return;
    try {
      if (!removeEmptyFolder(parent.value, components[depth - 1] ?? "")) return;
    } finally {
      closeFolder(parent.value);
    }
  }
}

async function writeOne(root: string, copy: string, entry: TreeEntry): Promise<Result<null>> {
  const components = entry.path.split("/");
  const isExecutable = entry.mode === "100755";
  const lies = readTracked(root, components);
  const mode = isExecutable ? "100755" : "100644";
  if (lies !== null && isSame(lies, { blob: entry.object, mode, sizeBytes: entry.sizeBytes }))
    return ok(null);
  const bytes = readCopy(copy, components);
  if (!bytes.ok) return bytes;
  const parent = openFolder(root, components.slice(0, -1), true);
  if (!parent.ok) return inTheWay(components);
  try {
    const name = components.at(-1) ?? "";
    const replaced = await replaceOver(parent.value, { components, name, bytes: bytes.value });
    return replaced.ok ? setExecutable(parent.value, components, isExecutable) : replaced;
  } finally {
    closeFolder(parent.value);
  }
}

type Replacing = {
  readonly components: Components;
  readonly name: string;
  readonly bytes: Buffer;
};

async function replaceOver(
  parent: Folder,
  { components, name, bytes }: Replacing,
): Promise<Result<null>> {
  const replaced = await replaceFile(parent, components, bytes);
  if (replaced.ok) return replaced;
  if (!removeEmptyFolder(parent, name)) return inTheWay(components);
  return replaceFile(parent, components, bytes);
}

function readCopy(copy: string, components: Components): Result<Buffer> {
  const parent = openFolder(copy, components.slice(0, -1));
  if (!parent.ok) return parent;
  try {
    const bytes = readEntry(parent.value, components, FILE_BYTES_MAX);
    if (!bytes.ok) return bytes;
    return bytes.value === null ? tooLarge(components, "is too large") : ok(bytes.value);
  } finally {
    closeFolder(parent.value);
  }
}

const inTheWay = (components: Components): Result<never> =>
  refuse("FILE_UNFIT", "Something in the workspace is in the way of the commit's files.", {
    problems: [`${components.join("/")}: something else lies there`],
  });
