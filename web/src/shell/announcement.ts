// What happened, in a few words for whoever listens instead of looking.
import type { CardStatus, WireEvent } from "../api/types.ts";
import { marked } from "../kit/marks.ts";
import { columnOf } from "../pages/board/columns.ts";

/** Null where nothing happened that needs saying. */
export function announcementOf(events: readonly WireEvent[]): string | null {
  const parts = [...movesOf(events), ...endsOf(events), ...askedOf(events)];
  return parts.length === 0 ? null : parts.join(". ");
}

/** A card that moved more than once is told of where it stands now. */
function movesOf(events: readonly WireEvent[]): readonly string[] {
  const places = new Map<string, { readonly card: string; readonly column: string }>();
  for (const { type, build, card, data } of events) {
    const to = data["to"];
    if (type !== "card-moved" || card === null || typeof to !== "string") continue;
    const column = columnOf(to as CardStatus) ?? to;
    places.set(`${build} ${card}`, { card, column });
  }
  const byColumn = Map.groupBy(places.values(), ({ column }) => column);
  return [...byColumn].map(([column, moved]) => {
    const [only, second] = moved;
    const isOne = only !== undefined && second === undefined;
    return `${isOne ? marked(only.card) : `${moved.length} cards`} moved to ${column}`;
  });
}

/** The last says for all. */
function endsOf(events: readonly WireEvent[]): readonly string[] {
  const ends = events.filter(({ type }) => type === "run-ended");
  const last = ends.at(-1)?.data["status"];
  if (typeof last !== "string") return [];
  return [ends.length === 1 ? `A run ended: ${last}` : `${ends.length} runs ended, last: ${last}`];
}

function askedOf(events: readonly WireEvent[]): readonly string[] {
  const asked = events.filter(({ type }) => type === "approval-requested").length;
  if (asked === 0) return [];
  return [asked === 1 ? "An approval waits for you" : `${asked} approvals wait for you`];
}
