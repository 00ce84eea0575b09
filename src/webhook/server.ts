// The webhook listener: the second door, for the forge alone. Bare HTTP, because the checks begin before a framework would
// have read the body, and are made over its bytes. Every answer closes its connection: a delivery that races with the end
// of a kept one would be lost.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import type { Engine } from "../app/engine.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { EngineError } from "../domain/errors.ts";
import type { Refusal } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import { plainRefusal, PROBLEM_TYPE, toProblem } from "../http/problem.ts";
import type { BodyLimits } from "./body.ts";
import { createBodies } from "./body.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { Outcome, ReceiveDeps } from "./receive.ts";
import { receiveSigned, receiveTest } from "./receive.ts";

export type WebhookDeps = {
  readonly engine: Pick<Engine, "store" | "watcher" | "ids" | "log" | "clock">;
  readonly organization: string;
  readonly secrets: readonly string[];
  readonly perMinute: number;
  readonly test: ReceiveDeps["test"];
  /** Called after a delivery was accepted. */
  readonly wake: () => void;
  readonly limits?: Partial<WebhookLimits>;
};

export type WebhookServer = {
  readonly listen: (at: {
    readonly host: string;
    readonly port: number;
  }) => Promise<{ readonly address: string; readonly port: number }>;
  /** No new delivery from now on; those under way end, at the latest after `graceMs`. */
  readonly stop: (graceMs: number) => Promise<void>;
};

type WebhookLimits = BodyLimits & {
  readonly headerBytesMax: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** Node looks for slow senders only this often. */
  readonly checkMs: number;
  readonly connectionsMax: number;
  /** How long what is left of a refused body is thrown away, so that the answer is not lost with the connection. */
  readonly lingerMs: number;
};

export const BODY_BYTES_MAX = 8_388_608;

const LIMITS: WebhookLimits = {
  bodyBytesMax: BODY_BYTES_MAX,
  arrivingBytesMax: 134_217_728,
  headerBytesMax: 16_384,
  headersMs: 5000,
  requestMs: 15_000,
  checkMs: 500,
  connectionsMax: 1024,
  lingerMs: 2000,
};

/** How long a delivery waits for others to be stored with: a commit waits for the disk as long, and one is enough for all. */
const GATHER_MS = 2;
const REPOSITORIES_MAX = 10_000;
const STRANGERS_PER_MINUTE_MAX = 60;

const HEADERS: Readonly<Record<string, string>> = {
  connection: "close",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

type Route = {
  readonly method: "GET" | "POST";
  readonly answer: (request: IncomingMessage) => Promise<Outcome>;
};

export function createWebhookServer(deps: WebhookDeps): WebhookServer {
  const { engine } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const state = { isStopping: false };
  const gather = createGathering(engine);
  const routes = routesOf({ ...deps, gather }, limits);
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
    },
    (request, response) => {
      // What is wrong with a connection ends the reading of its body, and is no failure of the server.
      request.on("error", () => {});
      response.on("error", () => {});
      const exchange = { request, response, id: engine.ids.create("req") };
      const outcome = state.isStopping
        ? Promise.resolve<Outcome>({ ok: false, error: plainRefusal("SERVER_STOPPING") })
        : answerOf(routes, request, response);
      outcome
        .catch((error: unknown): Outcome => {
          engine.log.error({ requestId: exchange.id, error: String(error) }, "a delivery failed");
          return { ok: false, error: plainRefusal("INTERNAL") };
        })
        .then((found) => send(engine, exchange, { outcome: found, lingerMs: limits.lingerMs }))
        .catch((error: unknown) => engine.log.error({ error: String(error) }, "an answer failed"));
    },
  );
  server.maxConnections = limits.connectionsMax;
  server.on("clientError", (error, socket) => sendRaw(engine, error, socket as Socket));
  return {
    listen: async (at) => listen(server, at),
    stop: async (graceMs) => {
      state.isStopping = true;
      await stop(engine, server, graceMs);
    },
  };
}

function createGathering({ clock }: Pick<Engine, "clock">) {
  let waiting: Promise<void> | null = null;
  return async (): Promise<void> => {
    waiting ??= clock.sleep(GATHER_MS).then(() => {
      waiting = null;
    });
    await waiting;
  };
}

type Gathering = WebhookDeps & Pick<ReceiveDeps, "gather">;

function routesOf(deps: Gathering, limits: WebhookLimits): Readonly<Record<string, Route>> {
  const { engine, organization, secrets, perMinute, test, wake, gather } = deps;
  const nowMs = (): number => engine.clock.monotonic();
  const receiving: ReceiveDeps = {
    engine,
    bodies: createBodies(limits),
    secrets,
    repositories: createRateLimit({ perMinute, namesMax: REPOSITORIES_MAX, nowMs }),
    strangers: createRateLimit({ perMinute: STRANGERS_PER_MINUTE_MAX, namesMax: 1, nowMs }),
    test,
    wake,
    gather,
  };
  const health: Outcome = ok({ status: 200, body: { status: "ok", organization } });
  return {
    "/health": { method: "GET", answer: async () => health },
    "/webhook/gitea": {
      method: "POST",
      answer: async (request) => receiveSigned(receiving, request),
    },
    "/webhook/test": { method: "POST", answer: async (request) => receiveTest(receiving, request) },
  };
}

async function answerOf(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Outcome> {
  const [path = ""] = (request.url ?? "").split("?");
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { ok: false, error: plainRefusal("ROUTE_UNKNOWN") };
  if (request.method === route.method) return route.answer(request);
  response.setHeader("allow", route.method);
  return { ok: false, error: plainRefusal("METHOD_REFUSED") };
}

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
};

async function send(
  { clock }: Pick<Engine, "clock">,
  { request, response, id }: Exchange,
  { outcome, lingerMs }: { readonly outcome: Outcome; readonly lingerMs: number },
): Promise<void> {
  if (outcome === null || response.destroyed) return;
  const problem = outcome.ok ? null : toProblem(outcome.error, id);
  const text = JSON.stringify(problem ?? (outcome.ok ? outcome.value.body : {}));
  const later = outcome.ok ? undefined : outcome.error.retryAfterSeconds;
  response.writeHead(problem?.status ?? (outcome.ok ? outcome.value.status : 500), {
    ...HEADERS,
    "content-type": problem === null ? "application/json" : PROBLEM_TYPE,
    "content-length": Buffer.byteLength(text),
    ...(later === undefined ? {} : { "retry-after": String(later) }),
  });
  if (request.complete) {
    response.end(text);
    return;
  }
  // Closed with bytes unread, the connection would be reset, and the answer lost on its way.
  response.write(text);
  const over = new AbortController();
  request.once("end", () => over.abort());
  request.once("close", () => over.abort());
  request.resume();
  await clock.sleep(lingerMs, over.signal);
  response.end();
}

const RAW_CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_SLOW",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

type Busy = { readonly _httpMessage?: { readonly headersSent: boolean } | null };

/** What is no request at all, or never became one: answered on the bare socket. */
function sendRaw(
  { ids }: Pick<Engine, "ids">,
  error: Error & { readonly code?: string },
  socket: Socket,
): void {
  const isAnswering = (socket as Busy)._httpMessage?.headersSent === true;
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const refusal: Refusal = plainRefusal(RAW_CODES[error.code ?? ""] ?? "REQUEST_INVALID");
  const problem = toProblem(refusal, ids.create("req"));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_WORDS[problem.status] ?? "Bad Request"}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly address: string; readonly port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const message = `The webhook listener cannot listen on ${host}:${port} (${code}). End what uses the port, or set another with ORKET_WEBHOOK_PORT.`;
    throw new EngineError("ADDRESS_UNAVAILABLE", message, { details: { host, port, code } });
  }
  server.off("error", reject);
  const at = server.address();
  if (at === null || typeof at === "string") throw new TypeError("A port was asked for.");
  return { address: at.address, port: at.port };
}

async function stop(
  { clock }: Pick<Engine, "clock">,
  server: Server,
  graceMs: number,
): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const waited = new AbortController();
  await Promise.race([closed, clock.sleep(graceMs, waited.signal)]);
  waited.abort();
  server.closeAllConnections();
  await closed;
}
