// The fixtures of a project: what verifies agents' work, written by people, out of every agent's reach.
import type { Result } from "../domain/result.ts";

export type FixtureLanguage = "python" | "javascript";

export type Fixture = {
  /** Below the folder of the fixtures, links resolved. */
  readonly path: string;
  /** SHA-256 of its content, in hex. */
  readonly digest: string;
  /** null when nothing here executes files with its ending. */
  readonly language: FixtureLanguage | null;
};

export type OpenFixtures = {
  /** The folder that the box gets, read-only; null when the project has none. */
  readonly dir: string | null;
  /** The folder of the programs that call a fixture's function, by the file's name for each language. */
  readonly harness: { readonly dir: string } & Readonly<Record<FixtureLanguage, string>>;
  /** null when none was asked for, or it does not exist. */
  readonly fixture: Fixture | null;
  /** Of every file below the folder, so that a change of any of them is seen. */
  readonly digest: string;
};

/**
 * Contract:
 * - A path that leads out of the folder, by itself or through a link, is VERIFICATION_PATH, as is a folder that is too
 *   large to be looked through.
 * - `path` null opens the folder alone.
 */
export type Fixtures = { readonly open: (path: string | null) => Promise<Result<OpenFixtures>> };
