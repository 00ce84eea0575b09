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

/**
 * Contract (test/contract/asset-edits.suite.ts checks each line):
 * - `draft` writes nothing. It gives the files that the actions would leave, or every problem the project would then have.
 * - Files lie in a category folder of `model/<existing department>/`; nothing is read or written through a link.
 * - A file that exists is changed where the action asks for it; comments, order and everything else in it stay.
 * - `apply` writes only while every file is as `before` says, and otherwise refuses with FILE_STALE and changes nothing.
 * - What `apply` wrote stays pending until `settle`, and can be taken back with `undo` until then.
 * - Killed at any moment, `apply` leaves nothing, or a pending plan. `recover` completes that one, or undoes it where
 *   somebody changed a file meanwhile; true means that its files are all as it wants them.
 * - Two processes do not apply, undo or recover at once: the caller holds the store's transaction while they do.
 */
export type AssetEdits = {
  readonly draft: (
    actions: readonly PlacedAction[],
  ) => Promise<Result<readonly FileChange[], readonly AssetProblem[]>>;
  readonly apply: (plan: FilePlan) => Promise<Result<null>>;
  readonly undo: (id: string) => Promise<void>;
  readonly settle: (id: string) => Promise<void>;
  /** Oldest first. Cheap enough for every start. */
  readonly pending: () => Promise<readonly Pick<FilePlan, "id" | "record">[]>;
  readonly recover: (id: string) => Promise<boolean>;
};
