// Changes of the project's planning assets: tried out in memory, and written as files, all of them or none.
import type { AssetProblem } from "../domain/assets.ts";
import type { FileChange, PlacedAction } from "../domain/driver-plan.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";

export type FilePlan = {
  readonly id: string;
  readonly files: readonly FileChange[];
  /** Kept with the plan until it is settled, for whoever finishes it after a crash. */
  readonly record: JsonObject;
};

/** What was found of a plan whose process died: its files are all as the plan wants them, or all as they were. */
export type RecoveredPlan = {
  readonly id: string;
  readonly applied: boolean;
  readonly record: JsonObject;
};

/**
 * Contract (test/contract/asset-edits.suite.ts checks each line):
 * - `draft` writes nothing. It gives the files that the actions would leave, or every problem the project would then have.
 * - Files lie in a category folder of `model/<existing department>/`; nothing is read or written through a link.
 * - A file that exists is changed where the action asks for it; comments, order and everything else in it stay.
 * - `apply` writes only while every file is as `before` says, and otherwise refuses with FILE_STALE and changes nothing.
 * - Killed at any moment, `apply` leaves what `recover` completes, or undoes where somebody changed a file meanwhile.
 * - What `apply` wrote stays known to `recover` until `settle`, and can be taken back with `undo` until then.
 * - Two processes do not apply, undo or recover at once: the caller holds the store's transaction while they do.
 */
export type AssetEdits = {
  readonly draft: (
    actions: readonly PlacedAction[],
  ) => Promise<Result<readonly FileChange[], readonly AssetProblem[]>>;
  readonly apply: (plan: FilePlan) => Promise<Result<null>>;
  readonly undo: (id: string) => Promise<void>;
  readonly settle: (id: string) => Promise<void>;
  /** Whether there is anything to recover; cheap enough for every start. */
  readonly isPending: () => Promise<boolean>;
  readonly recover: () => Promise<readonly RecoveredPlan[]>;
};
