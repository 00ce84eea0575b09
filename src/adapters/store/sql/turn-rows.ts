// Turns, their steps and calls as rows: which columns there are, and how one is read.
import { isJsonObject } from "../../../domain/json.ts";
import type {
  ChatMessage,
  EarlierTurn,
  PlannedEffect,
  Step,
  StoredResult,
  ToolCall,
  ToolResult,
  Turn,
  TurnKind,
  TurnStatus,
} from "../../../domain/turn.ts";
import type { Row } from "./rows.ts";
import {
  cellsOf,
  flag,
  integer,
  jsonList,
  jsonOf,
  moment,
  momentOrNull,
  oneOf,
  table,
  text,
  textOrNull,
  usage,
} from "./rows.ts";

const TURNS = table("turns", "id");
const PROMPTS = table("turn_prompts", "turn");
const STEPS = table("turn_steps", "turn", "number");
const CALLS = table("turn_calls", "turn", "step", "call_id");

const KINDS: readonly TurnKind[] = ["work", "review"];
const STATUSES: readonly TurnStatus[] = ["live", "committed", "failed", "violated", "dropped"];

/** Beside what it used, which is the sum over its steps. */
export const TURN_COLUMNS = [
  "id",
  "run",
  "build",
  "card",
  "number",
  "seat",
  "kind",
  "cycle",
  "model",
  "status",
  "outcome",
  "commit_id",
  "started_at",
  "ended_at",
] as const;

export const EARLIER_COLUMNS = ["id", "number", "seat", "kind", "status", "outcome"] as const;

export function readEarlierTurn(row: Row): EarlierTurn["turn"] & { readonly id: string } {
  const cells = cellsOf(TURNS, row);
  return {
    id: text(cells, "id"),
    number: integer(cells, "number"),
    seat: text(cells, "seat"),
    kind: oneOf(cells, "kind", KINDS),
    status: oneOf(cells, "status", STATUSES),
    outcome: textOrNull(cells, "outcome"),
  };
}

/** How long an ended turn took, in milliseconds; 0 for one that is live. */
export function readTimes(row: Row): number {
  const cells = cellsOf(TURNS, row);
  const endedAt = momentOrNull(cells, "ended_at");
  return endedAt === null
    ? 0
    : Math.max(0, Date.parse(endedAt) - Date.parse(moment(cells, "started_at")));
}

/** How long a turn waited for the answer that it has, in milliseconds. */
export function readWait(row: Row): number {
  const cells = cellsOf(TURNS, row);
  return Math.max(
    0,
    Date.parse(moment(cells, "used_at")) - Date.parse(moment(cells, "requested_at")),
  );
}

export function readTurn(row: Row): Turn {
  const cells = cellsOf(TURNS, row);
  return {
    id: text(cells, "id"),
    run: text(cells, "run"),
    build: text(cells, "build"),
    card: text(cells, "card"),
    number: integer(cells, "number"),
    seat: text(cells, "seat"),
    kind: oneOf(cells, "kind", KINDS),
    cycle: integer(cells, "cycle"),
    model: text(cells, "model"),
    status: oneOf(cells, "status", STATUSES),
    outcome: textOrNull(cells, "outcome"),
    commit: textOrNull(cells, "commit_id"),
    usage: usage(cells),
    startedAt: moment(cells, "started_at"),
    endedAt: momentOrNull(cells, "ended_at"),
  };
}

const isCall = (value: unknown): value is ToolCall =>
  isJsonObject(value) &&
  typeof value["id"] === "string" &&
  typeof value["tool"] === "string" &&
  value["args"] !== undefined &&
  isJsonObject(value["args"]);

function isMessage(value: unknown): value is ChatMessage {
  if (!isJsonObject(value) || typeof value["content"] !== "string") return false;
  if (value["role"] === "system" || value["role"] === "user") return true;
  if (value["role"] === "assistant")
    return Array.isArray(value["calls"]) && value["calls"].every(isCall);
  return (
    value["role"] === "tool" &&
    typeof value["callId"] === "string" &&
    typeof value["tool"] === "string"
  );
}

const isResult = (value: unknown): value is ToolResult =>
  isJsonObject(value) &&
  (value["ok"] === true ||
    (value["ok"] === false &&
      typeof value["error"] === "string" &&
      typeof value["code"] === "string"));

const isDigest = (value: unknown): value is string | null =>
  value === null || typeof value === "string";

const isEffect = (value: unknown): value is PlannedEffect =>
  isJsonObject(value) &&
  typeof value["path"] === "string" &&
  isDigest(value["before"]) &&
  isDigest(value["after"]);

export const readPrompt = (row: Row): readonly ChatMessage[] =>
  jsonList(cellsOf(PROMPTS, row), "prompt", isMessage);

/** `results` are those of all steps of the turn, by step. */
export function readStep(row: Row, results: ReadonlyMap<number, readonly StoredResult[]>): Step {
  const cells = cellsOf(STEPS, row);
  const number = integer(cells, "number");
  const calls = jsonList(cells, "calls", isCall);
  const order = new Map(calls.map((call, index) => [call.id, index]));
  const place = (result: StoredResult): number => order.get(result.callId) ?? calls.length;
  return {
    number,
    text: text(cells, "text"),
    calls,
    results: (results.get(number) ?? []).toSorted((left, right) => place(left) - place(right)),
    usage: usage(cells),
  };
}

export function readCall(row: Row): { readonly step: number; readonly result: StoredResult } {
  const cells = cellsOf(CALLS, row);
  const result = row["result"] === null ? null : jsonOf(cells, "result", isResult);
  const effect = row["effect"] === null ? null : jsonOf(cells, "effect", isEffect);
  return {
    step: integer(cells, "step"),
    result: { callId: text(cells, "call_id"), begun: flag(cells, "begun"), effect, result },
  };
}
