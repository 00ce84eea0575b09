// What became of each call of a turn, as the log has it: allowed or refused by the gate, asked of a person, or never made.
import type { TurnView } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";

type Event = TurnView["events"][number];
type View = Pick<TurnView, "events" | "steps"> & {
  readonly turn: Pick<TurnView["turn"], "status">;
};

export type Verdict = {
  readonly look: Look;
  readonly isRefused: boolean;
  /** A person has to answer first. */
  readonly isAsked: boolean;
};

/** By `verdictKey`. */
export type Verdicts = ReadonlyMap<string, Verdict>;

export const verdictKey = (step: number, call: string): string => `${step} ${call}`;

/** Models may name the calls of every reply alike; what the log says of one ends with `tool-finished`. */
export function verdictsOf({ steps, events, turn }: View): Verdicts {
  const told = chaptersOf(events);
  const deciders = new Map(
    events
      .filter(({ type }) => type === "approval-decided")
      .map(({ actor, data }) => [String(data["approval"]), actor]),
  );
  const verdicts = new Map<string, Verdict>();
  for (const { number, calls } of steps)
    for (const { id } of calls) {
      const chapter = told.get(id)?.shift() ?? [];
      verdicts.set(verdictKey(number, id), verdictOf(chapter, deciders, turn.status === "live"));
    }
  return verdicts;
}

type Chapter = Event[];

function chaptersOf(events: readonly Event[]): Map<string, Chapter[]> {
  const told = new Map<string, Chapter[]>();
  const open = new Map<string, Chapter>();
  for (const event of events) {
    const { call } = event.data;
    if (typeof call !== "string") continue;
    let chapter = open.get(call);
    if (chapter === undefined) {
      chapter = [];
      open.set(call, chapter);
      told.set(call, [...(told.get(call) ?? []), chapter]);
    }
    chapter.push(event);
    if (event.type === "tool-finished") open.delete(call);
  }
  return told;
}

function verdictOf(
  chapter: readonly Event[],
  deciders: ReadonlyMap<string, string>,
  isLive: boolean,
): Verdict {
  const find = (type: Event["type"]): Event | undefined =>
    chapter.findLast((event) => event.type === type);
  const denied = find("tool-denied");
  if (denied !== undefined) return refusal(denied, deciders);
  const called = find("tool-called");
  if (called !== undefined) return allowance(called, deciders);
  if (find("approval-requested") !== undefined && isLive)
    return {
      look: { tone: "waiting", icon: "hand", word: "Waits for a person" },
      isRefused: false,
      isAsked: true,
    };
  // Arguments that are none, or a tool that there is not: nothing that the gate could judge.
  const unfit = find("tool-finished")?.data["code"];
  if (typeof unfit === "string")
    return plain({ tone: "failed", icon: "failed", word: `Not made: ${unfit}` });
  const word = isLive ? "Not yet made" : "Not made";
  return plain({ tone: "muted", icon: "canceled", word });
}

const plain = (look: Look): Verdict => ({ look, isRefused: false, isAsked: false });

function refusal({ data }: Event, deciders: ReadonlyMap<string, string>): Verdict {
  const by = deciders.get(String(data["approval"]));
  const { code, reason } = data;
  const which = typeof code === "string" && code !== "denied" ? `: ${code}` : "";
  const word = by === undefined ? `Refused by the gate${which}` : `Denied by ${by}`;
  const why = typeof reason === "string" ? { why: reason } : {};
  const icon = by === undefined ? "failed" : "hand";
  return { look: { tone: "failed", icon, word, ...why }, isRefused: true, isAsked: false };
}

function allowance({ data }: Event, deciders: ReadonlyMap<string, string>): Verdict {
  const by = deciders.get(String(data["approval"]));
  const { warnings } = data;
  const why = Array.isArray(warnings) ? { why: warnings.join("; ") } : {};
  const look: Look =
    by === undefined
      ? { tone: "ready", icon: "ready", word: "Allowed by the gate", ...why }
      : { tone: "ready", icon: "hand", word: `Allowed by the gate and ${by}`, ...why };
  return plain(look);
}
