// What publishing works with. The forge is opened when a call is going to change something, and not before: a dry call needs no
// credentials.
import type { Refused, Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { Forge } from "../../ports/forge.ts";
import type { GitRemote } from "../../ports/git-remote.ts";
import type { Products } from "../../ports/products.ts";
import type { Engine } from "../engine.ts";

export type Publisher = { readonly forge: Forge; readonly remote: GitRemote };

export type PublishDeps = Pick<Engine, "store" | "clock"> & {
  readonly products: Products;
  /** Null where no forge is set. */
  readonly openPublisher: () => Result<Publisher | null>;
  readonly person: string;
  readonly signal: AbortSignal;
};

export function requirePublisher({ openPublisher }: PublishDeps): Result<Publisher> {
  const opened = openPublisher();
  if (!opened.ok) return opened;
  return opened.value === null ? noForge() : { ok: true, value: opened.value };
}

const noForge = (): Refused =>
  refuse("CONFIG_INVALID", "Set GITEA_URL and GITEA_TOKEN: no forge is set.");

/** What concerns the forge and not one repository: there is no use in trying the next one. */
export const concernsAll = (code: string): boolean =>
  ["FORGE_FORBIDDEN", "FORGE_UNAVAILABLE", "CONFIG_INVALID"].includes(code);
