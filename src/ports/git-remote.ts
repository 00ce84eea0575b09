// Git between this machine and the forge: look at a branch, push a commit, fetch one. Names alone are given; the address is
// made of the settings.
import type { Result } from "../domain/result.ts";
import type { Repository } from "./forge.ts";

export type RemoteRef =
  | { readonly kind: "branch"; readonly name: string }
  /** The head of a pull request. */
  | { readonly kind: "pull"; readonly number: number }
  | { readonly kind: "sha"; readonly sha: string };

export type PushRequest = {
  /** Its objects are pushed; its settings and hooks are not looked at. */
  readonly gitDir: string;
  readonly repository: Repository;
  readonly sha: string;
  readonly branch: string;
  /**
   * `forward`: the branch is made, or moved on from where it is. `lease`: whatever it is at is replaced, as long as that is
   * exactly this commit; null when there must be no such branch.
   */
  readonly how: "forward" | { readonly lease: string | null };
};

export type FetchRequest = {
  /** The objects go there. */
  readonly gitDir: string;
  readonly repository: Repository;
  readonly ref: RemoteRef;
  /** A ref in `gitDir`, below `refs/`, that keeps what was fetched; an older value is replaced. */
  readonly keepAs: string;
};

/**
 * Contract (test/contract/git-remote.suite.ts):
 * - The credentials go to the configured forge alone, and only for the repository that was named: a redirect is not
 *   followed, another host is not answered. They stand in no address, argument, file or message.
 * - Nothing of the machine's or the repository's settings is in force: no hook, helper, proxy or rewritten address.
 * - FORGE_NOT_FOUND, FORGE_FORBIDDEN, FORGE_UNAVAILABLE as in the forge port; FORGE_CONFLICT when the branch is not where
 *   the push expects it, or a rule of the repository refuses it. A name that fits no address is FORGE_NOT_FOUND, before any call.
 * - A commit or git directory that is not there throws, and so does a machine without git.
 */
export type GitRemote = {
  /** Null when the repository has no such branch or pull request. */
  readonly head: (
    repository: Repository,
    ref: Exclude<RemoteRef, { readonly kind: "sha" }>,
    signal: AbortSignal,
  ) => Promise<Result<string | null>>;
  /** True when the branch was elsewhere before. */
  readonly push: (request: PushRequest, signal: AbortSignal) => Promise<Result<boolean>>;
  /** Gives the commit. */
  readonly fetch: (request: FetchRequest, signal: AbortSignal) => Promise<Result<string>>;
};
