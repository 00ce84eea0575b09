// The frame of the live view: state in, lines out. Never taller than the screen, never wider; whatever came from a model
// is stripped of control characters before it is shown.
import type { CardStatus } from "../domain/card.ts";
import { isCardStatus } from "../domain/card.ts";
import type { Event } from "../domain/events.ts";
import { glyphOf, styleOf } from "./card-style.ts";
import type { Paint } from "./io.ts";
import { plain } from "./io.ts";

export type ViewEpic = {
  readonly id: string;
  readonly summary: string;
  readonly issues: readonly {
    readonly id: string;
    readonly summary: string;
    readonly status: CardStatus;
  }[];
};

export type LiveCard = {
  readonly seat: string;
  readonly sinceMs: number;
  tool: string;
  saying: string;
};

export type ViewState = {
  epics: readonly ViewEpic[];
  readonly statuses: Map<string, CardStatus>;
  readonly waits: Map<string, string>;
  readonly live: Map<string, LiveCard>;
  /** Cards that turns created, by epic in the order they came. */
  readonly created: { readonly id: string; readonly summary: string }[];
  turns: number;
  tokens: number;
  costUsd: number;
  startedMs: number | null;
};

export const createViewState = (): ViewState => ({
  epics: [],
  statuses: new Map(),
  waits: new Map(),
  live: new Map(),
  created: [],
  turns: 0,
  tokens: 0,
  costUsd: 0,
  startedMs: null,
});

const text = (value: unknown): string => (typeof value === "string" ? plain(value) : "");
const amount = (value: unknown): number => (typeof value === "number" ? value : 0);

export function applyEvent(
  state: ViewState,
  { type, card = "", data }: Event,
  nowMs: number,
): void {
  state.startedMs ??= nowMs;
  const live = state.live.get(card);
  switch (type) {
    case "card-moved":
      if (isCardStatus(data["to"])) state.statuses.set(card, data["to"]);
      state.waits.set(card, text(data["waitDetail"]));
      return;
    case "card-created":
      if (data["seat"] !== null && data["parent"] !== undefined)
        state.created.push({ id: card, summary: text(data["summary"]) });
      return;
    case "turn-started":
      state.turns += 1;
      state.live.set(card, {
        seat: text(data["seat"]),
        sinceMs: nowMs,
        tool: "thinking",
        saying: "",
      });
      return;
    case "turn-finished":
    case "turn-failed":
      state.live.delete(card);
      return;
    case "model-called":
      state.tokens += amount(data["inputTokens"]) + amount(data["outputTokens"]);
      state.costUsd += amount(data["costUsd"]);
      return;
    case "tool-called":
      if (live !== undefined) live.tool = `${text(data["tool"])} ${text(data["path"])}`.trim();
      return;
    case "tool-finished":
      if (live !== undefined) live.tool = "thinking";
      return;
    default:
  }
}

/** The line of an event that a person wants to keep; null for the rest. */
export function lineOf({ type, card = "", actor, data }: Event, paint: Paint): string | null {
  const who = actor.startsWith("agent:") ? actor.slice("agent:".length) : actor;
  switch (type) {
    case "tool-denied":
      return `${paint("red", "✖ refused")}  ${card}  ${who}: ${text(data["tool"])} — ${text(data["reason"])}`;
    case "governance-violated":
      return `${paint("red", "■ stopped")}  ${card}  ${text(data["detail"])}`;
    case "review-rejected":
      return `${paint("yellow", "↩ sent back")}  ${card}  ${who}: ${text(data["reason"])}`;
    case "review-escalated":
      return `${paint("yellow", "▲ escalated")}  ${card}  to the architect`;
    case "card-retried":
      return `${paint("yellow", "↻ again")}  ${card}  ${text(data["reason"])}`;
    case "model-retried":
      return `${paint("yellow", "↻ model")}  ${card}  ${text(data["code"])}, waits ${Math.round(amount(data["waitMs"]) / 1000)} s`;
    case "alert-raised":
      return `${paint("yellow", "! alert")}  ${card}  ${text(data["detail"])}`;
    case "card-moved":
      if (data["to"] === "done") return `${paint("green", "● done")}  ${card}`;
      return data["to"] === "blocked"
        ? `${paint("red", "✖ blocked")}  ${card}  ${text(data["waitReason"])}: ${text(data["waitDetail"])}`
        : null;
    default:
      return null;
  }
}

export type FrameSize = {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  readonly paint: Paint;
};

type Line = {
  readonly text: string;
  readonly style: Parameters<Paint>[0] | null;
  readonly live: boolean;
};

export function renderFrame(
  state: ViewState,
  { columns, rows, nowMs, paint }: FrameSize,
): readonly string[] {
  const body = treeLines(state, nowMs);
  const footer = footerLine(state, nowMs);
  // One row stays free for the cursor, one goes to the footer.
  const room = Math.max(0, rows - 2);
  const shown = window(body, room);
  return [...shown, { text: footer, style: "dim" as const, live: false }]
    .slice(0, Math.max(1, rows - 1))
    .map(({ text: line, style }) => {
      const cut = fit(line, columns);
      return style === null ? cut : paint(style, cut);
    });
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Cut between characters as a person sees them. */
function fit(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const characters = Array.from(GRAPHEMES.segment(line), ({ segment }) => segment);
  return characters.length <= columns
    ? line
    : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}

function treeLines(state: ViewState, nowMs: number): readonly Line[] {
  const lines: Line[] = [];
  const issueLine = (id: string, summary: string, fallback: CardStatus): Line => {
    const status = state.statuses.get(id) ?? fallback;
    const live = state.live.get(id);
    const wait =
      status === "blocked" || status === "waiting_for_developer"
        ? ` — ${state.waits.get(id) ?? ""}`
        : "";
    const doing =
      live === undefined
        ? ""
        : `  ${live.seat}: ${live.tool === "thinking" && live.saying !== "" ? `“${plain(live.saying).slice(-60)}”` : live.tool} ${seconds(nowMs - live.sinceMs)}`;
    return {
      text: `  ${glyphOf(status)} ${id}  ${plain(summary)}${doing}${wait}`,
      style: live === undefined ? styleOf(status) : null,
      live: live !== undefined,
    };
  };
  for (const epic of state.epics) {
    const done = epic.issues.filter(
      (issue) => (state.statuses.get(issue.id) ?? issue.status) === "done",
    ).length;
    const status = state.statuses.get(epic.id) ?? "ready";
    lines.push({
      text: `${glyphOf(status)} ${epic.id}  ${plain(epic.summary)}  ${done}/${epic.issues.length}`,
      style: "bold",
      live: false,
    });
    lines.push(...epic.issues.map((issue) => issueLine(issue.id, issue.summary, issue.status)));
  }
  const known = new Set(
    state.epics.flatMap((epic) => [epic.id, ...epic.issues.map((issue) => issue.id)]),
  );
  lines.push(
    ...state.created
      .filter((card) => !known.has(card.id))
      .map((card) => issueLine(card.id, card.summary, "ready")),
  );
  return lines;
}

/** The part of the tree around what is live, when all of it does not fit. */
function window(lines: readonly Line[], room: number): readonly Line[] {
  if (lines.length <= room) return lines;
  const first = lines.findIndex((line) => line.live);
  const start = Math.min(
    Math.max(0, (first < 0 ? 0 : first) - Math.floor(room / 3)),
    lines.length - room,
  );
  return lines.slice(start, start + room);
}

const seconds = (durationMs: number): string => `${Math.max(0, Math.floor(durationMs / 1000))}s`;

function footerLine(state: ViewState, nowMs: number): string {
  const elapsed = state.startedMs === null ? "0s" : seconds(nowMs - state.startedMs);
  return `${elapsed}  ${state.turns} turns  ${state.tokens} tokens  ${state.costUsd.toFixed(4)} USD  ${state.live.size} working`;
}
