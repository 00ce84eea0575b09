// The board as the page holds it: every card once, with where it belongs, and how events change it.
import { getJson } from "../../api/http.ts";
import type {
  Board,
  BoardEpic,
  BoardIssue,
  RunPage,
  TurnPage,
  WireEvent,
} from "../../api/types.ts";

/** A live turn, as far as events told of it. */
export type LiveTurn = {
  readonly id: string;
  readonly seat: string;
  /** The call in hand; null between calls. */
  readonly tool: string | null;
};

export type BoardCard = BoardIssue & {
  /** Of the build and the card: a card is identified by both. */
  readonly key: string;
  readonly department: string;
  readonly rock: string | null;
  readonly epic: string | null;
  readonly turn: LiveTurn | null;
};

export type BoardData = Pick<Board, "sprint" | "alerts" | "asOfSeq"> & {
  readonly cards: readonly BoardCard[];
  readonly epics: readonly EpicPlace[];
};

/** Where an epic stands in the tree; its cards name it. */
export type EpicPlace = Pick<BoardEpic, "id" | "name" | "department" | "status" | "build"> & {
  readonly rock: { readonly id: string; readonly name: string } | null;
};

export async function loadBoard(signal: AbortSignal): Promise<BoardData> {
  const [board, turns] = await Promise.all([
    getJson<Board>("/v1/system/board", { signal }),
    loadLiveTurns(signal),
  ]);
  const data = toData(board);
  const cards = data.cards.map((card) => ({ ...card, turn: turns.live.get(card.key) ?? null }));
  // What is older of the two says from where events go on; those that come twice change nothing.
  return { ...data, cards, asOfSeq: Math.min(data.asOfSeq, turns.asOfSeq) };
}

type LiveTurns = { readonly live: ReadonlyMap<string, LiveTurn>; readonly asOfSeq: number };

/** Of the runs that are under way; an older one is not. */
async function loadLiveTurns(signal: AbortSignal): Promise<LiveTurns> {
  const params = { status: "running" };
  const { runs, asOfSeq } = await getJson<RunPage>("/v1/runs", { params, signal });
  const pages = await Promise.all(
    runs.map(async ({ id }) =>
      getJson<TurnPage>(`/v1/runs/${encodeURIComponent(id)}/turns`, { signal }),
    ),
  );
  const live = pages
    .flatMap(({ turns }) => turns.filter(({ status }) => status === "live"))
    .map(({ id, build, card, seat }) => [keyOf(build, card), { id, seat, tool: null }] as const);
  return { live: new Map(live), asOfSeq: Math.min(asOfSeq, ...pages.map((page) => page.asOfSeq)) };
}

export function toData({ rocks, orphaned_epics, orphaned_issues, ...board }: Board): BoardData {
  const placed = [
    ...rocks.flatMap((rock) => rock.epics.map((epic) => ({ epic, rock }))),
    ...orphaned_epics.map((epic) => ({ epic, rock: null })),
  ];
  const epics = placed.map(({ epic: { id, name, department, status, build }, rock }) => ({
    id,
    name,
    department,
    status,
    build,
    rock: rock === null ? null : { id: rock.id, name: rock.name },
  }));
  const cards = placed.flatMap(({ epic, rock }) =>
    epic.issues.map((issue) =>
      toCard(issue, { epic: epic.id, rock: rock?.id ?? null, department: epic.department }),
    ),
  );
  const loose = orphaned_issues.map((issue) =>
    toCard(issue, { epic: null, rock: null, department: "" }),
  );
  const { sprint, alerts, asOfSeq } = board;
  return { sprint, alerts, asOfSeq, epics, cards: [...cards, ...loose] };
}

type Place = Pick<BoardCard, "epic" | "rock" | "department">;

const toCard = (issue: BoardIssue, place: Place): BoardCard => ({
  ...issue,
  ...place,
  key: keyOf(issue.build, issue.id),
  turn: null,
});

export const keyOf = (build: string | null, id: string): string => `${build ?? ""}:${id}`;

/** Change what the board shows in a way that its events do not spell out. */
const RELOADS: ReadonlySet<string> = new Set([
  "card-created",
  "card-archived",
  "card-orphaned",
  "card-redefined",
  "plan-applied",
  "phase-started",
  "phase-completed",
]);

/** A whole burst at once: the list is copied only once, and only when something on it changed. */
export function applyToBoard(data: BoardData, events: readonly WireEvent[]): BoardData | "reload" {
  if (events.some(({ type }) => RELOADS.has(type))) return "reload";
  const concerned = events.filter(({ card }) => card !== null);
  if (concerned.length === 0) return data;
  const changed = new Map<string, BoardCard>();
  const places = placesOf(data.cards);
  for (const event of concerned) {
    const key = keyOf(event.build, event.card ?? "");
    const at = places.get(key);
    const card = changed.get(key) ?? (at === undefined ? undefined : data.cards[at]);
    // A card of a file that was just stored, or one that is not on the board.
    if (card === undefined) continue;
    const next = afterEvent(card, event);
    if (next !== card) changed.set(key, next);
  }
  if (changed.size === 0) return data;
  const cards = data.cards.slice();
  for (const [key, card] of changed) cards[places.get(key) ?? 0] = card;
  return { ...data, cards };
}

const known = new WeakMap<readonly BoardCard[], ReadonlyMap<string, number>>();

/** Looked up once for each list, however many bursts come. */
function placesOf(cards: readonly BoardCard[]): ReadonlyMap<string, number> {
  const found = known.get(cards) ?? new Map(cards.map(({ key }, at) => [key, at]));
  known.set(cards, found);
  return found;
}

export function afterEvent(card: BoardCard, { type, data, turn, at }: WireEvent): BoardCard {
  if (type === "card-moved") return moved(card, data, at);
  if (type === "turn-started" && turn !== null)
    return { ...card, turn: { id: turn, seat: textOf(data["seat"]) ?? "", tool: null } };
  if (card.turn === null || card.turn.id !== turn) return card;
  if (type === "tool-called")
    return { ...card, turn: { ...card.turn, tool: textOf(data["tool"]) } };
  if (type === "tool-finished") return { ...card, turn: { ...card.turn, tool: null } };
  if (type === "turn-finished" || type === "turn-failed") return { ...card, turn: null };
  return card;
}

function moved(card: BoardCard, data: WireEvent["data"], at: string): BoardCard {
  const { to, verified, cycle } = data;
  return {
    ...card,
    status: (textOf(to) ?? card.status) as BoardCard["status"],
    waitReason: textOf(data["waitReason"]) as BoardCard["waitReason"],
    waitDetail: textOf(data["waitDetail"]),
    since: at,
    ...(typeof verified === "boolean" ? { verified } : {}),
    ...(typeof cycle === "number" ? { cycle } : {}),
  };
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
