// A model provider on loopback that speaks the real protocols over a real socket: OpenAI chat completions, Anthropic
// messages, Ollama's chat and facts. It can misbehave in every way a provider does.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turnOfLoop, setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Protocol, ServedAnswer } from "./model-server-frames.ts";
import { protocolOf } from "./model-server-frames.ts";

export type Behaviour =
  | ({
      readonly kind: "answer";
      readonly lateMs?: number;
      readonly dripMs?: number;
      /** What is waited for before the answer begins. */
      readonly after?: Promise<void>;
    } & ServedAnswer)
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The answer begins, and then comes an error event. */
  | { readonly kind: "error-event"; readonly type: string; readonly message: string }
  | { readonly kind: "silent" | "stalled" | "reset" | "cut" | "half" | "nothing" | "no-stream" }
  | { readonly kind: "garbage" | "wrong-shape" | "flood" | "bomb" };

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
  /** What `/api/show` says of a model; `null` is 404. */
  readonly show: (facts: Readonly<Record<string, unknown>> | null) => void;
  /** Resolves when the client has closed the connection of a request that was not answered to its end. */
  readonly closedByClient: () => Promise<void>;
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
};

const CLOSE_WAIT_MS = 3000;

export async function startModelServer(
  answer?: (request: ReceivedRequest) => Behaviour,
): Promise<ModelServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const closed = Promise.withResolvers<void>();
  let queue: Behaviour[] = [{ kind: "answer", text: "hello" }];
  let facts: Readonly<Record<string, unknown>> | null = { capabilities: ["completion", "tools"] };
  const server = createServer((request, response) => {
    response.on("close", () => {
      if (!response.writableFinished) closed.resolve();
    });
    readBody(request)
      .then(async (body) => {
        const received = { path: request.url ?? "", headers: request.headers, body };
        requests.push(received);
        if (received.path === "/api/show" && queue[0]?.kind === "answer")
          return serveShow(response, facts);
        const next = queue.length > 1 ? queue.shift() : queue[0];
        return serve(
          response,
          answer?.(received) ?? next ?? { kind: "silent" },
          protocolOf(received.path),
        );
      })
      .catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    behave: (...behaviours) => {
      queue = [...behaviours];
    },
    show: (next) => {
      facts = next;
    },
    closedByClient: async () =>
      Promise.race([
        closed.promise,
        pause(CLOSE_WAIT_MS, undefined, { ref: false }).then(() => {
          throw new Error("The client left its connection open.");
        }),
      ]),
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
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function serveShow(
  response: ServerResponse,
  facts: Readonly<Record<string, unknown>> | null,
): void {
  response.writeHead(facts === null ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(facts ?? { error: "model not found" }));
}

async function serve(
  response: ServerResponse,
  behaviour: Behaviour,
  protocol: Protocol,
): Promise<void> {
  const start = (headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(200, { "content-type": protocol.contentType, ...headers });
  };
  const beginning = protocol.frames({ text: "half" }).slice(0, -protocol.closingFrames).join("");
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
    case "answer":
      await pause(behaviour.lateMs ?? 0);
      await behaviour.after;
      start();
      return writeAnswer(response, protocol.frames(behaviour), behaviour.dripMs ?? 0);
    case "no-stream":
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Log in</title>");
      return;
    case "bomb":
      start({ "content-encoding": "gzip" });
      response.end(gzipSync(protocol.filler(20 * 1024 * 1024)));
      return;
    default:
      start();
      return misbehave(response, { behaviour, protocol, beginning });
  }
}

type Trouble = {
  readonly behaviour: Behaviour;
  readonly protocol: Protocol;
  readonly beginning: string;
};

async function misbehave(
  response: ServerResponse,
  { behaviour, protocol, beginning }: Trouble,
): Promise<void> {
  switch (behaviour.kind) {
    case "stalled":
      response.write(beginning);
      return;
    case "cut":
      response.write(beginning);
      await pause(20);
      response.socket?.resetAndDestroy();
      return;
    case "half":
      response.end(beginning);
      return;
    case "error-event":
      response.end(beginning + protocol.error(behaviour.type, behaviour.message));
      return;
    case "garbage":
      response.end(protocol.garbage);
      return;
    case "wrong-shape":
      response.end(protocol.wrongShape);
      return;
    case "flood":
      while (!response.destroyed) if (!response.write(protocol.filler(65_536))) await pause(1);
      return;
    default:
      response.end();
  }
}

/** Each frame is torn in two, inside a character where it has one of several bytes. */
async function writeAnswer(
  response: ServerResponse,
  frames: readonly string[],
  dripMs: number,
): Promise<void> {
  for (const frame of frames) {
    const bytes = Buffer.from(frame);
    const inside = bytes.findIndex((byte) => byte >= 0x80 && byte < 0xc0);
    const place = inside === -1 ? Math.floor(bytes.length / 2) : inside;
    response.write(bytes.subarray(0, place));
    await (dripMs === 0 ? turnOfLoop() : pause(dripMs));
    response.write(bytes.subarray(place));
  }
  response.end();
}
