// Random words that stand for a key for a while: the dashboard's sessions and the tickets of event streams. They are held by
// their digests, and a key by its own; a restart ends them, unless there is a shelf to keep them on.
import { createHash } from "node:crypto";
import type { Engine } from "../app/engine.ts";
import type { ShownKey } from "../domain/api-key.ts";

export type Tokens = {
  /** A new word for the key. With too many out the oldest ends. */
  readonly issue: (key: ShownKey) => string;
  /** The key, while the word is good. */
  readonly find: (token: string) => ShownKey | null;
  /** The same, and the word is used up. */
  readonly take: (token: string) => ShownKey | null;
};

export type TokenDeps = {
  readonly clock: Engine["clock"];
  /** 256 bits of chance, as text. */
  readonly randomToken: () => string;
  readonly lifeMs: number;
  readonly tokensMax: number;
  readonly shelf?: Shelf;
};

/** `until` is by the clock on the wall, in milliseconds: another one goes on after a restart. */
export type Shelved = { readonly name: string; readonly key: ShownKey; readonly until: number };
export type Shelf = {
  readonly read: () => readonly Shelved[];
  readonly write: (tokens: readonly Shelved[]) => void;
};

export const SESSION_MS = 12 * 3_600_000;
export const SESSIONS_MAX = 1000;
export const TICKET_MS = 30_000;
export const TICKETS_MAX = 1000;

type Held = { readonly key: ShownKey; readonly untilMs: number };

export function createTokens(deps: TokenDeps): Tokens {
  const { clock, randomToken, lifeMs, tokensMax, shelf } = deps;
  // A lookup by digest takes no longer for a token that begins right.
  const held = takeDown(deps);
  const keep = (): void => {
    const [nowMs, wallMs] = [clock.monotonic(), clock.now()];
    shelf?.write(
      [...held].map(([name, { key, untilMs }]) => ({ name, key, until: wallMs + untilMs - nowMs })),
    );
  };
  const nameOf = (token: string): string => createHash("sha256").update(token).digest("base64");
  const find = (name: string): ShownKey | null => {
    const found = held.get(name);
    if (found === undefined) return null;
    if (found.untilMs > clock.monotonic()) return found.key;
    held.delete(name);
    return null;
  };
  return {
    issue: (key) => {
      const [oldest] = held.keys();
      if (held.size >= tokensMax && oldest !== undefined) held.delete(oldest);
      const token = randomToken();
      held.set(nameOf(token), { key, untilMs: clock.monotonic() + lifeMs });
      keep();
      return token;
    },
    find: (token) => find(nameOf(token)),
    take: (token) => {
      const name = nameOf(token);
      const key = find(name);
      if (held.delete(name)) keep();
      return key;
    },
  };
}

/** What was kept, never for longer than a new one would live, whatever the clock on the wall does. */
function takeDown({ clock, lifeMs, tokensMax, shelf }: TokenDeps): Map<string, Held> {
  const [nowMs, wallMs] = [clock.monotonic(), clock.now()];
  const kept = (shelf?.read() ?? []).slice(-tokensMax).flatMap(({ name, key, until }) => {
    const leftMs = Math.min(lifeMs, until - wallMs);
    return leftMs > 0 ? [[name, { key, untilMs: nowMs + leftMs }] as const] : [];
  });
  return new Map(kept);
}
