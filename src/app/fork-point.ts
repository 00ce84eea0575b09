// What a build was like right after one of its turns, read out of the log, the journal and the history; nothing is written.
import type { Card, CardBrief } from "../domain/card.ts";
import type { CardState } from "../domain/card-history.ts";
import { cardsAfter } from "../domain/card-history.ts";
import { EngineError } from "../domain/errors.ts";
import type { Event } from "../domain/events.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import type { Turn } from "../domain/turn.ts";
import type { Build, Comment, StoreTransaction } from "../ports/store.ts";
import type { RunSnapshot } from "./start-run.ts";
import { TOOLS } from "./tools/catalogue.ts";
import { allEvents, turnsInOrder } from "./turn-numbers.ts";

export type ForkPoint = {
  readonly run: Run;
  readonly turn: string;
  readonly snapshot: RunSnapshot;
  /** The last event of the turn: the moment that is meant. */
  readonly seq: number;
  readonly builds: readonly PastBuild[];
};

export type PastBuild = {
  readonly id: string;
  /** Null for one that was not begun by then, and for the place of a rock's own card, which is no build. */
  readonly row: Build | null;
  readonly cards: readonly PastCard[];
  readonly turns: readonly PastTurn[];
};

export type PastCard = {
  readonly card: Card;
  readonly state: CardState;
  readonly brief: CardBrief;
  readonly comments: readonly Comment[];
};

/** `paths` are those that it wrote and that a commit of that time holds. */
export type PastTurn = { readonly turn: Turn; readonly paths: readonly string[] };

const ALL = Number.MAX_SAFE_INTEGER;

/** `number` is that of `runs show`. */
export async function readForkPoint(
  transaction: StoreTransaction,
  { run: id, number }: { readonly run: string; readonly number: number },
): Promise<Result<ForkPoint>> {
  const { runs, turns, events } = transaction;
  const run = await runs.get(id);
  if (run === null)
    return refuse("RUN_UNKNOWN", `No run has the id ${id}. See them with: orket runs`, { run: id });
  const order = await turnsInOrder(events, id);
  const turn = await turns.get(order[number - 1] ?? "");
  if (turn === null) {
    const message = `Run ${id} has ${order.length} turns, and none with the number ${number}. See them with: orket runs show ${id}`;
    return refuse("TURN_UNKNOWN", message, { run: id, turns: order.length });
  }
  if (turn.status === "live") {
    const message = `Turn ${number} of run ${id} has not ended; a run is forked from a turn that has.`;
    return refuse("TURN_STATE", message, { run: id, turn: turn.id });
  }
  const snapshot = (await runs.snapshot(id)) as unknown as RunSnapshot | null;
  if (snapshot === null) throw new EngineError("STORE_CORRUPT", `Run ${id} has no snapshot.`);
  const own = await allEvents(events, { run: id, card: turn.card });
  const seq = own.findLast((event) => event.turn === turn.id)?.seq ?? 0;
  const builds: PastBuild[] = [];
  for (const build of buildsOf(snapshot)) {
    const past = await readBuild(transaction, build, seq);
    if (!past.ok) return past;
    builds.push(past.value);
  }
  return ok({ run, turn: turn.id, snapshot, seq, builds });
}

/** A rock's own card lies beside the builds of its epics. */
const buildsOf = ({ target }: RunSnapshot): readonly string[] => [
  ...new Set([
    ...(target.rock === null ? [] : [target.rock]),
    ...target.entries.map((entry) => entry.build),
  ]),
];

async function readBuild(
  transaction: StoreTransaction,
  id: string,
  seq: number,
): Promise<Result<PastBuild>> {
  const events = await allEvents(transaction.events, { build: id, before: seq + 1 });
  const open = await openTurns(transaction, id, events);
  const states = cardsAfter(events, (turn) => !open.has(turn));
  if (!states.ok) return states;
  const all = await transaction.turns.list({ build: id, limit: ALL });
  const turns = all.filter((turn) => !open.has(turn.id));
  const cards: PastCard[] = [];
  for (const [cardId, state] of states.value)
    cards.push(await readCard(transaction, { build: id, cardId, state, open }));
  const row = cards.length === 0 ? null : await transaction.runs.build(id);
  return ok({ id, row, cards, turns: await withPaths(transaction, turns) });
}

/** Those that had not ended by then. What came with the build when it was forked itself has no events in it. */
async function openTurns(
  { events: log }: StoreTransaction,
  build: string,
  events: readonly Event[],
): Promise<ReadonlySet<string>> {
  const ended = new Set(
    events
      .filter(({ type }) => type === "turn-finished" || type === "turn-failed")
      .map((event) => event.turn),
  );
  const started = await allEvents(log, { build, types: ["turn-started"] });
  return new Set(
    started.flatMap(({ turn }) => (turn === undefined || ended.has(turn) ? [] : [turn])),
  );
}

type CardQuestion = {
  readonly build: string;
  readonly cardId: string;
  readonly state: CardState;
  readonly open: ReadonlySet<string>;
};

async function readCard(
  { cards, comments }: StoreTransaction,
  { build, cardId, state, open }: CardQuestion,
): Promise<PastCard> {
  const card = await cards.get(build, cardId);
  const brief = await cards.brief(build, cardId);
  if (card === null || brief === null)
    throw new EngineError("STORE_CORRUPT", `The log names card ${cardId}, which is not stored.`);
  let spoken = 0;
  const kept = (await comments.list(build, card.id, ALL)).filter(({ turn }) => {
    if (turn !== null) return !open.has(turn);
    spoken += 1;
    return spoken <= state.spoken;
  });
  return { card, state, brief, comments: kept };
}

/** A commit of a card takes with it whatever its turns had written before. */
async function withPaths(
  { turns }: StoreTransaction,
  all: readonly Turn[],
): Promise<readonly PastTurn[]> {
  const committed = new Map<string, number>();
  for (const { card, number, commit } of all)
    if (commit !== null) committed.set(card, Math.max(number, committed.get(card) ?? 0));
  const past: PastTurn[] = [];
  for (const turn of all) {
    const isKept = turn.number <= (committed.get(turn.card) ?? 0);
    const results = isKept ? await turns.steps(turn.id) : [];
    past.push({ turn, paths: results.flatMap(pathsOf) });
  }
  return past;
}

type StoredStep = Awaited<ReturnType<StoreTransaction["turns"]["steps"]>>[number];

const pathsOf = ({ calls, results }: StoredStep): readonly string[] =>
  results.flatMap(({ callId, result }) => {
    const tool = TOOLS.get(calls.find((call) => call.id === callId)?.tool ?? "");
    const path = result?.ok === true && tool?.path?.access === "write" ? result["path"] : null;
    return typeof path === "string" ? [path] : [];
  });
