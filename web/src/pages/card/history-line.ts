// What happened to a card, in a line for people; null for what only the engine cares about.
import type { WireEvent } from "../../api/types.ts";

export function historyLine({ type, data }: WireEvent): string | null {
  const text = (name: string): string => {
    const value = data[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const because = (name: string): string => (text(name) === "" ? "" : `: ${text(name)}`);
  const lines: Readonly<Partial<Record<WireEvent["type"], string>>> = {
    "card-created": "stored",
    "card-moved": `${text("from")} → ${text("to")}${because("waitDetail")}`,
    "card-commented": "commented",
    "card-archived": `put away${because("reason")}`,
    "card-retried": "tried again after a failure",
    "card-retries-exhausted": "failed once too often",
    "turn-started": `turn of ${text("seat")} began`,
    "turn-failed": `turn failed${because("reason")}`,
    "tool-denied": `refused ${text("tool")}${because("reason")}`,
    "governance-violated": `ended by a rule${because("reason")}`,
    "approval-requested": "waits for a person",
    "approval-decided": `decided: ${text("decision")}`,
    "review-rejected": `sent back${because("reason")}`,
    "review-escalated": "the architect does the rework",
    "review-limit-reached": "sent back too often",
    "verification-finished": `verified: ${text("verdict")}`,
    "verification-refused": `not verified${because("reason")}`,
  };
  return lines[type] ?? null;
}
