// Why a run does not move: one line per open card with its state, what it waits for, and what would free it.
import type { Card } from "../domain/card.ts";
import type { Run } from "../domain/run.ts";
import { waitOf } from "../domain/waiting.ts";
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
  const lines = stallLines(session, open);
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

export function stallLines({ run }: Session, open: readonly OpenCard[]): readonly string[] {
  const lines = open.slice(0, LINES_MAX).map((one) => stallLine(run, one));
  if (open.length > LINES_MAX) lines.push(`… and ${open.length - LINES_MAX} more open cards.`);
  return lines;
}

function stallLine(run: Run, { lane, card }: OpenCard): string {
  const unmet = lane.backlog.unmet(card);
  const waits = waitOf(card, { unmet, turn: null, run: { id: run.id, status: "blocked" } });
  const wait = card.waitReason === null ? "" : ` (${card.waitReason})`;
  const detail = card.waitDetail === null ? "" : `: ${card.waitDetail}`;
  return `${card.id} is ${card.status}${wait}${detail} — ${waits?.wayOut ?? `waits for ${waits?.on ?? "nothing"}`}`;
}
