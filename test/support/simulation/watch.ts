// Watches a simulated project from the side, by SQL of its own: what must hold after each step, whatever happened. It shares
// no code with what it judges but the table of moves and the words of the domain.
import type { DatabaseSync } from "node:sqlite";
import { MOVE_TABLES } from "../../../src/domain/card-moves.ts";
import type { CardKind, CardStatus } from "../../../src/domain/card.ts";
import type { Fence } from "../../../src/ports/store.ts";
import type { ModelRequest } from "../../../src/ports/model.ts";
import type { LoggedSeqs } from "./build-logs.ts";
import { TOKENS_OF_A_REPLY } from "./model.ts";
import type { SimulatedProcess } from "./scheduler.ts";

type Data = Readonly<Record<string, unknown>>;

export type Row = {
  readonly seq: number;
  readonly type: string;
  readonly run: string | null;
  readonly build: string | null;
  readonly card: string | null;
  readonly turn: string | null;
  readonly actor: string;
  readonly data: Data;
};

export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.name = "Violation";
    this.rule = rule;
  }
}

type KnownCard = {
  readonly kind: CardKind;
  status: CardStatus;
  /** Times it was done since it was last restarted. */
  done: number;
  readonly authors: Set<string>;
};

type KnownRun = {
  readonly builds: readonly string[];
  readonly kind: string;
  readonly card: string;
  epoch: number;
  /** Set while nobody works on it; only what others do to it is written then. */
  ended: boolean;
  final: string | null;
  tokens: number;
  tokensMax: number | null;
  turns: number;
  turnsMax: number | null;
};

export type Known = {
  /** Types of events that were seen. */
  readonly types: Set<string>;
  readonly cards: Map<string, KnownCard>;
  readonly runs: Map<string, KnownRun>;
  readonly liveTurns: Map<string, string>;
  readonly finishedCalls: Set<string>;
  readonly storedReplies: Set<string>;
  /** By build, card and seat. */
  readonly replies: Map<string, number>;
  readonly concurrency: number;
};

export type Lease = {
  readonly owner: string | null;
  readonly epoch: number;
  readonly lease_until_ms: number | null;
};

export type Watch = {
  readonly known: Known;
  /** Reads what was written since the last look. */
  readonly look: () => void;
  readonly lease: (run: string) => Lease | null;
  /** What is wrong with a write that carries this fence, at the moment it writes. */
  readonly judgeFence: (fence: Fence) => Violation | null;
  /** Something was seen where it cannot be thrown; the next look throws it. */
  readonly report: (violation: Violation) => void;
  readonly noteOwner: (process: SimulatedProcess, fence: Fence) => void;
  /** Called when a process is about to change files or to ask a model. */
  readonly judgeWork: (process: SimulatedProcess) => void;
  readonly onAsk: (process: SimulatedProcess, request: ModelRequest) => void;
  readonly checkEnd: (logs: LoggedSeqs) => void;
};

const keyOf = (build: string | null, card: string | null): string => `${build}/${card}`;

export type WatchOptions = {
  readonly database: DatabaseSync;
  readonly concurrency: number;
  /** Gets a line on each event. */
  readonly tell: (line: string) => void;
};

export function createWatch({ database, concurrency, tell }: WatchOptions): Watch {
  const known: Known = {
    types: new Set(),
    cards: new Map(),
    runs: new Map(),
    liveTurns: new Map(),
    finishedCalls: new Set(),
    storedReplies: new Set(),
    replies: new Map(),
    concurrency,
  };
  const events = database.prepare(
    "SELECT seq, type, run, build, card, turn, actor, data FROM events WHERE seq > ? ORDER BY seq",
  );
  const leases = database.prepare("SELECT owner, epoch, lease_until_ms FROM runs WHERE id = ?");
  const kinds = database.prepare("SELECT kind FROM cards WHERE build = ? AND id = ?");
  let seen = 0;
  let reported: Violation | null = null;
  const report = (violation: Violation): void => {
    reported ??= violation;
  };

  const kindOf = (build: string, card: string): CardKind =>
    (kinds.get(build, card)?.["kind"] ?? "issue") as CardKind;
  const lease = (run: string): Lease | null =>
    (leases.get(run) as unknown as Lease | undefined) ?? null;

  const look = (): void => {
    if (reported !== null) throw reported;
    for (const stored of events.all(seen)) {
      const row = { ...stored, data: JSON.parse(String(stored["data"])) as Data } as Row;
      if (row.seq !== seen + 1) throw new Violation("event-gap", `${row.seq} follows ${seen}`);
      seen = row.seq;
      known.types.add(row.type);
      tell(lineOf(row));
      if (row.type === "card-created") {
        const { build, card } = row;
        const kind = kindOf(String(build), String(card));
        const status = card?.endsWith("-requirements") === true ? "blocked" : "ready";
        known.cards.set(keyOf(build, card), { kind, status, done: 0, authors: new Set() });
      }
      for (const check of CHECKS[row.type] ?? []) check(known, row);
      checkRun(known, row);
    }
  };

  const owned = new Map<SimulatedProcess, Fence>();
  /** One that lost its run cannot know; one that gave it back can. */
  const judgeWork = (process: SimulatedProcess): void => {
    const fence = owned.get(process);
    const now = fence === undefined ? null : lease(fence.run);
    if (now !== null && now.epoch === fence?.epoch && now.owner === null)
      report(new Violation("worked-after-the-end", `${process.name} for ${fence.run}`));
  };

  return {
    known,
    look,
    noteOwner: (process, fence) => void owned.set(process, fence),
    judgeWork,
    lease,
    judgeFence: ({ run, epoch }) => {
      const now = lease(run)?.epoch;
      if (now === epoch) return null;
      return new Violation("fence", `a write of ${run} with epoch ${epoch}; it is at ${now}`);
    },
    report,
    onAsk: (process, { origin }) => {
      judgeWork(process);
      if (lease(origin.run)?.owner !== process.name) return;
      const builds = known.runs.get(origin.run)?.builds ?? [];
      const build = builds.find((one) => known.cards.has(keyOf(one, origin.card))) ?? null;
      const stored = known.replies.get(`${keyOf(build, origin.card)}/${origin.seat}`) ?? 0;
      if (origin.seatReplies < stored)
        report(
          new Violation(
            "asked-again",
            `${origin.seat} on ${origin.card}: reply ${origin.seatReplies + 1} is stored already`,
          ),
        );
    },
    checkEnd: (logs) => {
      checkTables(database, known);
      checkLogs(database, logs);
    },
  };
}

/** Short facts of an event; what is long stands in the database. */
function lineOf({ seq, type, card, run, turn, data }: Row): string {
  const facts = ["from", "to", "cause", "tool", "status", "reason", "epoch", "detail"]
    .filter((name) => data[name] !== undefined)
    .map((name) => `${name}=${String(data[name]).slice(0, 60)}`);
  return `  event ${seq} ${type} ${card ?? run ?? ""} ${turn ?? ""} ${facts.join(" ")}`.trimEnd();
}

type Check = (known: Known, row: Row) => void;

const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  "run-queued": [noteRun],
  "run-started": [checkEpoch],
  "run-continued": [checkEpoch],
  "card-moved": [checkMove],
  "turn-started": [checkTurnStart],
  "turn-finished": [endTurn],
  "turn-failed": [endTurn],
  "model-called": [checkReply],
  "tool-finished": [checkCall],
  "run-ended": [checkEnded],
  "run-paused": [checkReason],
};

function noteRun({ runs }: Known, { run, data }: Row): void {
  runs.set(String(run), {
    builds: data["builds"] as readonly string[],
    kind: String(data["kind"]),
    card: String(data["card"]),
    epoch: 0,
    ended: false,
    final: null,
    tokens: 0,
    tokensMax: null,
    turns: 0,
    turnsMax: null,
  });
}

function checkEpoch({ runs }: Known, { run, data }: Row): void {
  const known = runOf(runs, run);
  const epoch = Number(data["epoch"]);
  if (epoch <= known.epoch)
    throw new Violation("epoch", `${run} has a new owner at ${epoch} after ${known.epoch}`);
  known.epoch = epoch;
  const budget = data["budget"] as { tokensMax: number | null; turnsMax: number | null };
  known.tokensMax = budget.tokensMax;
  known.turnsMax = budget.turnsMax;
}

function runOf(runs: Known["runs"], run: string | null): KnownRun {
  const known = runs.get(String(run));
  if (known === undefined) throw new Violation("unknown-run", String(run));
  return known;
}

/** Nothing is written for a run that is over. */
function checkRun({ runs }: Known, { run, type, data, seq }: Row): void {
  if (run === null) return;
  const known = runOf(runs, run);
  if (known.final !== null && !LAST_WORDS.has(type))
    throw new Violation("written-after-the-end", `${run} is ${known.final}; event ${seq} ${type}`);
  if (known.ended && OF_A_WORKING_RUN.has(type))
    throw new Violation("written-after-the-end", `${run} has ended; event ${seq} ${type}`);
  if (type === "run-ended" || type === "run-paused") known.ended = true;
  if (type === "run-started" || type === "run-continued") known.ended = false;
  const status = String(data["status"]);
  if (type === "run-ended" && (status === "done" || status === "canceled")) known.final = status;
}

/** What only its own process writes. */
const OF_A_WORKING_RUN: ReadonlySet<string> = new Set([
  "turn-started",
  "turn-finished",
  "model-called",
  "model-retried",
  "tool-called",
  "tool-finished",
  "tool-denied",
]);

/** Written in the transaction that ends the run, after the end itself. */
const LAST_WORDS: ReadonlySet<string> = new Set(["run-succeeded", "issue-run-resolved"]);

function checkMove({ cards }: Known, { build, card, actor, data, seq }: Row): void {
  const known = cards.get(keyOf(build, card));
  const move = { from: data["from"] as CardStatus, to: data["to"] as CardStatus };
  const words = `event ${seq}: ${card} ${move.from} -> ${move.to} by ${actor}`;
  if (known === undefined) throw new Violation("unknown-card", words);
  if (known.status !== move.from)
    throw new Violation("skipped-state", `${words}, but it was ${known.status}`);
  const restarted = data["cause"] === "restart" && move.to === "ready";
  if (!restarted && MOVE_TABLES[known.kind][move.from]?.[move.to] === undefined)
    throw new Violation("no-such-edge", words);
  known.status = move.to;
  if (restarted) {
    known.done = 0;
    known.authors.clear();
  }
  if (move.to !== "done" || known.kind !== "issue") return;
  known.done += 1;
  if (known.done > 1) throw new Violation("done-twice", words);
  const seat = actor.replace(/^agent:/, "");
  if (known.authors.has(seat)) throw new Violation("own-work-approved", words);
  known.authors.clear();
}

function checkTurnStart({ liveTurns, runs }: Known, { run, build, card, turn }: Row): void {
  const known = runOf(runs, run);
  known.turns += 1;
  if (known.turnsMax !== null && known.turns > known.turnsMax)
    throw new Violation("turn-budget", `${run} started turn ${known.turns} of ${known.turnsMax}`);
  const other = liveTurns.get(keyOf(build, card));
  if (other !== undefined)
    throw new Violation("two-live-turns", `${turn} on ${card} while ${other} is live`);
  liveTurns.set(keyOf(build, card), String(turn));
}

function endTurn({ liveTurns }: Known, { build, card, turn, seq }: Row): void {
  if (liveTurns.get(keyOf(build, card)) !== turn)
    throw new Violation("turn-ended-twice", `event ${seq}: ${turn} on ${card} is not live`);
  liveTurns.delete(keyOf(build, card));
}

function checkReply(known: Known, { run, build, card, turn, actor, data, seq }: Row): void {
  const reply = `${turn}/${String(data["step"])}`;
  if (known.storedReplies.has(reply)) throw new Violation("reply-twice", `event ${seq}: ${reply}`);
  known.storedReplies.add(reply);
  const seat = `${keyOf(build, card)}/${actor.replace(/^agent:/, "")}`;
  known.replies.set(seat, (known.replies.get(seat) ?? 0) + 1);
  const spender = runOf(known.runs, run);
  const beyond = (spender.tokensMax ?? Infinity) + (known.concurrency - 1) * TOKENS_OF_A_REPLY;
  if (spender.tokens >= beyond)
    throw new Violation(
      "token-budget",
      `${run} had spent ${spender.tokens} of ${spender.tokensMax}`,
    );
  spender.tokens += Number(data["inputTokens"]) + Number(data["outputTokens"]);
}

function checkCall({ finishedCalls, cards }: Known, row: Row): void {
  const { build, card, turn, actor, data, seq } = row;
  const call = `${turn}/${String(data["call"])}`;
  if (finishedCalls.has(call)) throw new Violation("call-twice", `event ${seq}: ${call}`);
  finishedCalls.add(call);
  if (data["path"] === undefined) return;
  cards.get(keyOf(build, card))?.authors.add(actor.replace(/^agent:/, ""));
}

function checkReason(_: unknown, { run, data }: Row): void {
  if (typeof data["reason"] !== "string") throw new Violation("no-reason", `${run} ended without`);
}

function checkEnded({ runs, cards, liveTurns }: Known, row: Row): void {
  const { run, data } = row;
  checkReason(null, row);
  const known = runOf(runs, run);
  if (data["reason"] === "internal" && !String(data["detail"]).startsWith("WORKSPACE_FAILED"))
    throw new Violation("internal", `${run}: ${String(data["detail"])}`);
  if (data["status"] !== "done") return;
  for (const [key, card] of cards) {
    const build = known.builds.find((one) => key.startsWith(`${one}/`));
    if (build === undefined || card.kind !== "issue") continue;
    if (known.kind === "issue" && key !== keyOf(build, known.card)) continue;
    if (!["done", "canceled", "archived"].includes(card.status))
      throw new Violation("done-too-early", `${run} is done, ${key} is ${card.status}`);
    if (liveTurns.has(key)) throw new Violation("done-too-early", `${run}: ${key} has a live turn`);
  }
}

/** Each log is the beginning of what the table has of its build. */
function checkLogs(database: DatabaseSync, logs: LoggedSeqs): void {
  const stored = database.prepare("SELECT seq FROM events WHERE build = ? ORDER BY seq LIMIT ?");
  for (const [build, seqs] of logs) {
    const rows = stored.all(build, seqs.length).map((row) => row["seq"]);
    if (rows.join() !== seqs.join())
      throw new Violation("build-log", `${build} has ${seqs.join()}, the table ${rows.join()}`);
  }
}

/** What the tables say must be what the events told. */
function checkTables(database: DatabaseSync, { cards, runs }: Known): void {
  for (const card of database.prepare("SELECT build, id, status FROM cards").all()) {
    const key = keyOf(String(card["build"]), String(card["id"]));
    const told = cards.get(key)?.status;
    if (told !== card["status"])
      throw new Violation(
        "tables-and-events",
        `${key} is ${String(card["status"])}, told: ${told}`,
      );
  }
  const columns = "id, status, reason, turns, owner, input_tokens + output_tokens AS tokens";
  for (const run of database.prepare(`SELECT ${columns} FROM runs`).all()) {
    const told = runOf(runs, String(run["id"]));
    if (told.tokens !== run["tokens"] || told.turns !== run["turns"])
      throw new Violation("tables-and-events", `${String(run["id"])} counts otherwise than told`);
    if (run["owner"] !== null && run["status"] !== "running")
      throw new Violation("owner-left", `${String(run["id"])} is ${String(run["status"])}`);
    if (run["reason"] === null) throw new Violation("no-reason", String(run["id"]));
  }
  const open = "SELECT id FROM turns WHERE status = 'live'";
  for (const turn of database.prepare(open).all())
    throw new Violation("live-turn-left", String(turn["id"]));
  const lost =
    "SELECT c.build, c.id, f.path FROM card_files f JOIN cards c ON c.build = f.build AND c.id_key = lower(f.card) " +
    "WHERE c.status = 'done' AND f.committed = 0";
  for (const file of database.prepare(lost).all())
    throw new Violation("work-not-committed", `${String(file["id"])}: ${String(file["path"])}`);
}
