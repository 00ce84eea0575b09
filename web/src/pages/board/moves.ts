// Where a person may move an issue: what the menu offers. The server decides; a test holds this against its table.
import type { CardStatus } from "../../api/types.ts";

const CLOSE = ["canceled", "archived"] as const;

export const MOVES: Readonly<Record<CardStatus, readonly CardStatus[]>> = {
  ready: ["in_progress", ...CLOSE],
  in_progress: ["blocked", "waiting_for_developer", "ready_for_testing", "code_review", ...CLOSE],
  blocked: ["ready", "in_progress", ...CLOSE],
  waiting_for_developer: ["in_progress", ...CLOSE],
  ready_for_testing: ["code_review", "in_progress", ...CLOSE],
  code_review: ["done", "in_progress", "ready_for_testing", "archived"],
  done: ["archived"],
  canceled: ["archived"],
  archived: [],
};

export const WAITS = ["input", "review", "dependency", "resource", "system"] as const;

export const needsReason = (status: CardStatus): boolean =>
  status === "blocked" || status === "waiting_for_developer";
