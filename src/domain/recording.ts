// A recorded run: what it was asked, what its models answered, and its events with everything left out that differs from
// one repetition to the next. Two repetitions are the same when these are, in the same order.
import type { ApproveMode } from "./approval.ts";
import type { Event, NewEvent } from "./events.ts";
import type { Json, JsonObject } from "./json.ts";
import { canonicalJson, isJsonObject } from "./json.ts";
import type { Budget, Usage } from "./run.ts";
import type { CheckResult } from "./verification.ts";

export type RecordedCall = { readonly tool: string; readonly args: JsonObject };

/** One answer of a model to one request: a reply, or why there was none. */
export type RecordedReply =
  | {
      readonly text: string;
      readonly calls: readonly RecordedCall[];
      readonly usage: Pick<Usage, "inputTokens" | "outputTokens">;
    }
  | {
      readonly failure: {
        readonly code: string;
        readonly message: string;
        /** What the provider's server said, where there was one. */
        readonly status: number | null;
      };
    };

export type RecordedModel = {
  readonly nativeTools: boolean;
  readonly contextWindow: number | null;
  readonly price: {
    readonly inputUsdPerMillion: number;
    readonly outputUsdPerMillion: number;
  } | null;
};

/** What became of one verification of a card: what it found, why it was refused, or what the machine lacked for it. */
export type RecordedFinding =
  | {
      readonly fixtureDigest: string | null;
      readonly basis: string;
      readonly scenarios: readonly Pick<CheckResult, "id" | "kind" | "outcome">[];
    }
  | { readonly refused: { readonly code: string; readonly message: string } }
  | { readonly lack: { readonly alert: string; readonly detail: string } };

export type Recording = {
  readonly card: string;
  readonly department: string | null;
  readonly build: string;
  readonly model: string | null;
  readonly budget: Budget;
  /** What a call that needs a person got. */
  readonly approve: ApproveMode;
  readonly concurrency: number;
  /** By the name a turn has for it. */
  readonly models: Readonly<Record<string, RecordedModel>>;
  /** By card, then seat: its answers in order. Ids of created cards stand as their names. */
  readonly replies: Readonly<Record<string, Readonly<Record<string, readonly RecordedReply[]>>>>;
  /** By card, in order. A replay executes nothing. */
  readonly verifications: Readonly<Record<string, readonly RecordedFinding[]>>;
};

/** An event without place, time and chance. */
export type PlainEvent = Omit<NewEvent, "run">;

/**
 * Names for ids that chance makes: a turn by its card and number, a created card by the card it was created for and its
 * place among those. They are the same however turns that run side by side pass each other.
 */
export type Names = {
  readonly learn: (event: Event) => void;
  readonly toNames: (text: string) => string;
  readonly toIds: (text: string) => string;
};

export function createNames(): Names {
  const names = new Map<string, string>();
  const created = new Map<string, string>();
  const children = new Map<string, number>();

  const nameOf = (word: string): string => {
    for (let end = word.length; end > 0; end = word.lastIndexOf("-", end - 1)) {
      const name = names.get(word.slice(0, end));
      if (name !== undefined) return `${name}${word.slice(end)}`;
    }
    return word;
  };
  const toNames = (text: string): string => text.replace(WORD, nameOf);

  return {
    learn: ({ type, run, card = "", turn, actor, data }) => {
      if (run !== undefined) names.set(run, "run");
      if (turn !== undefined && type === "turn-started")
        names.set(turn, `turn(${toNames(card)}#${data["number"] as number})`);
      if (type !== "card-created" || !actor.startsWith("agent:")) return;
      const parent = toNames((data["parent"] as string | null) ?? "");
      const place = (children.get(parent) ?? 0) + 1;
      children.set(parent, place);
      names.set(card, `created(${parent}#${place})`);
      created.set(`created(${parent}#${place})`, card);
    },
    toNames,
    toIds: (text) => {
      // A later one may have an earlier one in its name.
      const known = [...created].toReversed();
      return known.reduce((words, [name, id]) => words.replaceAll(name, id), text);
    },
  };
}

const WORD = /[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/g;

/** Members of an event's data that time, chance or the length of a prompt decide; `true` keeps that there was one. */
const VOLATILE: Readonly<Record<string, "drop" | "mark">> = {
  inputDigest: "drop",
  waitMs: "drop",
  estimated: "drop",
  before: "drop",
  now: "drop",
  commit: "mark",
  report: "mark",
};

/** The events as they can be compared, in their order. */
export function plainEvents(
  events: readonly Event[],
  names = createNames(),
): readonly PlainEvent[] {
  for (const event of events) names.learn(event);
  const plain = (value: Json): Json => {
    if (typeof value === "string") return names.toNames(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map(plain);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => {
        const fate = VOLATILE[key];
        if (fate === "drop") return [];
        return [[key, fate === "mark" && member !== null ? "(some)" : plain(member)]];
      }),
    );
  };
  return events.map(({ type, build, card, turn, actor, data }) => ({
    type,
    ...(build === undefined ? {} : { build }),
    ...(card === undefined ? {} : { card: names.toNames(card) }),
    ...(turn === undefined ? {} : { turn: names.toNames(turn) }),
    actor,
    data: plain(data) as JsonObject,
  }));
}

/** One line, as it is kept in a file. */
export const eventLine = ({ type, build, card, turn, actor, data }: PlainEvent): string =>
  [type, card ?? "-", turn ?? "-", actor, build ?? "-", canonicalJson(data)].join(" ");

export type Difference = {
  /** Counted from 1. */
  readonly place: number;
  readonly before: readonly string[];
  /** Null when there are no more. */
  readonly recorded: string | null;
  readonly replayed: string | null;
};

const LINES_BEFORE = 3;

/** The first event that is not the same; null when all are. */
export function firstDifference(
  recorded: readonly string[],
  replayed: readonly string[],
): Difference | null {
  const length = Math.max(recorded.length, replayed.length);
  for (let place = 0; place < length; place += 1) {
    const pair = { recorded: recorded[place] ?? null, replayed: replayed[place] ?? null };
    if (pair.recorded !== pair.replayed)
      return {
        place: place + 1,
        before: recorded.slice(Math.max(0, place - LINES_BEFORE), place),
        ...pair,
      };
  }
  return null;
}

/** For people: where it was, what was recorded and what came. */
export function describeDifference({ place, before, recorded, replayed }: Difference): string {
  const lines = before.map((line, index) => `  ${place - before.length + index} ${line}`);
  return [
    `The first difference is at event ${place}:`,
    ...lines,
    `- ${place} recorded: ${recorded ?? "(no more events)"}`,
    `+ ${place} replayed: ${replayed ?? "(no more events)"}`,
  ].join("\n");
}

/**
 * Whether a replay did for each card what the run did that was recorded. Turns that ran side by side pass each other
 * differently in each run, so the order counts card by card, and the choice among cards does not.
 */
export function firstDifferenceByCard(
  recorded: readonly PlainEvent[],
  replayed: readonly PlainEvent[],
): Difference | null {
  const cards = new Set([...recorded, ...replayed].flatMap(({ card }) => card ?? []));
  for (const card of cards) {
    const linesOf = (events: readonly PlainEvent[]): readonly string[] =>
      events
        .filter((event) => event.card === card && event.type !== "decision-made")
        .map(eventLine);
    const difference = firstDifference(linesOf(recorded), linesOf(replayed));
    if (difference !== null) return difference;
  }
  return null;
}
