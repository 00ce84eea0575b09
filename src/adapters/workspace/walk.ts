// Every regular file below a folder, in the order of the names, through descriptors only. Links and special files are
// passed over. The caller decides which folders and files to enter.
import type { Dirent } from "node:fs";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Components } from "./names.ts";
import type { Folder } from "./safe-files.ts";
import { closeFolder, openFolder, openNext, readFolder, unfit } from "./safe-files.ts";

export type FoundFile = { readonly parent: Folder; readonly components: Components };

export type Walk = {
  readonly root: string;
  readonly from: Components;
  /** False for a folder or a file that is not wanted. */
  readonly enters: (components: Components, isDirectory: boolean) => boolean;
};

/** Each level holds one descriptor open. */
const DEPTH_MAX = 64;
const ENTRIES_MAX = 100_000;

/** The descriptor of `parent` is open only until the next file is asked for. */
export function* walkFiles({ root, from, enters }: Walk): Generator<FoundFile, Result<null>> {
  const folder = openFolder(root, from);
  if (!folder.ok) return folder;
  return yield* walkFolder(folder.value, from, enters);
}

function* walkFolder(
  folder: Folder,
  at: Components,
  enters: Walk["enters"],
): Generator<FoundFile, Result<null>> {
  try {
    const entries = readFolder(folder, ENTRIES_MAX);
    if (entries === null) return unfit(at, `has more than ${ENTRIES_MAX} entries`);
    for (const entry of entries) {
      const components = [...at, entry.name];
      if (isWanted(entry, components, enters)) {
        const end = yield* visit(folder, components, { entry, enters });
        if (!end.ok) return end;
      }
    }
    return ok(null);
  } finally {
    closeFolder(folder);
  }
}

const isWanted = (entry: Dirent, components: Components, enters: Walk["enters"]): boolean =>
  (entry.isDirectory() || entry.isFile()) && enters(components, entry.isDirectory());

type Visited = { readonly entry: Dirent; readonly enters: Walk["enters"] };

function* visit(
  parent: Folder,
  components: Components,
  { entry, enters }: Visited,
): Generator<FoundFile, Result<null>> {
  if (!entry.isDirectory()) {
    yield { parent, components };
    return ok(null);
  }
  if (components.length > DEPTH_MAX)
    return unfit(components, `lies deeper than ${DEPTH_MAX} folders`);
  const folder = openNext(parent, components);
  // It became a link, or is gone, since its folder was read: then there is nothing in it to find.
  return folder.ok ? yield* walkFolder(folder.value, components, enters) : ok(null);
}
