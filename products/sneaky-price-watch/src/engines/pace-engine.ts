// When something is asked again: polls spread by chance, hosts by a gap, hosts that refused by a rest that doubles. Pure.
import type { Chance } from "../utils/world.ts";

/** How far a poll is moved from its time, to either side. */
const SPREAD = 0.15;
const REST_FIRST_MS = 15 * 60_000;
const REST_MAX_MS = 24 * 60 * 60_000;
/** A Retry-After beyond this is a mistake of the site's, or a way to be forgotten. */
const RETRY_AFTER_MAX_MS = 7 * 24 * 60 * 60_000;

/** The time until the next poll of a page that is read every `everyMs`. */
export const spreadMs = (everyMs: number, chance: Chance): number =>
  Math.round(everyMs * (1 - SPREAD + 2 * SPREAD * chance()));

/** How long a host is left alone after so many refusals in a row, the last one included. */
export const restMs = (refusals: number, retryAfterMs: number | null): number => {
  const own = Math.min(REST_FIRST_MS * 2 ** Math.min(refusals - 1, 20), REST_MAX_MS);
  return Math.max(own, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS));
};

/** The header in either of its forms; null where it is absent or no such thing. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
