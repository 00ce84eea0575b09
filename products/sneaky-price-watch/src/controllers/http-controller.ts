// The web page and the API. Whoever reaches the port may use them, so by default that is this machine alone; elsewhere they only
// show. Pages of other sites are kept out of both: a foreign Host is one that leads here by a trick of names (DNS rebinding), a
// foreign Origin one that sends what its reader did not ask for.
import { readFileSync } from "node:fs";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Fastify from "fastify";
import { z } from "zod";
import type { OverviewManager } from "../managers/overview-manager.ts";
import type { WatchManager } from "../managers/watch-manager.ts";
import type { Settings } from "../schemas/settings.ts";
import { newWatchSchema } from "../schemas/watch.ts";
import type { Markup } from "../utils/markup.ts";
import { toHtml } from "../utils/markup.ts";
import { viewList, viewMissing, viewOne } from "./page-view.ts";

type HttpDeps = {
  readonly watches: WatchManager;
  readonly overviews: OverviewManager;
  readonly settings: Pick<Settings, "listen" | "hostNames">;
  /** Ends readings that a caller waits for. */
  readonly signal: AbortSignal;
};

const BODY_MAX = 16 * 1024;
const CHECKS_MAX = 2;
const REQUEST_MS = 10_000;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const STYLE = readFileSync(new URL("./style.css", import.meta.url), "utf8");
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

export function createHttpController(deps: HttpDeps): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_MAX,
    requestTimeout: REQUEST_MS,
    connectionTimeout: 120_000,
    routerOptions: { maxParamLength: 64 },
    forceCloseConnections: true,
  });
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    const closed = refuse(request, deps.settings);
    if (closed !== null) return reply.code(closed.status).send({ error: closed.error });
    return undefined;
  });
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // What broke inside is nobody's business outside.
    return reply
      .code(status)
      .send({ error: status < 500 ? error.message : "That went wrong here." });
  });
  app.setNotFoundHandler((request, reply) =>
    request.url.startsWith("/api/")
      ? reply.code(404).send({ error: "There is no such thing." })
      : page(reply.code(404), viewMissing()),
  );
  addPages(app, deps);
  addApi(app, deps);
  return app;
}

function addPages(app: FastifyInstance, { overviews }: HttpDeps): void {
  app.get("/health", () => ({ status: "ok" }));
  app.get("/style.css", (_request, reply) => reply.type("text/css; charset=utf-8").send(STYLE));
  app.get("/", (_request, reply) => page(reply, viewList(overviews.listOverviews())));
  app.get<{ Params: { id: string } }>("/watches/:id", ({ params }, reply) => {
    const overview = overviews.findOverview(params.id);
    return overview === null
      ? page(reply.code(404), viewMissing())
      : page(reply, viewOne(overview));
  });
}

function addApi(app: FastifyInstance, { watches, signal }: HttpDeps): void {
  type One = { Params: { id: string } };
  const missing = (reply: FastifyReply): FastifyReply =>
    reply.code(404).send({ error: "There is no such watch." });
  let checks = 0;
  app.get("/api/watches", () => watches.listWatches());
  app.post("/api/watches", ({ body }, reply) => {
    const parsed = newWatchSchema.safeParse(body);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    const added = watches.addWatch(parsed.data);
    return added.ok
      ? reply.code(201).send(added.value)
      : reply.code(409).send({ error: added.error });
  });
  app.get<One>(
    "/api/watches/:id",
    ({ params }, reply) => watches.findHistory(params.id) ?? missing(reply),
  );
  app.delete<One>("/api/watches/:id", ({ params }, reply) =>
    watches.removeWatch(params.id) ? reply.code(204).send() : missing(reply),
  );
  app.post<One>("/api/watches/:id/check", async ({ params }, reply) => {
    if (checks >= CHECKS_MAX)
      return reply.code(503).send({ error: "Other pages are being read: ask again in a minute." });
    checks += 1;
    try {
      return (await watches.pollNow(params.id, signal)) ?? missing(reply);
    } finally {
      checks -= 1;
    }
  });
}

const page = (reply: FastifyReply, markup: Markup): FastifyReply =>
  reply.type("text/html; charset=utf-8").send(toHtml(markup));

type Closed = { readonly status: number; readonly error: string };

function refuse(
  { headers, method }: FastifyRequest,
  { listen, hostNames }: HttpDeps["settings"],
): Closed | null {
  const [, name] = /^(\[[0-9a-f:]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.exec(headers.host ?? "") ?? [];
  if (name === undefined || ![...LOOPBACK, listen, ...hostNames].includes(name.toLowerCase()))
    return { status: 421, error: "This server is not known by that name: --host-name adds one." };
  const { origin } = headers;
  const isForeign =
    origin !== undefined &&
    origin !== `http://${headers.host}` &&
    origin !== `https://${headers.host}`;
  if (isForeign) return { status: 403, error: "Another site's page may not ask here." };
  const isLocal = ["localhost", "127.0.0.1", "::1"].includes(listen);
  if (method !== "GET" && method !== "HEAD" && !isLocal)
    return { status: 403, error: "Beyond loopback nothing can be changed: use the command line." };
  return null;
}
