// Follows the events that this process commits and sends them on as spans of a trace. What was said stays here unless a
// person switched it on: then the replies of the model, and what each was given, go with them.
import type { Event } from "../domain/events.ts";
import { ok } from "../domain/result.ts";
import type { Span } from "../domain/trace.ts";
import { createTraceBook } from "../domain/trace.ts";
import type { Step } from "../domain/turn.ts";
import type { Store } from "../ports/store.ts";
import type { SpanSender } from "../ports/telemetry.ts";
import type { Watcher } from "./engine.ts";

export type TraceDeps = {
  /** SHA-256 in hex. */
  readonly digest: (text: string) => string;
  readonly send: SpanSender["send"];
  /** Null where what was said is not sent. */
  readonly content: Pick<Store, "read"> | null;
};

export type Traces = {
  /** Tells this watcher as before, and sends. */
  readonly beside: (watcher: Watcher) => Watcher;
  /** When the spans so far are handed over. */
  readonly settle: () => Promise<void>;
};

/** Of one attribute. */
const CONTENT_CHARACTERS_MAX = 32_768;

export function createTraces({ digest, send, content }: TraceDeps): Traces {
  const book = createTraceBook(digest);
  let reading: Promise<void> = Promise.resolve();
  const hand = (span: Span): void => {
    const { reply } = span;
    if (content === null || reply === null) return send(span);
    reading = reading
      .then(async () => said(content, reply))
      .catch(() => ({}))
      .then((more) => send({ ...span, attributes: { ...span.attributes, ...more } }));
  };
  const take = (events: readonly Event[]): void => {
    for (const event of events) for (const span of book.add(event)) hand(span);
  };
  return {
    beside: (watcher) => ({
      ...watcher,
      onEvents: (events) => {
        take(events);
        watcher.onEvents(events);
      },
    }),
    settle: async () => reading,
  };
}

type Reply = NonNullable<Span["reply"]>;

/** What a reply was given: the prompt at first, then the results of the calls before. As the store has it, without secrets. */
async function said(
  { read }: Pick<Store, "read">,
  { turn, step }: Reply,
): Promise<Readonly<Record<string, string>>> {
  const found = await read(async ({ turns }) =>
    ok({ prompt: await turns.prompt(turn), steps: await turns.steps(turn) }),
  );
  const { prompt, steps } = found.value;
  const reply = steps.find(({ number }) => number === step);
  if (reply === undefined) return {};
  const before = steps.find(({ number }) => number === step - 1);
  const given =
    before === undefined
      ? prompt.map(({ role, content }) => ({ role, parts: [{ type: "text", content }] }))
      : [{ role: "tool", parts: before.results.map(resultPart) }];
  const answer = [{ role: "assistant", parts: partsOf(reply), finish_reason: "stop" }];
  return {
    "gen_ai.input.messages": JSON.stringify(given).slice(0, CONTENT_CHARACTERS_MAX),
    "gen_ai.output.messages": JSON.stringify(answer).slice(0, CONTENT_CHARACTERS_MAX),
  };
}

const resultPart = ({ callId, result }: Step["results"][number]) => ({
  type: "tool_call_response",
  id: callId,
  response: result,
});

const partsOf = ({ text, calls }: Step) => [
  ...(text === "" ? [] : [{ type: "text", content: text }]),
  ...calls.map(({ id, tool, args }) => ({ type: "tool_call", id, name: tool, arguments: args })),
];
