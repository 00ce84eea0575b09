// The project's planning assets and the few other files of a project that a prompt may show.
import type { AssetProblem, ProjectAssets } from "../domain/assets.ts";
import type { Result } from "../domain/result.ts";

/**
 * Contract:
 * - `load` reports every problem of the project at once, ordered by file, then path; one problem makes it fail.
 * - A file whose size, modification time and digest are unchanged is not parsed again.
 * - `readText` gives a file inside the project, resolved without following links out of it; null when it is missing, a
 *   directory, binary, over `bytesMax`, outside, or read-protected (`.git`, `.orket`, `.env*`, keys, databases).
 */
export type Assets = {
  readonly load: () => Promise<Result<ProjectAssets, readonly AssetProblem[]>>;
  readonly readText: (path: string, bytesMax: number) => Promise<string | null>;
};
