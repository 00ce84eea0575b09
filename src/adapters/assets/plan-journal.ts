// What is about to be done to the files of a plan, written down before the first of them is touched. Whoever starts next
// after a crash reads here what to complete or to undo. The texts of both sides are kept, so nothing else is needed.
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EngineError } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { FilePlan } from "../../ports/asset-edits.ts";
import { codeOf } from "./project-files.ts";

export type JournalEntry = FilePlan & {
  /** Files whose folder did not exist before. */
  readonly newFolders: readonly string[];
};

export type PlanJournal = {
  readonly add: (entry: JournalEntry) => Promise<void>;
  readonly get: (id: string) => Promise<JournalEntry | null>;
  /** Ids in the order of their making. */
  readonly list: () => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
};

const ENTRY = /^(plan-[a-z0-9-]{1,64})\.json$/;

const schema = z.strictObject({
  id: z.string(),
  files: z.array(
    z.strictObject({
      file: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  ),
  newFolders: z.array(z.string()),
  record: z.record(z.string(), z.json()),
});

export function createPlanJournal(stateDir: string): PlanJournal {
  const folder = join(stateDir, "plans");
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  return {
    add: async (entry) => {
      await mkdir(folder, { recursive: true });
      await syncFolder(stateDir);
      await removeUnfinished(folder);
      // What is not whole yet does not bear a name that is read.
      const unfinished = join(folder, `${entry.id}.tmp`);
      const file = await open(unfinished, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(entry));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, pathOf(entry.id));
      await syncFolder(folder);
    },
    get: async (id) => {
      const text = await readFile(pathOf(id), "utf8").catch(nothingThere);
      return text === null ? null : readEntry(pathOf(id), text);
    },
    list: async () => {
      const names = (await readdir(folder).catch(nothingThere)) ?? [];
      return names.flatMap((name) => ENTRY.exec(name)?.[1] ?? []).sort();
    },
    remove: async (id) => {
      const isThere = await rm(pathOf(id)).then(() => true, nothingThere);
      if (isThere === true) await syncFolder(folder);
    },
  };
}

/** Of processes that died while they wrote it; nothing was touched for them yet. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith(".tmp")) await rm(join(folder, name), { force: true });
}

function readEntry(path: string, text: string): JournalEntry {
  try {
    const entry = schema.parse(JSON.parse(text));
    return { ...entry, record: entry.record as JsonObject };
  } catch (cause) {
    throw new EngineError(
      "STORE_CORRUPT",
      `${path} is unreadable. It holds a plan that was being applied; look at model/ and remove it.`,
      { cause },
    );
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function nothingThere(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}
