// The use cases: add, list, remove, show and poll watches, and tell of drops. Who calls has parsed; who is called decides
// (engines) or acts (accessors); here is only the order of things.
import type { AlertAccessor, AlertNotice } from "../accessors/alert-accessor.ts";
import type { DataAccessor } from "../accessors/data-accessor.ts";
import type { WatchChange } from "../accessors/storage.ts";
import type { Courtesy } from "../engines/courtesy-engine.ts";
import { dropPercentOf, judgePrice } from "../engines/drop-engine.ts";
import { spreadMs } from "../engines/pace-engine.ts";
import { judgePage } from "../engines/page-engine.ts";
import { parsePrice } from "../engines/price-engine.ts";
import type { Alert, History, PageData, Poll, Stop } from "../schemas/poll.ts";
import type { Price } from "../schemas/price.ts";
import { LIMITS } from "../schemas/settings.ts";
import type { NewWatch, Watch } from "../schemas/watch.ts";
import { toDecimal } from "../utils/format-money.ts";
import type { Result } from "../utils/result.ts";
import { ok, refuse } from "../utils/result.ts";
import type { Chance, Clock } from "../utils/world.ts";

export type WatchManager = ReturnType<typeof createWatchManager>;

export type ManagerDeps = {
  readonly data: DataAccessor;
  readonly courtesy: Courtesy;
  readonly alerts: AlertAccessor;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly newId: () => string;
};

/** A poll, and the drop that it was, if it was one. */
export type Polled = { readonly poll: Poll; readonly alert: Alert | null };
type Learned = { readonly kind: "price"; readonly price: Price } | Stop;

const MINUTE_MS = 60_000;
const RETRY_FIRST_MS = 30_000;
const HISTORY_MAX = 6000;
const BUSY_RETRY_MS = 2 * MINUTE_MS;
const UNASKED: readonly Stop["reason"][] = ["resting", "busy"];

export function createWatchManager(deps: ManagerDeps) {
  const { data, clock, chance } = deps;
  const pollWatch = async (watch: Watch, signal: AbortSignal): Promise<Polled> => {
    const learned = await learnPrice(deps, watch, signal);
    const polled = keep(deps, { watch, learned, isStopping: signal.aborted });
    await deliverAlerts(deps, signal);
    return polled;
  };
  return {
    addWatch: (request: NewWatch): Result<Watch, string> => {
      const now = clock.now();
      const name = request.name ?? new URL(request.url).host;
      const watch: Watch = {
        ...request,
        name,
        id: deps.newId(),
        addedAt: now,
        baseline: null,
        alertedMilli: null,
        dueAt: now,
      };
      return data.addWatch(watch, LIMITS.watches)
        ? ok(watch)
        : refuse(`There are ${LIMITS.watches} watches already: remove one.`);
    },
    listWatches: (): readonly Watch[] => data.listWatches(),
    removeWatch: (id: string): boolean => data.removeWatch(id),
    findHistory: (id: string): History | null => {
      const watch = data.findWatch(id);
      if (watch === null) return null;
      return { watch, polls: data.listPolls(id, HISTORY_MAX), alerts: data.listAlerts(id) };
    },
    /** Polls one watch now, due or not; the host's rest and turn hold all the same. */
    pollNow: async (id: string, signal: AbortSignal): Promise<Polled | null> => {
      const watch = data.findWatch(id);
      return watch === null ? null : pollWatch(watch, signal);
    },
    /** Polls the watch that is due longest, if one is. Gives the time until the next one is due. */
    pollNext: async (
      signal: AbortSignal,
    ): Promise<{ readonly polled: Polled | null; readonly waitMs: number }> => {
      const [first] = data.listWatches().toSorted((one, other) => one.dueAt - other.dueAt);
      const waitMs = Math.max(0, (first?.dueAt ?? Infinity) - clock.now());
      if (first === undefined || waitMs > 0) return { polled: null, waitMs };
      const nextDueAt = clock.now() + spreadMs(first.everyMinutes * MINUTE_MS, chance);
      if (!data.claimWatch(first, nextDueAt)) return { polled: null, waitMs: 0 };
      return { polled: await pollWatch(first, signal), waitMs: 0 };
    },
    deliverAlerts: (signal: AbortSignal): Promise<void> => deliverAlerts(deps, signal),
  };
}

async function learnPrice(
  { data, courtesy, clock, chance }: ManagerDeps,
  watch: Watch,
  signal: AbortSignal,
): Promise<Learned> {
  const visit = courtesy.openVisit();
  const page: PageData = await data.getPageData(watch, { permit: visit.permit, signal });
  if (page.kind !== "page") {
    if (page.reason === "busy")
      data.hastenWatch(watch.id, clock.now() + spreadMs(BUSY_RETRY_MS, chance));
    return page;
  }
  const reading = judgePage(page, clock.now());
  if (reading.kind === "refused") {
    data.postponeWatch(watch.id, visit.wasRefused(reading.retryAfterMs));
    return reading;
  }
  visit.wasServed();
  if (reading.kind === "failed") return reading;
  const parsed = parsePrice(reading.text, watch);
  return parsed.ok
    ? { kind: "price", price: parsed.value }
    : { kind: "failed", reason: "price", detail: parsed.error.detail };
}

type Lesson = { readonly watch: Watch; readonly learned: Learned; readonly isStopping: boolean };

function keep({ data, clock, newId }: ManagerDeps, { watch, learned, isStopping }: Lesson): Polled {
  const poll = toPoll(watch, learned, clock.now());
  // Where nothing was asked, or the asking was cut short by us, nothing was learned of the page.
  if (learned.kind !== "price" && (isStopping || UNASKED.includes(learned.reason)))
    return { poll, alert: null };
  const kept = data.keepPoll(poll, (now) => changeOf(now, poll, newId));
  return { poll, alert: kept?.alert ?? null };
}

function toPoll(watch: Watch, learned: Learned, at: number): Poll {
  const which = { watchId: watch.id, at };
  if (learned.kind === "price") {
    const verdict = judgePrice(watch, learned.price);
    if (verdict.kind !== "foreign") return { ...which, outcome: "price", price: learned.price };
    const detail = `The price is in ${learned.price.currency ?? "no named currency"}, the baseline in ${verdict.expected ?? "none"}.`;
    return { ...which, outcome: "failed", reason: "currency", detail };
  }
  if (learned.kind === "refused")
    return { ...which, outcome: "refused", reason: learned.reason, detail: learned.detail };
  return { ...which, outcome: "failed", reason: learned.reason, detail: learned.detail };
}

function changeOf(watch: Watch, poll: Poll, newId: () => string): WatchChange {
  const same: WatchChange = {
    baseline: watch.baseline,
    alertedMilli: watch.alertedMilli,
    alert: null,
  };
  if (poll.outcome !== "price") return same;
  const verdict = judgePrice(watch, poll.price);
  switch (verdict.kind) {
    case "baseline":
      return { ...same, baseline: verdict.baseline };
    case "drop": {
      const alert: Alert = {
        id: newId(),
        watchId: watch.id,
        at: poll.at,
        from: verdict.from,
        to: poll.price,
        deliveredAt: null,
        tries: 0,
      };
      return { ...same, alertedMilli: poll.price.amountMilli, alert };
    }
    case "recovered":
      return { ...same, alertedMilli: null };
    case "steady":
    case "foreign":
      return same;
  }
}

/** An alert is tried until it is taken, later each time; a receiver may get it twice, and never none without its being kept. */
async function deliverAlerts(
  { data, alerts, clock }: ManagerDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const alert of data.listUndelivered(clock.now(), LIMITS.alertTries)) {
    const watch = data.findWatch(alert.watchId);
    if (watch === null || !data.claimTry(alert, clock.now() + RETRY_FIRST_MS * 2 ** alert.tries))
      continue;
    if (await alerts.send(toNotice(watch, alert), signal))
      data.markDelivered(alert.id, clock.now());
  }
}

const toNotice = ({ id, name, url }: Watch, alert: Alert): AlertNotice => ({
  event: "price-drop",
  id: alert.id,
  at: new Date(alert.at).toISOString(),
  watch: { id, name, url },
  from: { amount: toDecimal(alert.from.amountMilli), currency: alert.from.currency },
  to: { amount: toDecimal(alert.to.amountMilli), currency: alert.to.currency },
  dropPercent: dropPercentOf(alert.from, alert.to),
});
