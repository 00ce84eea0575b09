// Named keys of the API: made, listed, revoked, and asked about by the server. A key's text leaves here once, when it is made.
import type { ApiKey, KeyState, Scope, ShownKey } from "../domain/api-key.ts";
import {
  isSameDigest,
  isUseWorthNoting,
  KEY_NAME_PATTERN,
  keyState,
  keyText,
  LIVE_KEYS_PER_NAME_MAX,
} from "../domain/api-key.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Engine } from "./engine.ts";

const DAY_MS = 24 * 3_600_000;
const LISTED_MAX = 1000;

export type AddKey = {
  readonly name: string;
  readonly scope: Scope;
  readonly expiresDays: number | null;
  readonly person: string;
};

export type AddedKey = {
  readonly key: ApiKey;
  /** Shown to the person and kept by nobody. */
  readonly text: string;
  /** Another live key of that name, which this one may replace. */
  readonly replaces: string | null;
};

export async function addKey(
  { store, clock, ids }: Pick<Engine, "store" | "clock" | "ids">,
  { name, scope, expiresDays, person }: AddKey,
): Promise<Result<AddedKey>> {
  if (!KEY_NAME_PATTERN.test(name))
    return refuse(
      "USAGE",
      "The name of a key is up to 40 lower-case letters, digits and hyphens, such as ci or backup-2.",
    );
  const nowMs = clock.now();
  const id = ids.create("key").slice("key-".length);
  const text = keyText(id, ids.secret());
  const key: ApiKey = {
    id,
    name,
    scope,
    createdAt: new Date(nowMs).toISOString(),
    createdBy: person,
    expiresAt: expiresDays === null ? null : new Date(nowMs + expiresDays * DAY_MS).toISOString(),
    lastUsedAt: null,
    revokedAt: null,
    revokedBy: null,
  };
  return store.transaction(async ({ keys, events }): Promise<Result<AddedKey>> => {
    const live = (await keys.named(name)).filter((one) => keyState(one, nowMs) === "live");
    if (live.length >= LIVE_KEYS_PER_NAME_MAX)
      return refuse(
        "KEY_LIMIT",
        `${name} has ${live.length} live keys already: ${live.map((one) => one.id).join(", ")}. Revoke one first: orket keys revoke ${live[0]?.id ?? ""}`,
        { name, keys: live.map((one) => one.id) },
      );
    await keys.add({ ...key, digest: ids.digest(text) });
    const data = { keyId: id, name, scope, expiresAt: key.expiresAt };
    await events.append([{ type: "key-added", actor: `human:${person}`, data }]);
    return ok({ key, text, replaces: live[0]?.id ?? null });
  });
}

export type ListedKey = ApiKey & { readonly state: KeyState };

export async function listKeys({ store, clock }: Pick<Engine, "store" | "clock">): Promise<{
  readonly keys: readonly ListedKey[];
  readonly asOfSeq: number;
}> {
  const nowMs = clock.now();
  return store.read(async ({ keys, events }) => ({
    keys: (await keys.list(LISTED_MAX)).map((key) => ({ ...key, state: keyState(key, nowMs) })),
    asOfSeq: await events.lastSeq(),
  }));
}

/** By its id that key; by a name each key of it, because who revokes a name wants none of them left. */
export async function revokeKey(
  { store, clock }: Pick<Engine, "store" | "clock">,
  { key, person }: { readonly key: string; readonly person: string },
): Promise<Result<readonly ApiKey[]>> {
  const at = new Date(clock.now()).toISOString();
  return store.transaction(async ({ keys, events }): Promise<Result<readonly ApiKey[]>> => {
    const byId = await keys.get(key);
    const found: readonly ApiKey[] = byId === null ? await keys.named(key) : [byId];
    const revoked: ApiKey[] = [];
    for (const one of found) {
      if (!(await keys.revoke(one.id, { by: person, at }))) continue;
      const { id, name, scope, createdAt, createdBy, expiresAt, lastUsedAt } = one;
      const kept = { id, name, scope, createdAt, createdBy, expiresAt, lastUsedAt };
      revoked.push({ ...kept, revokedAt: at, revokedBy: person });
    }
    if (revoked.length === 0)
      return refuse(
        "KEY_UNKNOWN",
        "No live key has that id or name. See them with: orket keys list",
      );
    await events.append(
      revoked.map(({ id, name }) => ({
        type: "key-revoked" as const,
        actor: `human:${person}`,
        data: { keyId: id, name },
      })),
    );
    return ok(revoked);
  });
}

/** What no key's text can have as its digest; compared with where there is no such key, so that both take the same time. */
const NO_DIGEST = "0".repeat(64);

export type KeyOwner = { readonly id: string; readonly scope: Scope };

/**
 * Whose key it is: the name and what it may do; null for a text that is no key, and for one that is unknown, revoked or
 * expired. It is read from the store each time, so that a revoked key is refused by the next call.
 */
export async function authenticateKey(
  { store, clock, log }: Pick<Engine, "store" | "clock" | "log">,
  { id, digest }: ShownKey,
): Promise<KeyOwner | null> {
  if (id === null) return null;
  const found = await store.read(async ({ keys }) => keys.get(id));
  const isSame = isSameDigest(digest, found?.digest ?? NO_DIGEST);
  const nowMs = clock.now();
  if (found === null || !isSame || keyState(found, nowMs) !== "live") return null;
  if (isUseWorthNoting(found, nowMs)) {
    const at = new Date(nowMs).toISOString();
    // A note that cannot be written is no reason to refuse a good key.
    await store
      .transaction(async ({ keys }) => keys.noteUse(id, at))
      .catch((error: unknown) =>
        log.warn({ error: String(error) }, "the use of a key was not noted"),
      );
  }
  return { id: found.name, scope: found.scope };
}
