// What the event log says, as spans of a trace: a run, its turns, and in each its model calls and tool calls. Names and
// attributes are those of OpenTelemetry's conventions for generative AI. Times come from the log; nothing is sent from here.
import type { Event } from "./events.ts";
import type { Json } from "./json.ts";

export type Span = {
  /** 32 hex digits, the same for every span of a run, in whichever process. */
  readonly trace: string;
  /** 16 hex digits. */
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  /** A call that leaves this machine's process is `client`. */
  readonly kind: "internal" | "client";
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Why it did not end well, in one word or sentence. */
  readonly error: string | null;
  /** The reply that it is about, for whoever may see what was said. */
  readonly reply: { readonly turn: string; readonly step: number } | null;
};

export type TraceBook = {
  /** Spans that this event ended; to be called in the order of the log. */
  readonly add: (event: Event) => readonly Span[];
};

type OpenRun = { readonly span: string; readonly build: string; readonly startMs: number };
type OpenCall = { readonly tool: string; readonly startMs: number };
type OpenTurn = {
  readonly run: string;
  readonly parent: string | null;
  readonly startMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly seat: string;
  readonly model: string;
  /** When it was last heard of: a model call begins where what came before it ended. */
  lastMs: number;
  readonly calls: Map<string, OpenCall>;
};

/** Above it the oldest is forgotten: it belongs to a run whose end was never told here. */
const OPEN_MAX = 1000;

/** `digest` gives at least 32 hex digits. */
export function createTraceBook(digest: (text: string) => string): TraceBook {
  const runs = new Map<string, OpenRun>();
  const turns = new Map<string, OpenTurn>();
  const models = new Map<string, string>();
  const book: Book = { digest, runs, turns, models };
  return {
    add: (event) => {
      const spans = spansOf(book, event);
      const turn = event.turn === undefined ? undefined : turns.get(event.turn);
      if (turn !== undefined) turn.lastMs = Date.parse(event.at);
      return spans;
    },
  };
}

type Book = {
  readonly digest: (text: string) => string;
  readonly runs: Map<string, OpenRun>;
  readonly turns: Map<string, OpenTurn>;
  /** Chosen for a turn before it starts. */
  readonly models: Map<string, string>;
};

function spansOf(book: Book, event: Event): readonly Span[] {
  switch (event.type) {
    case "run-started":
    case "run-continued":
      return openRun(book, event);
    case "run-paused":
    case "run-ended":
      return closeRun(book, event);
    case "model-selected":
      return noteModel(book, event);
    case "turn-started":
    case "review-started":
      return openTurn(book, event);
    case "turn-finished":
    case "turn-failed":
    case "governance-violated":
      return closeTurn(book, event);
    case "model-called":
    case "model-retried":
      return modelCall(book, event);
    case "tool-called":
      return openCall(book, event);
    case "tool-finished":
    case "tool-denied":
      return closeCall(book, event);
    default:
      return [];
  }
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const numberOf = (value: Json | undefined): number => (typeof value === "number" ? value : 0);

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (map.size >= OPEN_MAX && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

const traceOf = ({ digest }: Book, run: string): string => digest(run).slice(0, 32);
const spanOf = ({ digest }: Book, text: string): string => digest(`span ${text}`).slice(0, 16);

function openRun(book: Book, { run = "", build = "", seq, at }: Event): readonly Span[] {
  const span = spanOf(book, `${run} ${seq}`);
  keep(book.runs, run, { span, build, startMs: Date.parse(at) });
  return [];
}

function closeRun(book: Book, event: Event): readonly Span[] {
  const { run = "", at, type, data } = event;
  const open = book.runs.get(run);
  const left = [...book.turns].filter(([, turn]) => turn.run === run);
  const spans = left.flatMap(([id]) =>
    closeTurn(book, { ...event, turn: id, type: "turn-failed" }),
  );
  if (open === undefined) return spans;
  book.runs.delete(run);
  const reason = textOf(data["reason"]);
  const status = textOf(data["status"]);
  const isBad = type === "run-ended" && status !== "done";
  return [
    ...spans,
    {
      trace: traceOf(book, run),
      id: open.span,
      parent: null,
      name: `invoke_workflow ${open.build}`,
      kind: "internal",
      startMs: open.startMs,
      endMs: Date.parse(at),
      attributes: {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": open.build,
        "orket.run": run,
        "orket.run.status": status,
        "orket.run.reason": reason,
      },
      error: isBad ? reason : null,
      reply: null,
    },
  ];
}

function noteModel(book: Book, { turn = "", data }: Event): readonly Span[] {
  keep(book.models, turn, textOf(data["model"]));
  return [];
}

/** `ollama:qwen3` is the model qwen3 of the provider ollama. */
function modelAttributes(model: string): Readonly<Record<string, string>> {
  const colon = model.indexOf(":");
  return {
    "gen_ai.provider.name": model.slice(0, Math.max(0, colon)),
    "gen_ai.request.model": model.slice(colon + 1),
  };
}

function openTurn(book: Book, { run = "", turn = "", card = "", build = "", at, data }: Event) {
  const known = book.turns.get(turn);
  if (known !== undefined) return [];
  const seat = textOf(data["seat"]);
  const model = book.models.get(turn) ?? "";
  book.models.delete(turn);
  const startMs = Date.parse(at);
  keep(book.turns, turn, {
    run,
    parent: book.runs.get(run)?.span ?? null,
    startMs,
    lastMs: startMs,
    seat,
    model,
    calls: new Map(),
    attributes: {
      "gen_ai.agent.name": seat,
      "gen_ai.conversation.id": `${build}/${card}`,
      ...modelAttributes(model),
      "orket.run": run,
      "orket.build": build,
      "orket.card": card,
      "orket.turn": turn,
    },
  });
  return [];
}

type Part = Pick<Span, "name" | "kind" | "startMs" | "endMs" | "attributes" | "error" | "reply">;

type Place = Pick<Event, "turn" | "seq"> & { readonly run: string };

/** Below its turn. */
const below = (book: Book, { run, turn, seq }: Place, part: Part): readonly Span[] => {
  const id = spanOf(book, `${turn} ${seq}`);
  return [{ trace: traceOf(book, run), id, parent: spanOf(book, `${turn}`), ...part }];
};

function closeTurn(book: Book, { turn = "", at, type, data }: Event): readonly Span[] {
  const open = book.turns.get(turn);
  if (open === undefined) return [];
  book.turns.delete(turn);
  const why = textOf(data["detail"]) || textOf(data["reason"]);
  return [
    {
      trace: traceOf(book, open.run),
      id: spanOf(book, turn),
      parent: open.parent,
      name: `invoke_agent ${open.seat}`,
      kind: "internal",
      startMs: open.startMs,
      endMs: Date.parse(at),
      attributes: { "gen_ai.operation.name": "invoke_agent", ...open.attributes },
      error: type === "turn-finished" ? null : why,
      reply: null,
    },
  ];
}

function modelCall(book: Book, { turn = "", at, type, seq, data }: Event): readonly Span[] {
  const open = book.turns.get(turn);
  if (open === undefined) return [];
  const { "gen_ai.request.model": model = "" } = open.attributes;
  const isReply = type === "model-called";
  const usage = {
    "gen_ai.usage.input_tokens": numberOf(data["inputTokens"]),
    "gen_ai.usage.output_tokens": numberOf(data["outputTokens"]),
    "orket.cost_usd": numberOf(data["costUsd"]),
  };
  return below(
    book,
    { run: open.run, turn, seq },
    {
      name: `chat ${model}`,
      kind: "client",
      startMs: open.lastMs,
      endMs: Date.parse(at),
      attributes: {
        "gen_ai.operation.name": "chat",
        ...open.attributes,
        ...(isReply ? usage : { "error.type": textOf(data["code"]) }),
      },
      error: isReply ? null : textOf(data["code"]),
      reply: isReply ? { turn, step: numberOf(data["step"]) } : null,
    },
  );
}

function openCall(book: Book, { turn = "", at, data }: Event): readonly Span[] {
  const call = { tool: textOf(data["tool"]), startMs: Date.parse(at) };
  book.turns.get(turn)?.calls.set(textOf(data["call"]), call);
  return [];
}

function closeCall(book: Book, { turn = "", at, type, seq, data }: Event): readonly Span[] {
  const open = book.turns.get(turn);
  if (open === undefined) return [];
  const call = textOf(data["call"]);
  const begun = open.calls.get(call);
  open.calls.delete(call);
  const tool = textOf(data["tool"]);
  const endMs = Date.parse(at);
  const isDenied = type === "tool-denied";
  const code = textOf(data["code"]) || (data["ok"] === false ? "_OTHER" : "");
  return below(
    book,
    { run: open.run, turn, seq },
    {
      name: `execute_tool ${tool}`,
      kind: "internal",
      startMs: begun?.startMs ?? endMs,
      endMs,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call,
        "orket.gate.verdict": isDenied ? "deny" : "allow",
        ...(isDenied ? { "orket.gate.rule": textOf(data["rule"]) } : {}),
        ...(code === "" ? {} : { "error.type": code }),
      },
      error: code === "" ? null : code,
      reply: null,
    },
  );
}
