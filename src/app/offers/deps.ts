// What the way out to the forge works with: builds on this side, the forge and git to it on the other.
import type { Result } from "../../domain/result.ts";
import type { Forge } from "../../ports/forge.ts";
import type { GitRemote } from "../../ports/git-remote.ts";
import type { Engine } from "../engine.ts";

export type OfferForge = {
  readonly forge: Forge;
  readonly remote: GitRemote;
  /** The branch that pull requests are for; null = each repository's default branch. */
  readonly baseBranch: string | null;
};

export type OfferDeps = Pick<
  Engine,
  "store" | "clock" | "log" | "watcher" | "assets" | "workspaces"
> & {
  /** Opened when something is to be offered, and not before: a run that offers nothing needs no credentials. */
  readonly openForge: () => Result<OfferForge | null>;
};
