// The backlog of one build in memory: which cards can be worked on now, in which order, kept up to date card by card
// so that a turn costs the same with 100 cards and with 10,000. The store stays the truth; this is a view of it.
import type { Card } from "./card.ts";
import { isClosed } from "./card.ts";
import { criticalPathScores } from "./critical-path.ts";
import type { Candidate, CandidateClass } from "./decision.ts";

export type BacklogRules = {
  /** Ready cards of a seat are held back while so many of its cards are in progress. */
  readonly wipPerSeatMax: number;
  /** How many cards of the seat are in progress in other builds that its team works on in this run; absent = none. */
  readonly elsewhere?: (seat: string) => number;
};

/** Cards whose dependencies changed under them; the engine moves them through the state machine. */
export type DependencyChange = { readonly card: Card; readonly dependency: string | null };

export type Backlog = {
  readonly get: (id: string) => Card | undefined;
  /** Takes a card as the store has it now, new or changed. */
  readonly apply: (card: Card) => void;
  /** Keeps a card out of the candidates while a turn works on it or a backoff runs. */
  readonly hold: (id: string) => void;
  readonly free: (id: string) => void;
  /** The best candidates in the default order. */
  readonly candidates: (limit: number) => readonly Candidate[];
  /** Of the chosen ones those that may start together: no more ready cards of a seat than it has room for. */
  readonly admit: (chosen: readonly Candidate[]) => readonly Candidate[];
  readonly inProgress: (seat: string) => number;
  /** Ready cards that wait for something dead, and blocked ones whose dependency came alive; each named once. */
  readonly takeDependencyChanges: () => readonly DependencyChange[];
  readonly unmet: (card: Card) => readonly string[];
  /** Cards that count for completion: issues that are not orphaned. */
  readonly open: () => readonly Card[];
  readonly isFinished: () => boolean;
  readonly score: (id: string) => number;
};

const CLASS_RANK: Readonly<Record<CandidateClass, number>> = {
  review: 0,
  rework: 1,
  testing: 2,
  ready: 3,
};

const isDead = (card: Card | undefined): boolean =>
  card !== undefined &&
  (card.status === "canceled" || card.status === "archived" || card.status === "blocked");

const counts = (card: Card): boolean => card.kind === "issue" && !card.orphaned;

/** What the limit of a seat counts. An orphaned card would never come free again, and its seat with it. */
const isWork = (card: Card): boolean => counts(card) && card.status === "in_progress";

/** Best first: score, then class, then the time of creation, the place in the file, the id. */
export function compareCandidates(left: Candidate, right: Candidate): number {
  return (
    right.score - left.score ||
    CLASS_RANK[left.class] - CLASS_RANK[right.class] ||
    compareText(left.createdAt, right.createdAt) ||
    left.position - right.position ||
    compareText(left.id, right.id)
  );
}

const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;

/**
 * What the functions below share. The queues hold exactly the entries, each best first: one of the cards that are under way
 * and one of the ready cards of each seat, so that a seat without room costs nothing, however long its queue.
 */
type State = {
  readonly rules: BacklogRules;
  readonly byId: Map<string, Card>;
  readonly dependents: Map<string, Set<string>>;
  readonly held: Set<string>;
  readonly open: Set<string>;
  /** Seat → how many of its cards are in progress. */
  readonly working: Map<string, number>;
  /** Cards whose dependencies may have died or come alive. */
  readonly suspects: Set<string>;
  readonly entries: Map<string, Candidate>;
  readonly queues: Map<string, Candidate[]>;
  scores: Map<string, number>;
  /** The graph changed: scores and order are made again at the next look. */
  stale: boolean;
};

export function createBacklog(cards: readonly Card[], rules: BacklogRules): Backlog {
  const state: State = {
    rules,
    byId: new Map(),
    dependents: new Map(),
    held: new Set(),
    open: new Set(),
    working: new Map(),
    suspects: new Set(),
    entries: new Map(),
    queues: new Map(),
    scores: new Map(),
    stale: true,
  };
  for (const card of cards) apply(state, card);
  return {
    get: (id) => state.byId.get(id),
    apply: (card) => apply(state, card),
    hold: (id) => {
      state.held.add(id);
      remove(state, id);
    },
    free: (id) => {
      state.held.delete(id);
      place(state, id);
    },
    candidates: (limit) => best(state, limit),
    admit: (chosen) => admit(state, chosen),
    inProgress: (seat) => state.working.get(seat) ?? 0,
    takeDependencyChanges: () => takeDependencyChanges(state),
    unmet: (card) => unmet(state, card),
    open: () =>
      [...state.open].map((id) => state.byId.get(id)).filter((card) => card !== undefined),
    isFinished: () => state.open.size === 0,
    score: (id) => {
      if (state.stale) rebuild(state);
      return scoreOf(state, id);
    },
  };
}

const scoreOf = ({ scores }: State, id: string): number => scores.get(id) ?? 0;

const unmet = ({ byId }: State, card: Card): readonly string[] =>
  card.dependsOn.filter((id) => byId.get(id)?.status !== "done");

function classOf(state: State, card: Card): CandidateClass | null {
  if (!counts(card) || state.held.has(card.id)) return null;
  if (card.status === "code_review") return "review";
  if (card.status === "in_progress") return "rework";
  if (card.status === "ready_for_testing") return "testing";
  return card.status === "ready" && unmet(state, card).length === 0 ? "ready" : null;
}

const UNDER_WAY = "under way";

function queueOf({ queues }: State, { class: group, seat }: Candidate): Candidate[] {
  const name = group === "ready" ? `ready for ${seat ?? ""}` : UNDER_WAY;
  const known = queues.get(name);
  if (known !== undefined) return known;
  const queue: Candidate[] = [];
  queues.set(name, queue);
  return queue;
}

function remove(state: State, id: string): void {
  const entry = state.entries.get(id);
  if (entry === undefined) return;
  state.entries.delete(id);
  const queue = queueOf(state, entry);
  queue.splice(placeOf(queue, entry), 1);
}

function place(state: State, id: string): void {
  if (state.stale) return;
  remove(state, id);
  const card = state.byId.get(id);
  const group = card === undefined ? null : classOf(state, card);
  if (card === undefined || group === null) return;
  const entry = toCandidate(card, group, scoreOf(state, id));
  state.entries.set(id, entry);
  const queue = queueOf(state, entry);
  queue.splice(placeOf(queue, entry), 0, entry);
}

/** Scores and order from scratch: at the start, and when the graph itself changed. Everything else is incremental. */
function rebuild(state: State): void {
  const path = [...state.byId.values()]
    .filter(counts)
    .map((card) => ({ ...card, open: !isClosed(card.status) }));
  state.scores = criticalPathScores(path);
  state.entries.clear();
  for (const card of state.byId.values()) {
    const group = classOf(state, card);
    if (group !== null)
      state.entries.set(card.id, toCandidate(card, group, scoreOf(state, card.id)));
  }
  state.queues.clear();
  for (const entry of state.entries.values()) queueOf(state, entry).push(entry);
  for (const queue of state.queues.values()) queue.sort(compareCandidates);
  state.stale = false;
}

function track({ working, open, dependents }: State, card: Card, before: Card | undefined): void {
  if (before !== undefined && isWork(before)) count(working, before.seat, -1);
  if (isWork(card)) count(working, card.seat, 1);
  if (counts(card) && !isClosed(card.status)) open.add(card.id);
  else open.delete(card.id);
  for (const dependency of card.dependsOn) {
    const set = dependents.get(dependency) ?? new Set();
    dependents.set(dependency, set.add(card.id));
  }
}

/** A card that is done was waited for only by cards that were no candidates, so no score above it changes. */
const changesGraph = (before: Card | undefined, card: Card): boolean =>
  before === undefined ||
  before.priority !== card.priority ||
  before.orphaned !== card.orphaned ||
  before.dependsOn.join() !== card.dependsOn.join() ||
  (isClosed(before.status) !== isClosed(card.status) && card.status !== "done");

function apply(state: State, card: Card): void {
  const before = state.byId.get(card.id);
  state.byId.set(card.id, card);
  track(state, card, before);
  if (changesGraph(before, card)) state.stale = true;
  state.suspects.add(card.id);
  place(state, card.id);
  if (before?.status === card.status) return;
  for (const id of state.dependents.get(card.id) ?? []) {
    state.suspects.add(id);
    place(state, id);
  }
}

function best(state: State, limit: number): readonly Candidate[] {
  if (state.stale) rebuild(state);
  const heads = [...state.queues].flatMap(([name, queue]) =>
    name === UNDER_WAY || roomOf(state, queue[0]?.seat ?? null) > 0 ? queue.slice(0, limit) : [],
  );
  return heads.sort(compareCandidates).slice(0, limit);
}

function roomOf({ rules, working }: State, seat: string | null): number {
  const name = seat ?? "";
  return rules.wipPerSeatMax - (working.get(name) ?? 0) - (rules.elsewhere?.(name) ?? 0);
}

/** Whoever chose, the limit holds: each ready card that starts takes the room of the next one of its seat. */
function admit(state: State, chosen: readonly Candidate[]): readonly Candidate[] {
  const rooms = new Map<string | null, number>();
  return chosen.filter(({ class: group, seat }) => {
    if (group !== "ready") return true;
    const room = rooms.get(seat) ?? roomOf(state, seat);
    rooms.set(seat, room - 1);
    return room > 0;
  });
}

function takeDependencyChanges({ suspects, byId }: State): readonly DependencyChange[] {
  const changes: DependencyChange[] = [];
  for (const id of suspects) {
    const card = byId.get(id);
    if (card === undefined || !counts(card)) continue;
    const dead = card.dependsOn.find((dependency) => isDead(byId.get(dependency)));
    const waits = card.status === "blocked" && card.waitReason === "dependency";
    if (card.status === "ready" && dead !== undefined) changes.push({ card, dependency: dead });
    if (waits && dead === undefined) changes.push({ card, dependency: null });
  }
  suspects.clear();
  return changes;
}

const toCandidate = (card: Card, group: CandidateClass, score: number): Candidate =>
  Object.freeze({
    id: card.id,
    kind: card.kind,
    type: card.type,
    status: card.status,
    seat: card.seat,
    priority: card.priority,
    cycle: card.cycle,
    retryCount: card.retryCount,
    createdAt: card.createdAt,
    position: card.position,
    class: group,
    score,
  });

/** Where the entry is or belongs; the order is total, so this is exact. */
function placeOf(order: readonly Candidate[], entry: Candidate): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = order[middle];
    if (other !== undefined && compareCandidates(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function count(map: Map<string, number>, key: string | null, by: number): void {
  const name = key ?? "";
  map.set(name, (map.get(name) ?? 0) + by);
}
