// Why a card stands where it stands, and who has to act: in words.
import type { BoardCard } from "./board-data.ts";

export function standingOf(card: BoardCard): string {
  const { status, waitReason, waitDetail, turn, cycle, dependsOn } = card;
  if (status === "in_progress") {
    const rework = cycle > 0 ? `rework, cycle ${cycle}; ` : "";
    if (turn === null) return `${rework}no live turn`;
    return `${rework}${turn.tool === null ? `${turn.seat} at work` : `${turn.seat}: ${turn.tool}`}`;
  }
  if (waitReason !== null)
    return waitDetail === null || waitDetail === "" ? waitReason : `${waitReason}: ${waitDetail}`;
  if (status === "code_review") return `cycle ${cycle + 1} of 4`;
  if (status === "ready" && dependsOn.length > 0) return `after ${dependsOn.join(", ")}`;
  return "";
}

/** Whose turn it is while the card waits. */
export function whoActs({ status, waitReason }: Pick<BoardCard, "status" | "waitReason">): string {
  if (status === "waiting_for_developer") return "You: it waits for an answer.";
  if (status !== "blocked") return "";
  if (waitReason === "dependency")
    return "Nobody: it returns to Ready by itself when what it waits for is done.";
  if (waitReason === "resource") return "Nobody: it is tried again when there is room.";
  return "You: a person lifts this block.";
}
