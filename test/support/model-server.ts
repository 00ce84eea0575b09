// A model provider on loopback that speaks the real protocols over a real socket: OpenAI chat completions and Anthropic
// messages as event streams, and Ollama's facts about a model. It can misbehave in every way a provider does.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type ServedCall = { readonly tool: string; readonly input: string };

export type Behaviour =
  | {
      readonly kind: "answer";
      readonly text?: string;
      readonly calls?: readonly ServedCall[];
      readonly usage?: { readonly input: number; readonly output: number } | null;
      readonly finish?: string;
      readonly pauseMs?: number;
    }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "silent" | "reset" | "half" | "garbage" | "flood" | "wrong-shape" };

export type ReceivedRequest = {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
};

export type ModelServer = {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** How each next request is answered; the last one stays. */
  readonly behave: (...behaviours: readonly Behaviour[]) => void;
  /** Resolves when the client has closed the connection of a request that was not answered. */
  readonly closedByClient: () => Promise<void>;
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
};

type Dialect = "openai" | "anthropic";

export async function startModelServer(
  answer?: (request: ReceivedRequest) => Behaviour,
): Promise<ModelServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let queue: Behaviour[] = [{ kind: "answer", text: "hello" }];
  let noteClose = (): void => {};
  const closed = new Promise<void>((resolve) => {
    noteClose = resolve;
  });
  const server: Server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) noteClose();
    });
    readBody(request)
      .then((body) => {
        const received = { path: request.url ?? "", headers: request.headers, body };
        if (received.path === "/api/show") return show(response, body);
        requests.push(received);
        const behaviour = answer?.(received) ?? (queue.length > 1 ? queue.shift() : queue[0]);
        return serve(
          response,
          behaviour ?? { kind: "silent" },
          received.path.endsWith("/messages") ? "anthropic" : "openai",
        );
      })
      .catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave: (...behaviours) => {
      queue = [...behaviours];
    },
    closedByClient: async () => closed,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
}

function show(response: ServerResponse, { model }: Record<string, unknown>): void {
  if (model === "missing") {
    response
      .writeHead(404, { "content-type": "application/json" })
      .end('{"error":"model not found"}');
    return;
  }
  const capabilities = model === "plain" ? ["completion"] : ["completion", "tools"];
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ capabilities, model_info: { "llama.context_length": 8192 } }));
}

async function serve(
  response: ServerResponse,
  behaviour: Behaviour,
  dialect: Dialect,
): Promise<void> {
  const start = (): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
  };
  switch (behaviour.kind) {
    case "silent":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "status":
      response.writeHead(behaviour.status, {
        "content-type": "application/json",
        ...behaviour.headers,
      });
      response.end(behaviour.body ?? '{"error":{"message":"no","type":"test"}}');
      return;
    case "garbage":
      start();
      response.end("data: {not json at all\n\ndata: ]]]\n\n");
      return;
    case "wrong-shape":
      start();
      response.end('data: {"choices":"none","type":7}\n\n');
      return;
    case "half":
      start();
      response.write(frames(dialect, { kind: "answer", text: "half" })[0]);
      response.write(frames(dialect, { kind: "answer", text: "half" })[1]);
      response.end();
      return;
    case "flood":
      start();
      while (!response.destroyed) {
        if (!response.write(`: ${"x".repeat(65_536)}\n\n`))
          await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return;
    case "answer":
      start();
      for (const frame of frames(dialect, behaviour)) {
        // Cut at every byte position in turn, so that no character arrives in one piece by luck.
        const bytes = Buffer.from(frame);
        const middle = Math.floor(bytes.length / 2);
        response.write(bytes.subarray(0, middle));
        await new Promise((resolve) => setTimeout(resolve, behaviour.pauseMs ?? 0));
        response.write(bytes.subarray(middle));
      }
      response.end();
  }
}

type Answer = Extract<Behaviour, { kind: "answer" }>;

const frames = (dialect: Dialect, answer: Answer): readonly string[] =>
  dialect === "anthropic" ? anthropicFrames(answer) : openaiFrames(answer);

function openaiFrames({ text = "", calls = [], usage, finish }: Answer): readonly string[] {
  const frame = (delta: unknown, reason: string | null = null): string =>
    `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
  const pieces = text.match(/[\s\S]{1,5}/gu) ?? [];
  const toolFrames = calls.map(({ tool, input }, index) =>
    frame({
      tool_calls: [
        { index, id: `id-${index}`, type: "function", function: { name: tool, arguments: input } },
      ],
    }),
  );
  const counted =
    usage === null || usage === undefined
      ? []
      : [
          `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage: { prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output } })}\n\n`,
        ];
  return [
    frame({ role: "assistant", content: "" }),
    ...pieces.map((content) => frame({ content })),
    ...toolFrames,
    frame({}, finish ?? (calls.length > 0 ? "tool_calls" : "stop")),
    ...counted,
    "data: [DONE]\n\n",
  ];
}

function anthropicFrames({ text = "", calls = [], usage, finish }: Answer): readonly string[] {
  const frame = (type: string, rest: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
  const counts = usage ?? { input: 1, output: 1 };
  const message = {
    id: "m",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
  const pieces = text.match(/[\s\S]{1,5}/gu) ?? [];
  const textFrames =
    text === ""
      ? []
      : [
          frame("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
          ...pieces.map((piece) =>
            frame("content_block_delta", { index: 0, delta: { type: "text_delta", text: piece } }),
          ),
          frame("content_block_stop", { index: 0 }),
        ];
  const toolFrames = calls.flatMap(({ tool, input }, place) => {
    const index = place + 1;
    return [
      frame("content_block_start", {
        index,
        content_block: { type: "tool_use", id: `id-${place}`, name: tool, input: {} },
      }),
      frame("content_block_delta", {
        index,
        delta: { type: "input_json_delta", partial_json: input },
      }),
      frame("content_block_stop", { index }),
    ];
  });
  const reason = finish ?? (calls.length > 0 ? "tool_use" : "end_turn");
  return [
    frame("message_start", {
      message: { ...message, usage: { input_tokens: counts.input, output_tokens: 0 } },
    }),
    ...textFrames,
    ...toolFrames,
    frame("message_delta", {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: counts.output },
    }),
    frame("message_stop", {}),
  ];
}
