// What each role of a team did in a run, counted from the run's events. Events may be handed in a page at a time, in order.
import type { Event, EventType } from "./events.ts";

/** The names are those of the wire. */
export type MemberMetrics = {
  readonly tokens: number;
  readonly lines_written: number;
  /** `Executing <tool>`, of the call that came last; `Idle` before the first. */
  readonly last_action: string;
  /** `Wrote <path>`, of the write that came last; empty before the first. */
  readonly detail: string;
};

export type MemberCount = {
  readonly metrics: Readonly<Record<string, MemberMetrics>>;
  /** Which role works in which turn. */
  readonly roles: Readonly<Record<string, string>>;
};

export const NOTHING_COUNTED: MemberCount = { metrics: {}, roles: {} };

/** The events that count; others may be left out. */
export const MEMBER_EVENTS = [
  "turn-started",
  "model-called",
  "tool-called",
  "tool-finished",
] as const satisfies readonly EventType[];

const IDLE: MemberMetrics = { tokens: 0, lines_written: 0, last_action: "Idle", detail: "" };

export function countMembers(before: MemberCount, events: readonly Event[]): MemberCount {
  const metrics = new Map(Object.entries(before.metrics));
  const roles = new Map(Object.entries(before.roles));
  for (const event of events) {
    const { type, turn = "" } = event;
    if (type === "turn-started") roles.set(turn, roleStarted(event));
    const role = roles.get(turn);
    // A turn whose start is not among the events belongs to nobody.
    if (role === undefined) continue;
    const known = metrics.get(role) ?? IDLE;
    metrics.set(role, { ...known, ...changeBy(event, known) });
  }
  return { metrics: Object.fromEntries(metrics), roles: Object.fromEntries(roles) };
}

/** A seat without a known role counts under its own name. */
const roleStarted = ({ data }: Event): string => textOf(data["role"]) || textOf(data["seat"]);

function changeBy({ type, data }: Event, known: MemberMetrics): Partial<MemberMetrics> {
  if (type === "model-called") {
    const tokens = numberOf(data["inputTokens"]) + numberOf(data["outputTokens"]);
    return { tokens: known.tokens + tokens };
  }
  if (type === "tool-called") return { last_action: `Executing ${textOf(data["tool"])}` };
  // Only a write has lines; a deleted file has a path alone.
  const { lines } = data;
  if (type !== "tool-finished" || data["ok"] !== true || typeof lines !== "number") return {};
  return {
    lines_written: known.lines_written + lines,
    detail: `Wrote ${textOf(data["path"])}`,
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);
