// The frame of the live view: state in, lines out. Never taller than the screen, never wider; whatever came from a model
// is stripped of control characters before it is shown.
import type { CardStatus } from "../domain/card.ts";
import { isCardStatus } from "../domain/card.ts";
import type { Event } from "../domain/events.ts";
import { glyphOf, styleOf } from "./card-style.ts";
import type { Paint } from "./io.ts";
import { plain } from "./io.ts";
import { cutTo } from "./text-width.ts";

export type ViewCard = {
  readonly id: string;
  readonly summary: string;
  readonly status: CardStatus;
};

export type ViewEpic = ViewCard & { readonly issues: readonly ViewCard[] };

/** What is known before the first event: the cards, and what a resumed run has used already. */
export type ViewStart = {
  readonly rock: ViewCard | null;
  readonly epics: readonly ViewEpic[];
  readonly turns: number;
  readonly tokens: number;
  readonly costUsd: number;
};

export type LiveCard = {
  readonly seat: string;
  readonly sinceMs: number;
  tool: string;
  saying: string;
};

export type ViewState = {
  rock: ViewCard | null;
  epics: readonly ViewEpic[];
  readonly statuses: Map<string, CardStatus>;
  readonly waits: Map<string, string>;
  readonly live: Map<string, LiveCard>;
  /** Summaries of the cards that turns created, in the order they came. */
  readonly created: Map<string, string>;
  turns: number;
  tokens: number;
  costUsd: number;
  startedMs: number | null;
};

export const createViewState = (): ViewState => ({
  rock: null,
  epics: [],
  statuses: new Map(),
  waits: new Map(),
  live: new Map(),
  created: new Map(),
  turns: 0,
  tokens: 0,
  costUsd: 0,
  startedMs: null,
});

export function beginView(
  state: ViewState,
  { rock, epics, turns, tokens, costUsd }: ViewStart,
): void {
  Object.assign(state, { rock, epics, turns, tokens, costUsd });
  state.live.clear();
}

const text = (value: unknown): string => (typeof value === "string" ? plain(value) : "");
const amount = (value: unknown): number => (typeof value === "number" ? value : 0);

const THINKING = "thinking";

export function applyEvent(
  state: ViewState,
  { type, card = "", actor, data }: Event,
  nowMs: number,
): void {
  state.startedMs ??= nowMs;
  const live = state.live.get(card);
  const begin = (tool: string): void => {
    const seat = actor.replace(/^agent:/, "");
    state.live.set(card, { seat: text(seat), sinceMs: nowMs, tool, saying: "" });
  };
  switch (type) {
    case "card-moved":
      if (isCardStatus(data["to"])) state.statuses.set(card, data["to"]);
      state.waits.set(card, text(data["waitDetail"]));
      return;
    case "card-created":
      if (data["seat"] !== null && data["parent"] !== undefined)
        state.created.set(card, text(data["summary"]));
      return;
    case "turn-started":
      state.turns += 1;
      state.live.set(card, {
        seat: text(data["seat"]),
        sinceMs: nowMs,
        tool: THINKING,
        saying: "",
      });
      return;
    // Its turn is kept, and goes on without a start when a person has decided.
    case "approval-requested":
      if (data["asksNobody"] === true) return;
      state.live.delete(card);
      state.waits.set(
        card,
        `waits for a decision: orket approvals allow ${text(data["approval"])}`,
      );
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
      state.waits.delete(card);
      if (live === undefined) begin(THINKING);
      else Object.assign(live, { tool: THINKING, saying: "" });
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
    case "approval-requested":
      // Refused in the same breath; the line of the refusal says it all.
      if (data["asksNobody"] === true) return null;
      return `${paint("yellow", "? asks")}  ${card}  ${who}: ${text(data["tool"])} ${text(data["what"])} (${text(data["reason"])}) — orket approvals allow ${text(data["approval"])}`;
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
    case "phase-started":
      return `${paint("cyan", "◆ bug-fix phase")}  ${card}  until ${text(data["endsAt"])}`;
    case "phase-extended":
      return `${paint("cyan", "◆ bug-fix phase")}  ${card}  until ${text(data["endsAt"])}: ${text(data["reason"])}`;
    case "phase-completed":
      return `${paint("cyan", "◆ bug-fix phase")}  ${card}  ended, ${amount(data["open"])} bugs open`;
    case "loop-card-chosen":
      return `${paint("cyan", "→ next")}  ${card}  score ${amount(data["score"])}, ${text(data["epic"])} of ${text(data["department"])}`;
    case "loop-epic-skipped":
      return `${paint("dim", "– left alone")}  ${text(data["epic"])}  ${text(data["detail"])}`;
    case "card-moved":
      if (data["to"] === "done") return `${paint("green", "● done")}  ${card}`;
      return data["to"] === "blocked"
        ? `${paint("red", "✖ blocked")}  ${card}  ${text(data["waitReason"])}: ${text(data["waitDetail"])}`
        : null;
    default:
      return null;
  }
}

/** Without a live view a turn that starts is worth a line: a slow model says nothing else for minutes. */
export const startLineOf = ({ type, card = "", data }: Event, paint: Paint): string | null =>
  type === "turn-started" ? paint("dim", `▶ ${text(data["seat"])}  ${card}`) : null;

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
      const cut = cutTo(line, columns);
      return style === null ? cut : paint(style, cut);
    });
}

function treeLines(state: ViewState, nowMs: number): readonly Line[] {
  const { rock, epics, created } = state;
  const indent = rock === null ? "" : "  ";
  const lines = rock === null ? [] : [goalLine(state, rock, "")];
  for (const epic of epics) {
    const done = epic.issues.filter((issue) => statusOf(state, issue) === "done").length;
    const goal = goalLine(state, epic, indent);
    lines.push({ ...goal, text: `${goal.text}  ${done}/${epic.issues.length}` });
    lines.push(...epic.issues.map((issue) => issueLine(state, issue, { indent, nowMs })));
  }
  const known = new Set(epics.flatMap((epic) => [epic, ...epic.issues].map(({ id }) => id)));
  for (const [id, summary] of created) {
    if (known.has(id)) continue;
    lines.push(issueLine(state, { id, summary, status: "ready" }, { indent, nowMs }));
  }
  return lines;
}

const statusOf = ({ statuses }: ViewState, { id, status }: ViewCard): CardStatus =>
  statuses.get(id) ?? status;

const goalLine = (state: ViewState, card: ViewCard, indent: string): Line => ({
  text: `${indent}${glyphOf(statusOf(state, card))} ${card.id}  ${plain(card.summary)}`,
  style: "bold",
  live: false,
});

function issueLine(
  state: ViewState,
  card: ViewCard,
  { indent, nowMs }: { readonly indent: string; readonly nowMs: number },
): Line {
  const status = statusOf(state, card);
  const live = state.live.get(card.id);
  const head = `${indent}  ${glyphOf(status)} ${card.id}`;
  if (live !== undefined) {
    // What happens now comes before the summary: a narrow screen cuts at the end.
    const doing = `${live.seat} ${seconds(nowMs - live.sinceMs)}: ${doingOf(live)}`;
    return { text: `${head}  ${doing}`, style: null, live: true };
  }
  const waits = status === "blocked" || status === "waiting_for_developer";
  const waitsFor = state.waits.get(card.id) ?? "";
  const rest = waits || waitsFor !== "" ? waitsFor : plain(card.summary);
  return { text: `${head}  ${rest}`, style: styleOf(status), live: false };
}

const SAID_CHARACTERS_MAX = 80;

const doingOf = ({ tool, saying }: LiveCard): string =>
  tool === THINKING && saying !== ""
    ? `“${Array.from(plain(saying)).slice(-SAID_CHARACTERS_MAX).join("")}”`
    : tool;

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
