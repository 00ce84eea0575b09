// What each protocol puts on the wire for the same answer: OpenAI's and Anthropic's event streams, Ollama's lines of JSON.

export type ServedCall = {
  readonly tool: string;
  /** The arguments as the model wrote them; a real one does not always write JSON. */
  readonly input: string;
  readonly id?: string;
};

export type ServedAnswer = {
  readonly text?: string;
  readonly calls?: readonly ServedCall[];
  /** null: the provider does not count. */
  readonly usage?: { readonly input: number; readonly output: number } | null;
  readonly finish?: string;
};

export type Protocol = {
  readonly contentType: string;
  readonly frames: (answer: ServedAnswer) => readonly string[];
  /** How many of the last frames say that the answer is complete. */
  readonly closingFrames: number;
  /** An error that comes after the answer began. */
  readonly error: (type: string, message: string) => string;
  /** One line that is no JSON, one that is JSON of another shape, and one that says nothing at all. */
  readonly garbage: string;
  readonly wrongShape: string;
  readonly filler: (bytes: number) => string;
};

const PIECES_MAX = 64;

/** By whole characters, five at a time; a long text in at most 64 pieces. */
function piecesOf(text: string): readonly string[] {
  const size = Math.max(5, Math.ceil(text.length / PIECES_MAX));
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, "gu")) ?? [];
}

const idOf = (call: ServedCall, place: number): string => call.id ?? `id-${place}`;

const openaiFrame = (more: object): string =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", ...more })}\n\n`;
const openaiDelta = (delta: unknown, reason: string | null = null): string =>
  openaiFrame({ choices: [{ index: 0, delta, finish_reason: reason }] });

const openai: Protocol = {
  contentType: "text/event-stream",
  frames: ({ text = "", calls = [], usage = null, finish }) => [
    openaiDelta({ role: "assistant", content: "" }),
    ...piecesOf(text).map((content) => openaiDelta({ content })),
    ...calls.flatMap((call, index) => {
      const middle = Math.floor(call.input.length / 2);
      const first = { name: call.tool, arguments: call.input.slice(0, middle) };
      return [
        openaiDelta({
          tool_calls: [{ index, id: idOf(call, index), type: "function", function: first }],
        }),
        openaiDelta({ tool_calls: [{ index, function: { arguments: call.input.slice(middle) } }] }),
      ];
    }),
    openaiDelta({}, finish ?? (calls.length > 0 ? "tool_calls" : "stop")),
    ...(usage === null
      ? []
      : [
          openaiFrame({
            choices: [],
            usage: { prompt_tokens: usage.input, completion_tokens: usage.output },
          }),
        ]),
    "data: [DONE]\n\n",
  ],
  closingFrames: 2,
  error: (type, message) => `data: ${JSON.stringify({ error: { type, message } })}\n\n`,
  garbage: "data: {not json at all\n\n",
  wrongShape: 'data: {"choices":"none"}\n\n',
  filler: (bytes) => `: ${"x".repeat(bytes)}\n\n`,
};

const anthropicFrame = (type: string, more: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

const anthropic: Protocol = {
  contentType: "text/event-stream",
  frames: ({ text = "", calls = [], usage, finish }) => {
    const block = (index: number, start: object, deltas: readonly object[]): readonly string[] => [
      anthropicFrame("content_block_start", { index, content_block: start }),
      ...deltas.map((delta) => anthropicFrame("content_block_delta", { index, delta })),
      anthropicFrame("content_block_stop", { index }),
    ];
    const counts = usage ?? { input: 1, output: 1 };
    const message = {
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      stop_reason: null,
    };
    const texts = piecesOf(text).map((piece) => ({ type: "text_delta", text: piece }));
    const reason = finish ?? (calls.length > 0 ? "tool_use" : "end_turn");
    return [
      anthropicFrame("message_start", {
        message: { ...message, usage: { input_tokens: counts.input, output_tokens: 0 } },
      }),
      anthropicFrame("ping", {}),
      ...(text === "" ? [] : block(0, { type: "text", text: "" }, texts)),
      ...calls.flatMap((call, place) => {
        const start = { type: "tool_use", id: idOf(call, place), name: call.tool, input: {} };
        return block(place + 1, start, [{ type: "input_json_delta", partial_json: call.input }]);
      }),
      anthropicFrame("message_delta", {
        delta: { stop_reason: reason === "" ? null : reason, stop_sequence: null },
        usage: { output_tokens: counts.output },
      }),
      anthropicFrame("message_stop", {}),
    ];
  },
  closingFrames: 2,
  error: (type, message) => anthropicFrame("error", { error: { type, message } }),
  garbage: openai.garbage,
  wrongShape: anthropicFrame("content_block_delta", { index: "none" }),
  filler: openai.filler,
};

const line = (more: object): string =>
  `${JSON.stringify({ model: "m", created_at: "2026-01-01T00:00:00Z", ...more })}\n`;
const said = (message: object): string =>
  line({ message: { role: "assistant", content: "", ...message }, done: false });

/** Ollama parses the arguments itself; what the model wrote that is no JSON comes as the text it was. */
function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

const ollama: Protocol = {
  contentType: "application/x-ndjson",
  frames: ({ text = "", calls = [], usage = null, finish = "stop" }) => [
    said({}),
    ...piecesOf(text).map((content) => said({ content })),
    ...calls.map((call) => {
      const named = call.id === undefined ? {} : { id: call.id };
      return said({
        tool_calls: [{ ...named, function: { name: call.tool, arguments: parsed(call.input) } }],
      });
    }),
    line({
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: finish,
      ...(usage === null ? {} : { prompt_eval_count: usage.input, eval_count: usage.output }),
    }),
  ],
  closingFrames: 1,
  error: (_type, message) => `${JSON.stringify({ error: message })}\n`,
  garbage: "{not json at all\n",
  wrongShape: '{"message":"none","done":7}\n',
  filler: (bytes) => `${" ".repeat(bytes)}\n`,
};

export function protocolOf(path: string): Protocol {
  if (path.endsWith("/api/chat")) return ollama;
  return path.endsWith("/messages") ? anthropic : openai;
}
