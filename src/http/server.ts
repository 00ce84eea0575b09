// The API's server: Fastify with the door in front, limits on everything that is read, problem+json for whatever goes wrong,
// and an orderly stop. Which routes there are stands in routes.ts; how one is added, in ARCHITECTURE.
import type { Socket } from "node:net";
import fastify from "fastify";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Engine } from "../app/engine.ts";
import type { EventFeed } from "../app/event-feed.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { EngineError } from "../domain/errors.ts";
import type { Audit } from "./audit.ts";
import type { Auth } from "./auth.ts";
import type { Door } from "./door.ts";
import { isEffectful } from "./door.ts";
import type { Pages } from "./pages.ts";
import { PAGE_PATHS, registerPages } from "./pages.ts";
import { plainRefusal, refusalOfThrown, sendProblem, toProblem } from "./problem.ts";
import { answerRaw } from "./raw-answer.ts";
import type { Route } from "./route.ts";
import { BODY_BYTES_MAX, checkRoute, registerRoute } from "./route.ts";
import type { Streams } from "./streams.ts";
import { createUpgrades } from "./upgrades.ts";

export type HttpDeps = {
  readonly engine: Pick<Engine, "clock" | "ids" | "log">;
  readonly door: Door;
  readonly audit: Audit;
  readonly routes: readonly Route[];
  readonly streams: Streams;
  readonly auth: Auth;
  readonly feed: EventFeed;
  /** The dashboard; null when it is not built, left out for a server without one. */
  readonly pages?: Pages;
  readonly limits?: Partial<Limits>;
};

export type HttpServer = {
  readonly app: FastifyInstance;
  readonly listen: (at: { readonly host: string; readonly port: number }) => Promise<Listening>;
  /** No new call from now on; streams end, then calls under way, at the latest after `graceMs`. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type Listening = { readonly address: string; readonly port: number };

type Limits = {
  readonly headerBytesMax: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** Node looks for slow senders only this often; its own 30 s would be the true limit otherwise. */
  readonly checkMs: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  readonly paramCharactersMax: number;
};

const LIMITS: Limits = {
  headerBytesMax: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 500,
  keepAliveMs: 5000,
  connectionsMax: 2048,
  paramCharactersMax: 200,
};

const HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export async function createHttpServer(deps: HttpDeps): Promise<HttpServer> {
  const state = { isStopping: false };
  const app = createApp(deps);
  app.addHook("onRequest", async (request, reply) => enter(deps, state, { request, reply }));
  app.addHook("preHandler", async (request) => noteUse(deps.audit, request));
  app.setErrorHandler<FastifyError>(async (error, request, reply) =>
    sendThrown(deps, error, { request, reply }),
  );
  const paths = deps.pages === undefined ? [] : PAGE_PATHS;
  const known = [...deps.routes, ...paths.map((path) => ({ method: "GET", path }))];
  app.setNotFoundHandler(async (request, reply) => sendUnrouted(known, request, reply));
  for (const one of deps.routes) registerRoute(app, one);
  if (deps.pages !== undefined) registerPages(app, deps.pages);
  const isStopping = (): boolean => state.isStopping;
  app.server.on("upgrade", createUpgrades({ ...deps, headers: HEADERS, isStopping }));
  await app.ready();
  return {
    app,
    listen: async (at) => listen(app, at),
    stop: async (graceMs) => {
      state.isStopping = true;
      deps.streams.closeAll();
      const waited = new AbortController();
      const late = deps.engine.clock.sleep(graceMs, waited.signal);
      const closed = app.close();
      await Promise.race([closed, late]);
      app.server.closeAllConnections();
      await closed;
      waited.abort();
    },
  };
}

function createApp({ engine, door, audit, limits: own = {} }: HttpDeps): FastifyInstance {
  const limits = { ...LIMITS, ...own };
  const app = fastify({
    logger: false,
    genReqId: () => engine.ids.create("req"),
    requestIdHeader: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: "idle",
    // Stopping is answered by the door, in the one shape of errors.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: limits.paramCharactersMax },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
    },
    clientErrorHandler: (error, socket) => sendRaw(engine, error, socket),
    // A path that cannot be decoded never gets to the hooks; it passes the same door here.
    frameworkErrors: (error, request, reply) => {
      const exchange = { request, reply };
      enter({ door, audit }, { isStopping: false }, exchange)
        .then(async (sent) => sent ?? sendThrown({ engine }, error, exchange))
        .catch(async (failure: unknown) => sendThrown({ engine }, failure, exchange));
    },
  });
  app.server.maxConnections = limits.connectionsMax;
  app.decorateRequest("caller", null);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    // A key that would change a prototype is refused, not dropped.
    app.getDefaultJsonParser("error", "error"),
  );
  app.addHook("onRoute", checkRoute);
  return app;
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };
type State = { readonly isStopping: boolean };

/** Gives the reply when it was refused and sent. */
async function enter(
  { door, audit }: Pick<HttpDeps, "door" | "audit">,
  { isStopping }: State,
  { request, reply }: Exchange,
): Promise<FastifyReply | undefined> {
  reply.headers(HEADERS);
  if (isStopping)
    return sendProblem(reply.header("connection", "close"), plainRefusal("SERVER_STOPPING"));
  const entered = await door.enter(request.raw, request.routeOptions?.config?.policy ?? null);
  if (entered.ok) {
    request.caller = entered.value;
    return undefined;
  }
  await audit.refused(request, entered.error.code);
  // What else a refused caller sends is not read.
  if (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"])
    reply.header("connection", "close");
  return sendProblem(reply, entered.error);
}

/** Before the work: what cannot be written down is not done. */
async function noteUse(audit: Audit, request: FastifyRequest): Promise<void> {
  const { caller } = request;
  if (caller === null || !isEffectful(request.raw) || request.is404) return;
  await audit.used(request, caller);
}

async function sendThrown(
  { engine }: { readonly engine: Pick<Engine, "log"> },
  error: unknown,
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  const refusal = refusalOfThrown(error) ?? plainRefusal("INTERNAL");
  if (error instanceof EngineError || refusal.code === "INTERNAL") {
    const { code } = refusal;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    engine.log.error({ requestId: request.id, code, error: detail }, "a call failed");
  }
  return sendProblem(reply, refusal);
}

/** Other methods on a path that is one are told apart from no path at all. */
async function sendUnrouted(
  routes: readonly { readonly method: string; readonly path: string }[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [path = ""] = request.url.split("?");
  const methods = routes.filter((one) => patternOf(one.path).test(path)).map((one) => one.method);
  if (methods.length === 0) return sendProblem(reply, plainRefusal("ROUTE_UNKNOWN"));
  const allow = methods.toSorted().join(", ");
  return sendProblem(reply.header("allow", allow), plainRefusal("METHOD_REFUSED"));
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);

const RAW_CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_SLOW",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
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
  const code = RAW_CODES[error.code ?? ""] ?? "REQUEST_INVALID";
  const problem = toProblem(plainRefusal(code), ids.create("req"));
  answerRaw(socket, problem, HEADERS);
}

async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const message = `The server cannot listen on ${host}:${port} (${code}). End what uses the port, or set another with ORKET_PORT.`;
    throw new EngineError("ADDRESS_UNAVAILABLE", message, { details: { host, port, code } });
  }
  const at = app.server.address();
  if (at === null || typeof at === "string") throw new TypeError("A port was asked for.");
  return { address: at.address, port: at.port };
}
