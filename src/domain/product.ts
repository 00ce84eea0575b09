// Products and where they are published to: names, what becomes of a move that was cut off, and what a clean-up leaves alone.
import { isForgeName } from "./forge-name.ts";
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

export type NamedProduct = {
  /** The folder's name. */
  readonly project: string;
  /** The repository's. */
  readonly name: string;
};

/** Lower case; whatever is no letter and no digit becomes a hyphen, many of them one, none at the ends. */
export const slugOf = (folder: string): string =>
  folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "") || "project";

type Problem = {
  readonly name: string;
  readonly found: string;
  readonly expected: string;
};

/** Refused whole when one name will not do: which of two folders a repository belongs to is not guessed. */
export function nameProducts(
  folders: readonly string[],
  prefix: string,
): Result<readonly NamedProduct[]> {
  const named = folders.map((project) => ({ project, name: `${prefix}${slugOf(project)}` }));
  const problems: Problem[] = [];
  const byName = Map.groupBy(named, ({ name }) => name.toLowerCase());
  for (const [name, same] of byName) {
    const found = same.map(({ project }) => project).join(" and ");
    if (!isForgeName(name)) {
      const expected = "up to 100 letters, digits, dots, hyphens and underscores";
      problems.push({ name: found, found: `the name ${name}`, expected });
    }
    if (same.length > 1) {
      const expected = "folders whose names differ in letters or digits";
      problems.push({ name: found, found: `one name for both, ${name}`, expected });
    }
  }
  if (problems.length === 0) return ok(named);
  const message = "Not every product folder can have a repository of its own; nothing was changed.";
  return refuse("PRODUCT_INVALID", message, { problems });
}

/**
 * Where the folder of a published product is:
 *
 *   present ─▶ archiving ─▶ archived ─▶ deleting ─▶ deleted
 *      └────▶ removing ─────────────────────▲
 *
 * `archiving`, `removing` and `deleting` are written before anything is moved or deleted, the state after them once it is.
 */
export const PUBLISHED_STATES = [
  "present",
  "archiving",
  "archived",
  "removing",
  "deleting",
  "deleted",
] as const;

export type PublishedState = (typeof PUBLISHED_STATES)[number];

export type Published = {
  readonly number: number;
  /** Folder of the products, relative to the project. */
  readonly source: string;
  readonly project: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly branch: string;
  /** Head of the branch, and its tree. */
  readonly sha: string;
  readonly tree: string;
  /** The project's commit that was split. */
  readonly sourceSha: string;
  /** The forge showed exactly this head and this tree. */
  readonly parity: boolean;
  readonly publishedAt: string;
  readonly verifiedAt: string;
  readonly state: PublishedState;
  /** Below the state directory; what a move that was begun goes to. */
  readonly place: string | null;
  readonly archivedAt: string | null;
  readonly deletedAt: string | null;
};

/** What a row says once a move that was cut off is looked at: the folder is at its place, or it never went. */
export function settledState(
  { state, place }: Pick<Published, "state" | "place">,
  isAtPlace: boolean,
): PublishedState {
  switch (state) {
    case "archiving":
      return isAtPlace ? "archived" : "present";
    case "removing":
      return isAtPlace ? "deleting" : "present";
    // Another process took this move for one that was cut off while it was on its way.
    case "present":
      return place !== null && isAtPlace ? "archived" : "present";
    case "archived":
    case "deleting":
    case "deleted":
      return state;
  }
}

export type FolderKind = "folder" | "missing" | "link" | "outside" | "file";

export type FolderFacts = {
  readonly kind: FolderKind;
  /** As the last commit has it; null when that does not have it. */
  readonly tree: string | null;
  /** Of the last commit that touched it. */
  readonly committedMs: number | null;
  /** Nothing in it differs from the last commit. What git ignores does not count. */
  readonly isClean: boolean;
  /** There are files in it that git ignores, and that are nowhere else. */
  readonly holdsIgnored: boolean;
};

export type CleanupCause =
  | Exclude<FolderKind, "folder">
  | "unproven"
  | "changed"
  | "not-clean"
  | "young"
  | "moved-on"
  | "not-moved";

export type CleanupLimits = {
  readonly nowMs: number;
  readonly archiveDays: number;
  readonly deleteDays: number;
};

const DAY_MS = 24 * 3_600_000;

/** Why a folder is not put away; null when it is, once the forge was asked. */
export function whyNotArchived(
  { parity, tree }: Pick<Published, "parity" | "tree">,
  facts: FolderFacts,
  { nowMs, archiveDays }: CleanupLimits,
): CleanupCause | null {
  if (!parity) return "unproven";
  if (facts.kind !== "folder") return facts.kind;
  if (!facts.isClean) return "not-clean";
  if (facts.committedMs === null || facts.tree !== tree) return "changed";
  return nowMs - facts.committedMs < archiveDays * DAY_MS ? "young" : null;
}

/** Why what was put away is not deleted; null when it is, once the forge was asked. */
export function whyNotDeleted(
  { parity, archivedAt }: Pick<Published, "parity" | "archivedAt">,
  kind: FolderKind,
  { nowMs, deleteDays }: CleanupLimits,
): CleanupCause | null {
  if (!parity || archivedAt === null) return "unproven";
  if (kind !== "folder") return kind;
  return nowMs - Date.parse(archivedAt) < deleteDays * DAY_MS ? "young" : null;
}

/** Where a folder is put away; a stamp makes it a name of its own. */
export const archivePlace = (project: string, nowMs: number): string =>
  `archive/${slugOf(project)}-${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "")}`;

/** What the row says is not believed: one folder directly in the archive, or nothing. */
export const isArchivePlace = (place: string): boolean =>
  /^archive\/[a-z0-9][a-z0-9-]*-\d{8}T\d{9}Z$/.test(place);
