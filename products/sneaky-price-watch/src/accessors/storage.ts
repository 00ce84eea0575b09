// The database of watches, polls, alerts and hosts. Several processes may share its file: whoever changes something reads it
// again within the transaction that changes it. Without a file it is kept in memory and ends with the program.
import type { Alert, HostState, Poll } from "../schemas/poll.ts";
import type { Price } from "../schemas/price.ts";
import type { Watch } from "../schemas/watch.ts";
import { newWatchSchema } from "../schemas/watch.ts";
import type { Database, Row } from "./database.ts";
import { number, numberOrNull, openDatabase, text, textOrNull } from "./database.ts";

/** Older ones go: two months of a poll each quarter of an hour. */
const POLLS_MAX = 6000;
const ALERTS_SHOWN_MAX = 100;

/** What a poll changes of its watch, beside being kept. */
export type WatchChange = {
  readonly baseline: Price | null;
  readonly alertedMilli: number | null;
  readonly alert: Alert | null;
};

export type Storage = ReturnType<typeof openStorage>;

/** `path` null keeps everything in memory. */
export function openStorage(path: string | null) {
  const db = openDatabase(path);
  return {
    ...watchTable(db),
    ...pollTable(db),
    ...alertTable(db),
    ...hostTable(db),
    close: (): void => db.close(),
  };
}

const findRow = ({ all }: Database, id: string): Watch | null =>
  all("SELECT * FROM watches WHERE id = ?", [id]).map(readWatch)[0] ?? null;

const watchTable = (db: Database) => {
  const { all, run } = db;
  return {
    findWatch: (id: string): Watch | null => findRow(db, id),
    listWatches: (): readonly Watch[] =>
      all("SELECT * FROM watches ORDER BY added_at, id").map(readWatch),
    /** False when there are as many as there may be. */
    addWatch: (watch: Watch, watchesMax: number): boolean => {
      const { id, name, addedAt, dueAt, baseline: _none, alertedMilli: _never, ...request } = watch;
      return run(
        `INSERT INTO watches (id, name, request, added_at, due_at)
         SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM watches) < ?`,
        [id, name, JSON.stringify(request), addedAt, dueAt, watchesMax],
      );
    },
    removeWatch: (id: string): boolean => run("DELETE FROM watches WHERE id = ?", [id]),
    /** Takes the poll of a watch that is due: of several processes that want it, one gets true. */
    claimWatch: (watch: Watch, nextDueAt: number): boolean =>
      run("UPDATE watches SET due_at = ? WHERE id = ? AND due_at = ?", [
        nextDueAt,
        watch.id,
        watch.dueAt,
      ]),
    hastenWatch: (id: string, dueAt: number): boolean =>
      run("UPDATE watches SET due_at = min(due_at, ?) WHERE id = ?", [dueAt, id]),
    postponeWatch: (id: string, dueAt: number): boolean =>
      run("UPDATE watches SET due_at = max(due_at, ?) WHERE id = ?", [dueAt, id]),
  };
};

const pollTable = (db: Database) => {
  const { all, run, transaction } = db;
  return {
    /** Keeps a poll with what it changes, all or nothing. `change` sees the watch as it is now; a watch that is gone keeps none. */
    keepPoll: (poll: Poll, change: (watch: Watch) => WatchChange): WatchChange | null =>
      transaction(() => {
        const watch = findRow(db, poll.watchId);
        if (watch === null) return null;
        const changed = change(watch);
        const { amountMilli, currency } =
          poll.outcome === "price" ? poll.price : { amountMilli: null, currency: null };
        const { reason, detail } = poll.outcome === "price" ? { reason: null, detail: null } : poll;
        run(
          "INSERT INTO polls (watch_id, at, outcome, amount_milli, currency, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
          [poll.watchId, poll.at, poll.outcome, amountMilli, currency, reason, detail],
        );
        run(
          "DELETE FROM polls WHERE watch_id = ?1 AND seq <= (SELECT seq FROM polls WHERE watch_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
          [poll.watchId, POLLS_MAX],
        );
        const { baseline, alert } = changed;
        run(
          "UPDATE watches SET baseline_milli = ?, baseline_currency = ?, alerted_milli = ? WHERE id = ?",
          [
            baseline?.amountMilli ?? null,
            baseline?.currency ?? null,
            changed.alertedMilli,
            watch.id,
          ],
        );
        if (alert !== null)
          run(
            "INSERT INTO alerts (id, watch_id, at, from_milli, to_milli, currency, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
              alert.id,
              watch.id,
              alert.at,
              alert.from.amountMilli,
              alert.to.amountMilli,
              alert.to.currency,
              alert.at,
            ],
          );
        return changed;
      }),
    /** The newest, oldest of them first. */
    listPolls: (watchId: string, count: number): readonly Poll[] =>
      all("SELECT * FROM polls WHERE watch_id = ? ORDER BY seq DESC LIMIT ?", [watchId, count])
        .map(readPoll)
        .toReversed(),
  };
};

const alertTable = ({ all, run }: Database) => ({
  listAlerts: (watchId: string): readonly Alert[] =>
    all("SELECT * FROM alerts WHERE watch_id = ? ORDER BY at DESC, id LIMIT ?", [
      watchId,
      ALERTS_SHOWN_MAX,
    ])
      .map(readAlert)
      .toReversed(),
  listUndelivered: (now: number, triesMax: number): readonly Alert[] =>
    all(
      "SELECT * FROM alerts WHERE delivered_at IS NULL AND next_try_at <= ? AND tries < ? ORDER BY at LIMIT 20",
      [now, triesMax],
    ).map(readAlert),
  /** False when another process has tried in the meantime. */
  claimTry: ({ id, tries }: Alert, nextTryAt: number): boolean =>
    run(
      "UPDATE alerts SET tries = tries + 1, next_try_at = ? WHERE id = ? AND tries = ? AND delivered_at IS NULL",
      [nextTryAt, id, tries],
    ),
  markDelivered: (id: string, at: number): boolean =>
    run("UPDATE alerts SET delivered_at = ? WHERE id = ?", [at, id]),
});

const hostTable = ({ all, run, transaction }: Database) => {
  const readHost = (host: string): HostState =>
    all("SELECT * FROM hosts WHERE host = ?", [host]).map(readHostRow)[0] ?? {
      freeAt: 0,
      restsUntil: 0,
      refusals: 0,
    };
  return {
    readHost,
    /** Reads and changes what is known of a host, all or nothing. */
    changeHost: (host: string, change: (state: HostState) => HostState): HostState =>
      transaction(() => {
        const state = change(readHost(host));
        run(
          "INSERT OR REPLACE INTO hosts (host, free_at, rests_until, refusals) VALUES (?, ?, ?, ?)",
          [host, state.freeAt, state.restsUntil, state.refusals],
        );
        return state;
      }),
  };
};

function readWatch(row: Row): Watch {
  const baselineMilli = numberOrNull(row, "baseline_milli");
  return {
    ...newWatchSchema.parse(JSON.parse(text(row, "request"))),
    id: text(row, "id"),
    name: text(row, "name"),
    addedAt: number(row, "added_at"),
    dueAt: number(row, "due_at"),
    baseline:
      baselineMilli === null
        ? null
        : { amountMilli: baselineMilli, currency: textOrNull(row, "baseline_currency") },
    alertedMilli: numberOrNull(row, "alerted_milli"),
  };
}

function readPoll(row: Row): Poll {
  const kept = { watchId: text(row, "watch_id"), at: number(row, "at") };
  const outcome = text(row, "outcome");
  if (outcome === "price")
    return {
      ...kept,
      outcome,
      price: { amountMilli: number(row, "amount_milli"), currency: textOrNull(row, "currency") },
    };
  const why = { reason: text(row, "reason"), detail: text(row, "detail") };
  return { ...kept, outcome, ...why } as Poll;
}

const readAlert = (row: Row): Alert => ({
  id: text(row, "id"),
  watchId: text(row, "watch_id"),
  at: number(row, "at"),
  from: { amountMilli: number(row, "from_milli"), currency: textOrNull(row, "currency") },
  to: { amountMilli: number(row, "to_milli"), currency: textOrNull(row, "currency") },
  deliveredAt: numberOrNull(row, "delivered_at"),
  tries: number(row, "tries"),
});

const readHostRow = (row: Row): HostState => ({
  freeAt: number(row, "free_at"),
  restsUntil: number(row, "rests_until"),
  refusals: number(row, "refusals"),
});
