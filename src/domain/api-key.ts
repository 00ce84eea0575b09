// Named keys of the API: what one may do, how its text looks, and when it counts. The key's text itself is nowhere kept.

export const SCOPES = ["read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Each scope may do what the ones before it may. */
export const mayCall = (scope: Scope, needed: Scope): boolean =>
  SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);

export type ApiKey = {
  readonly id: string;
  /** Whose key it is. Two live keys may have one name, so that one replaces the other without a gap. */
  readonly name: string;
  readonly scope: Scope;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  /** Coarse: written at most once an hour. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
};

export const KEY_NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
/** The old one and the one that takes its place. */
export const LIVE_KEYS_PER_NAME_MAX = 2;

export type KeyState = "live" | "expired" | "revoked";

export function keyState(key: ApiKey, nowMs: number): KeyState {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= nowMs ? "expired" : "live";
}

const KEY_PATTERN = /^orket_([0-9a-z]{1,32})_[0-9a-z]{52}$/;
const KEY_CHARACTERS_MAX = 91;

export const keyText = (id: string, secret: string): string => `orket_${id}_${secret}`;

/** The id in the text of a key; null for whatever cannot be one. Looks at no more than a key's length. */
export const parseKeyText = (text: string): string | null =>
  text.length > KEY_CHARACTERS_MAX ? null : (KEY_PATTERN.exec(text)?.[1] ?? null);

/** What is kept of a key that was shown, so that it can be looked up again: never its text. */
export type ShownKey = {
  /** Null where the text is no named key's. */
  readonly id: string | null;
  /** SHA-256 of the text, in hex. */
  readonly digest: string;
};

/** Takes the same time wherever two digests of one length differ. */
export function isSameDigest(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let place = 0; place < left.length; place += 1)
    difference |= left.charCodeAt(place) ^ right.charCodeAt(place);
  return difference === 0;
}

const HOUR_MS = 3_600_000;

/** Whether a use now is worth a write. */
export const isUseWorthNoting = ({ lastUsedAt }: ApiKey, nowMs: number): boolean =>
  lastUsedAt === null || Math.abs(nowMs - Date.parse(lastUsedAt)) >= HOUR_MS;
