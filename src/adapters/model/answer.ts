// A reply as it grows: its text, passed on as it comes, and its calls with ids and arguments in order.
import { isJsonObject } from "../../domain/json.ts";
import type { ToolCall } from "../../domain/turn.ts";

/** A reply with more calls than this is not worked off. */
export const CALLS_MAX = 100;
/** Deeper arguments would overflow whoever walks them; no tool takes any. */
const ARGUMENT_DEPTH_MAX = 64;
const ID_CHARACTERS_MAX = 128;
const EXCERPT_CHARACTERS = 200;

export type Answer = {
  readonly addText: (piece: string) => void;
  /** `input` is the arguments, or a text that holds them as JSON. */
  readonly addCall: (id: string, tool: string, input: unknown) => void;
  readonly text: () => string;
  readonly calls: () => readonly ToolCall[];
  /** The listener is the caller's: what it threw is a bug there and no failure of the provider. */
  readonly throwListenerError: () => void;
};

export function createAnswer(onText?: (text: string) => void): Answer {
  let text = "";
  let listenerError: { readonly thrown: unknown } | null = null;
  const calls: ToolCall[] = [];
  const ids = new Set<string>();
  return {
    addText: (piece) => {
      if (piece === "") return;
      text += piece;
      try {
        onText?.(piece);
      } catch (thrown) {
        listenerError = { thrown };
        throw thrown;
      }
    },
    addCall: (id, tool, input) => {
      if (calls.length === CALLS_MAX)
        throw new Error(`The answer has more than ${CALLS_MAX} tool calls.`);
      calls.push({ id: unique(id, ids), tool, args: readArguments(input) });
    },
    text: () => text,
    calls: () => calls,
    throwListenerError: () => {
      if (listenerError !== null) throw listenerError.thrown;
    },
  };
}

/** Some servers send no id, or the same one for every call; results would then go to the wrong call. */
function unique(id: string, taken: Set<string>): string {
  const base = id === "" || id.length > ID_CHARACTERS_MAX ? "call" : id;
  let free = base;
  for (let number = 2; taken.has(free); number += 1) free = `${base}_${number}`;
  taken.add(free);
  return free;
}

/** Arguments that are no JSON object fail their call, not the turn. */
function readArguments(input: unknown): ToolCall["args"] {
  const value = typeof input === "string" ? parseText(input) : input;
  if (value === NOT_JSON) return { $malformed: `The arguments are not JSON: ${excerpt(input)}` };
  if (!isJsonObject(value))
    return { $malformed: `The arguments are not a JSON object: ${excerpt(input)}` };
  if (isDeeperThan(value, ARGUMENT_DEPTH_MAX))
    return { $malformed: `The arguments are nested deeper than ${ARGUMENT_DEPTH_MAX}.` };
  return value;
}

const NOT_JSON = Symbol("not JSON");

function parseText(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

const excerpt = (input: unknown): string =>
  (typeof input === "string" ? input : (JSON.stringify(input) ?? ""))
    .slice(0, EXCERPT_CHARACTERS)
    .toWellFormed();

/** Level by level and without recursion, which is what it protects others from. */
function isDeeperThan(value: unknown, depthMax: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= depthMax; depth += 1) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
