// A project of the predecessor, which is only read.
import type { AssetProblem, ProjectAssets } from "../domain/assets.ts";
import type { OldRow } from "../domain/old-card.ts";
import type { Result } from "../domain/result.ts";

export type OldAssets = {
  /** The project's own assets with those that are taken. */
  readonly assets: ProjectAssets;
  /** Paths of files that the project does not have yet. */
  readonly files: readonly string[];
  /** Those that it has already, and keeps. */
  readonly kept: readonly string[];
  /** Those that do not load here. */
  readonly refused: readonly AssetProblem[];
};

export type OldTables = {
  readonly issues: readonly OldRow[];
  readonly comments: readonly OldRow[];
  readonly steps: readonly OldRow[];
  /** Tables whose rows mean nothing here. */
  readonly others: readonly { readonly table: string; readonly rows: number }[];
};

/**
 * Contract: nothing in the old project is changed, not even the time of a file. A link is not followed. IMPORT_INVALID when the
 * folder is no old project, or its database is damaged or too large.
 */
export type OldProject = {
  /** Whatever of the old assets loads together with the project's own. */
  readonly readAssets: () => Promise<Result<OldAssets>>;
  /** Copies them into the project; a file that came to be there meanwhile stays. */
  readonly copyAssets: (files: readonly string[]) => Promise<void>;
  /** Null when there is no database. */
  readonly readTables: () => Promise<Result<OldTables | null>>;
};
