// Why a run does not move: one line per open card with its state, what it waits for, and what would free it.
import type { Card } from "../domain/card.ts";
import { cardEvent } from "./apply-move.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";

const LINES_MAX = 50;

export type OpenCard = { readonly lane: Lane; readonly card: Card };

/** Also appends the event `backlog-stalled`, with the same words. */
export async function stallReport(
  session: Session,
  open: readonly OpenCard[],
): Promise<readonly string[]> {
  const lines = open.slice(0, LINES_MAX).map(stallLine);
  if (open.length > LINES_MAX) lines.push(`… and ${open.length - LINES_MAX} more open cards.`);
  const first = open[0];
  if (first !== undefined) {
    const data = { open: open.length, lines };
    const event = {
      ...cardEvent(first.card, {
        type: "backlog-stalled",
        actor: "engine",
        run: session.run.id,
        data,
      }),
    };
    await write(session, async ({ events }) => events.append([event]));
  }
  return lines;
}

function stallLine({ lane, card }: OpenCard): string {
  const wait = card.waitReason === null ? "" : ` (${card.waitReason})`;
  const detail = card.waitDetail === null ? "" : `: ${card.waitDetail}`;
  return `${card.id} is ${card.status}${wait}${detail} — ${wayOut(lane, card)}`;
}

function wayOut(lane: Lane, card: Card): string {
  const unmet = lane.backlog.unmet(card);
  if (card.status === "ready" && unmet.length > 0) return `waits for ${unmet.join(", ")}`;
  if (card.waitReason === "dependency") return "comes free when its dependency is done";
  if (card.status === "waiting_for_developer") {
    return `answer with: orket cards comment ${card.id} "…" and orket cards move ${card.id} in_progress`;
  }
  return `release it with: orket cards move ${card.id} ready`;
}
