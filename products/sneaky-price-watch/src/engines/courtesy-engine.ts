// Whether, and when, a page may be asked for: the host's rest after refusals, its robots.txt, its turn. One visit is one reading
// of one page with all of its redirects; each host takes one turn in it.
import type { DataAccessor } from "../accessors/data-accessor.ts";
import type { FetchDocument } from "../accessors/http-accessor.ts";
import type { Permit, Stop } from "../schemas/poll.ts";
import { LIMITS, ROBOTS_TOKEN } from "../schemas/settings.ts";
import { hostNameOf } from "../utils/address.ts";
import type { Clock } from "../utils/world.ts";
import { restMs } from "./pace-engine.ts";
import type { RobotsRules } from "./robots-engine.ts";
import { isPathAllowed, parseRobots } from "./robots-engine.ts";

export type Visit = {
  readonly permit: Permit;
  /** The host that was asked last refused us, or served us. Gives the moment until which it is left alone. */
  readonly wasRefused: (retryAfterMs: number | null) => number;
  readonly wasServed: () => void;
};
export type Courtesy = { readonly openVisit: () => Visit };

type CourtesyDeps = {
  readonly data: Pick<DataAccessor, "readHost" | "changeHost">;
  readonly fetchDocument: FetchDocument;
  readonly clock: Clock;
  readonly hostGapMs: number;
};

/** A site's robots.txt, or what its absence means: `closed` is one that the server failed to give. */
type Robots = { readonly until: number } & (
  | { readonly kind: "rules"; readonly rules: RobotsRules }
  | { readonly kind: "closed"; readonly detail: string }
);

const ROBOTS_KEPT_MS = 24 * 60 * 60_000;
const CLOSED_KEPT_MS = 15 * 60_000;
const SITES_MAX = 1000;
const EVERYTHING: RobotsRules = { rules: [], crawlDelayMs: null };

export function createCourtesy(deps: CourtesyDeps): Courtesy {
  const { data, clock } = deps;
  const sites = new Map<string, Robots>();
  const robotsOf = async (url: URL, signal: AbortSignal): Promise<Robots> => {
    const known = sites.get(url.origin);
    if (known !== undefined && known.until > clock.now()) return known;
    const robots = await readRobots(deps, url, signal);
    sites.delete(url.origin);
    if (sites.size >= SITES_MAX) sites.delete(sites.keys().next().value ?? "");
    // A reading that ran out of time has learned nothing about the site.
    if (!signal.aborted) sites.set(url.origin, robots);
    return robots;
  };
  return {
    openVisit: () => {
      const served = new Set<string>();
      let host = "";
      return {
        permit: async (url, signal) => {
          host = hostNameOf(url);
          const { restsUntil } = data.readHost(host);
          if (restsUntil > clock.now())
            return refused(
              "resting",
              `${host} refused before and is left alone until ${new Date(restsUntil).toISOString()}.`,
            );
          const robots = await robotsOf(url, signal);
          if (robots.kind === "closed") return refused("robots", robots.detail);
          if (!isPathAllowed(robots.rules, url))
            return refused(
              "robots",
              `The robots.txt of ${url.host} does not allow ${url.pathname}.`,
            );
          if (served.has(host)) return null;
          served.add(host);
          return takeTurn(
            deps,
            { host, gapMs: Math.max(deps.hostGapMs, robots.rules.crawlDelayMs ?? 0) },
            signal,
          );
        },
        wasRefused: (retryAfterMs) =>
          data.changeHost(host, (state) => {
            const refusals = state.refusals + 1;
            return { ...state, refusals, restsUntil: clock.now() + restMs(refusals, retryAfterMs) };
          }).restsUntil,
        wasServed: () => {
          if (data.readHost(host).refusals > 0)
            data.changeHost(host, (state) => ({ ...state, refusals: 0, restsUntil: 0 }));
        },
      };
    },
  };
}

/** RFC 9309: what is not there allows everything, what cannot be had allows nothing. */
async function readRobots(
  { fetchDocument, clock }: CourtesyDeps,
  url: URL,
  outer: AbortSignal,
): Promise<Robots> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(LIMITS.robotsMs)]);
  const answer = await fetchDocument(new URL("/robots.txt", url), {
    permit: async () => null,
    bytesMax: LIMITS.robotsBytes,
    signal,
  });
  const now = clock.now();
  const closed = (detail: string): Robots => ({
    kind: "closed",
    detail,
    until: now + CLOSED_KEPT_MS,
  });
  if (answer.kind !== "document")
    return closed(`The robots.txt of ${url.host} cannot be read: ${answer.detail}`);
  if (answer.status === 429 || answer.status >= 500)
    return closed(`The robots.txt of ${url.host} answers with ${answer.status}.`);
  const rules = answer.status < 300 ? parseRobots(answer.body, ROBOTS_TOKEN) : EVERYTHING;
  return { kind: "rules", rules, until: now + ROBOTS_KEPT_MS };
}

type Turn = { readonly host: string; readonly gapMs: number };

/** Takes the next free place in the host's row and waits for it; takes none where the wait would be too long. */
async function takeTurn(
  { data, clock }: CourtesyDeps,
  { host, gapMs }: Turn,
  signal: AbortSignal,
): Promise<Stop | null> {
  const now = clock.now();
  let startAt: number | null = null;
  data.changeHost(host, (state) => {
    const free = Math.max(now, Math.min(state.freeAt, now + 24 * 60 * 60_000));
    if (free - now > LIMITS.turnMs) return state;
    startAt = free;
    return { ...state, freeAt: free + gapMs };
  });
  if (startAt === null)
    return {
      kind: "failed",
      reason: "busy",
      detail: `${host} is asked too often to be asked now.`,
    };
  await clock.sleep(startAt - now, signal);
  return signal.aborted
    ? { kind: "failed", reason: "timeout", detail: "The page's turn did not come in time." }
    : null;
}

const refused = (reason: "robots" | "resting", detail: string): Stop => ({
  kind: "refused",
  reason,
  detail,
  retryAfterMs: null,
});
