// The edits of planning assets on a project's folder: plans tried out over the one loader, and their files written all or
// none. What an action does to a text stands in draft-plan.ts.
import type { FileChange } from "../../domain/driver-plan.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { AssetEdits, FilePlan } from "../../ports/asset-edits.ts";
import { draftPlan } from "./draft-plan.ts";
import {
  isFolderMissing,
  putInPlace,
  readPlanned,
  removeEmptyFolders,
  removeTemporary,
} from "./plan-files.ts";
import type { JournalEntry, PlanJournal } from "./plan-journal.ts";
import { createPlanJournal } from "./plan-journal.ts";
import { codeOf } from "./project-files.ts";
import type { OrganizationNames } from "./read-organization.ts";

export type AssetEditsSettings = {
  readonly projectDir: string;
  readonly stateDir: string;
  readonly env: OrganizationNames;
  /** Told after each thing that is on the disk for good: where a power cut would leave something to complete. */
  readonly onStep?: (step: string) => void;
};

type Desk = {
  readonly projectDir: string;
  readonly journal: PlanJournal;
  readonly onStep: (step: string) => void;
};

export function createAssetEdits(settings: AssetEditsSettings): AssetEdits {
  const { projectDir, stateDir, env, onStep = () => {} } = settings;
  const journal = createPlanJournal(stateDir);
  const desk: Desk = { projectDir, journal, onStep };
  return {
    draft: async (actions) => draftPlan({ projectDir, env }, actions),
    apply: async (plan) => translated(async () => apply(desk, plan)),
    undo: async (id) =>
      translated(async () => {
        const entry = await journal.get(id);
        if (entry === null) return;
        await takeBack(desk, entry);
        await journal.remove(id);
      }),
    settle: async (id) => journal.remove(id),
    pending: async () => {
      const entries = await Promise.all((await journal.list()).map(journal.get));
      return entries.filter((entry) => entry !== null);
    },
    recover: async (id) =>
      translated(async () => {
        const entry = await journal.get(id);
        return entry !== null && recover(desk, entry);
      }),
  };
}

const temporaryOf = (plan: string, place: number): string => `.orket-${plan}-${place}.tmp`;

async function apply(desk: Desk, plan: FilePlan): Promise<Result<null>> {
  const { projectDir, journal, onStep } = desk;
  const newFolders: string[] = [];
  for (const { file, before } of plan.files) {
    if ((await readPlanned(projectDir, file)) !== before) return stale(file);
    if (await isFolderMissing(projectDir, file)) newFolders.push(file);
  }
  if (plan.files.length === 0) return ok(null);
  const { id, files, record } = plan;
  const entry: JournalEntry = { id, files, record, newFolders };
  await journal.add(entry);
  onStep("journal");
  try {
    const conflict = await putAll(desk, entry);
    if (conflict === null) return ok(null);
    await takeBack(desk, entry);
    await journal.remove(plan.id);
    return stale(conflict);
  } catch (error) {
    await takeBack(desk, entry);
    await journal.remove(plan.id);
    throw error;
  }
}

const stale = (file: string): Result<never> =>
  refuse(
    "FILE_STALE",
    `${file} is not as it was when the plan was made; nothing was applied. Ask for the plan again.`,
    { file },
  );

/** The file that is neither as it was nor as it is to be; null when all are in place. */
async function putAll(
  { projectDir, onStep }: Desk,
  { id, files }: JournalEntry,
): Promise<string | null> {
  for (const [place, change] of files.entries()) {
    const step = {
      change,
      temporary: temporaryOf(id, place),
      onWritten: () => onStep(`written ${change.file}`),
    };
    if (!(await putInPlace(projectDir, step))) return change.file;
    onStep(`placed ${change.file}`);
  }
  return null;
}

/** What somebody else wrote meanwhile stays theirs. */
async function takeBack(desk: Desk, { id, files, newFolders }: JournalEntry): Promise<void> {
  const { projectDir, onStep } = desk;
  for (const [place, { file, before, after }] of [...files.entries()].reverse()) {
    const change = { file, before: after, after: before };
    const temporary = temporaryOf(id, place);
    await unlessUnfit(async () => {
      await putInPlace(projectDir, { change, temporary, onWritten: () => onStep(`kept ${file}`) });
      await removeTemporary(projectDir, file, temporary);
    });
    onStep(`taken back ${file}`);
  }
  for (const file of newFolders)
    await unlessUnfit(async () => removeEmptyFolders(projectDir, file));
}

/** What became a link or a folder meanwhile is somebody else's, and must not keep the rest from its place. */
async function unlessUnfit<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError && error.code === "FILE_UNFIT") return undefined;
    throw error;
  }
}

/** Completes a plan whose process died, unless a file was changed since; then none of it stays. */
async function recover(desk: Desk, entry: JournalEntry): Promise<boolean> {
  const { projectDir, journal } = desk;
  const { id, files } = entry;
  for (const [place, { file }] of files.entries())
    await unlessUnfit(async () => removeTemporary(projectDir, file, temporaryOf(id, place)));
  const known = await Promise.all(files.map(async (change) => isKnown(projectDir, change)));
  if (known.every(Boolean) && (await putAll(desk, entry)) === null) return true;
  await takeBack(desk, entry);
  await journal.remove(id);
  return false;
}

async function isKnown(projectDir: string, { file, before, after }: FileChange): Promise<boolean> {
  const text = await unlessUnfit(async () => readPlanned(projectDir, file));
  return text === before || text === after;
}

const FULL = ["ENOSPC", "EDQUOT"];
const READ_ONLY = ["EACCES", "EPERM", "EROFS"];

async function translated<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    const code = codeOf(cause);
    if (cause instanceof EngineError) throw cause;
    if (FULL.includes(code))
      throw new EngineError("STORE_FULL", "The disk is full; the plan was not applied.", { cause });
    if (READ_ONLY.includes(code))
      throw new EngineError(
        "PROJECT_READ_ONLY",
        `The project's assets cannot be written (${code}).`,
        { cause },
      );
    throw cause;
  }
}
