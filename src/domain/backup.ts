// What a backup of a state holds, and which paths can stand in one. How it is written and read is the adapter's business.

export const BACKUP_VERSION = 1;

export const DATABASE_FILE = "orket.db";

export type StatePart = {
  readonly isKept: boolean;
  /** For people: why it is left out, or what it is. */
  readonly why: string;
};

const PROCESS_LOG = ["process", "jsonl"].join(".");

/** Everything that the product itself puts into a state directory. What stands here as not kept is made again or is secret. */
export const STATE_PARTS: Readonly<Record<string, StatePart>> = {
  git: { isKept: true, why: "the history of each build" },
  workspaces: { isKept: true, why: "the files of each build, with what no commit holds yet" },
  arrivals: { isKept: true, why: "what was fetched of pull requests that are under review" },
  departures: { isKept: true, why: "which commits were sent to the forge from here" },
  reports: { isKept: true, why: "reports of violations" },
  evals: { isKept: true, why: "evaluations that agents kept" },
  plans: { isKept: true, why: "driver's plans that are half applied" },
  archive: { isKept: true, why: "product folders that were put away" },
  logs: { isKept: false, why: "views of events that the database has" },
  [PROCESS_LOG]: { isKept: false, why: "the log of processes" },
  containment: { isKept: false, why: "scratch of boxes" },
  copies: { isKept: false, why: "scratch of verifications" },
  publish: { isKept: false, why: "scratch of publishing" },
  reviews: { isKept: false, why: "scratch of reviews" },
  sandboxes: { isKept: false, why: "compose folders with their secrets; sandboxes are made anew" },
};

/** Files of the database; its own backup stands for all of them. Rotated logs of processes have a number behind. */
const OF_DATABASE = /^orket\.db(?:-wal|-shm|-journal)?$/;
const OF_PROCESS_LOG = /^process\.jsonl(?:\.\d+)?$/;

const PARTS: ReadonlyMap<string, StatePart> = new Map(Object.entries(STATE_PARTS));

/** What is to be done with a name directly in the state directory; null for one that is nobody's. */
export function partOf(name: string): StatePart | "database" | null {
  if (OF_DATABASE.test(name)) return "database";
  const known = OF_PROCESS_LOG.test(name) ? PROCESS_LOG : name;
  return PARTS.get(known) ?? null;
}

export type BackupFile = {
  /** Relative to the state directory, `/` between the names. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mode: number;
};

export type BackupFolder = Pick<BackupFile, "path" | "mode">;

export type LeftOut = { readonly path: string; readonly why: string };

/** What is known of a database: how new its schema is, and where its event log ends. */
export type DatabaseFacts = {
  readonly schema: number;
  readonly events: number;
  readonly lastHash: string;
};

export type BackupManifest = {
  readonly version: typeof BACKUP_VERSION;
  /** Version of the product that wrote it. */
  readonly product: string;
  /** The moment whose state it holds. */
  readonly at: string;
  readonly database: DatabaseFacts;
  readonly folders: readonly BackupFolder[];
  readonly files: readonly BackupFile[];
  readonly leftOut: readonly LeftOut[];
};

const PATH_CHARACTERS_MAX = 4096;
const NAME_BYTES_MAX = 255;

/** A path that stays in the state directory and in what a backup may hold of it, whoever wrote the manifest. */
export function isBackupPath(path: string): boolean {
  if (path.length > PATH_CHARACTERS_MAX) return false;
  const names = path.split("/");
  if (!names.every(isName)) return false;
  if (path === DATABASE_FILE) return true;
  const part = partOf(path.split("/", 1).join(""));
  return part !== null && part !== "database" && part.isKept;
}

const isName = (name: string): boolean =>
  name !== "" &&
  name !== "." &&
  name !== ".." &&
  !name.includes("\0") &&
  new TextEncoder().encode(name).length <= NAME_BYTES_MAX;

/** The first thing in it that cannot be, in words; null when all of it can. Names that are equal, or a file where a folder must be. */
export function manifestProblem({ files, folders }: BackupManifest): string | null {
  const kinds = new Map<string, "file" | "folder">();
  const entries = [
    ...folders.map(({ path }) => ({ path, kind: "folder" as const })),
    ...files.map(({ path }) => ({ path, kind: "file" as const })),
  ];
  for (const { path, kind } of entries) {
    if (!isBackupPath(path)) return `It names ${JSON.stringify(path)}, which no backup holds.`;
    if (kinds.has(path)) return `It names ${JSON.stringify(path)} twice.`;
    kinds.set(path, kind);
  }
  if (kinds.get(DATABASE_FILE) !== "file") return "It names no database.";
  for (const path of kinds.keys()) {
    const end = path.lastIndexOf("/");
    if (end >= 0 && kinds.get(path.slice(0, end)) !== "folder")
      return `It names ${JSON.stringify(path)}, but not the folder that is in.`;
  }
  return null;
}
