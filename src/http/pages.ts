// The dashboard as the server gives it out: the built files, each known by name since the start, and its one page under every
// address that is a page of it. No path of a request ever reaches the disk.
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { RoutePolicy } from "./route.ts";

export type PageFile = { readonly path: string; readonly type: string; readonly body: Buffer };

/** What was built; null when nothing was. */
export type Pages = { readonly index: Buffer; readonly files: readonly PageFile[] } | null;

/** The addresses that the dashboard knows; whatever else is asked for is unknown. Those of `/v1` are the API's alone. */
export const PAGE_PATHS: readonly string[] = [
  "/",
  "/login",
  "/board",
  "/cards/:id",
  "/runs",
  "/runs/compare",
  "/runs/:id",
  "/runs/:id/turns/:turn",
  "/approvals",
  "/reviews",
  "/reviews/:owner/:repo/:number",
  "/sandboxes",
  "/sandboxes/:id",
  "/driver",
  "/system",
  "/system/files",
  "/system/security",
  "/system/settings",
  "/system/usage",
];

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types orket-worker",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
};

/** The name of such a file changes with its content. */
const isHashed = (path: string): boolean => path.startsWith("/assets/");

const NOT_BUILT = `The dashboard is not built.

In a checkout, build it with
  npm run build:web
and start the server again. The API under /v1 works without it.
`;

/** Reads the folder that the build wrote, once. */
export function readPages(folder: string): Pages {
  const files = namesIn(folder)
    .filter((name) => TYPES[extname(name)] !== undefined)
    .map((name) => ({
      path: `/${name.replaceAll("\\", "/")}`,
      type: TYPES[extname(name)] ?? "",
      body: readFileSync(join(folder, name)),
    }));
  const index = files.find(({ path }) => path === "/index.html")?.body;
  if (index === undefined) return null;
  return { index, files: files.filter(({ path }) => path !== "/index.html") };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const POLICY: RoutePolicy = { auth: "public", errors: [], bodyBytesMax: 0, takesTicket: false };

/** Each file is a route of its own, and so is each page: a name that nobody built leads nowhere. */
export function registerPages(app: FastifyInstance, pages: Pages): void {
  for (const path of PAGE_PATHS)
    register(app, path, (reply) =>
      pages === null
        ? reply
            .code(404)
            .type(TYPES[".txt"] ?? "")
            .send(NOT_BUILT)
        : reply
            .header("cache-control", "no-cache")
            .type(TYPES[".html"] ?? "")
            .send(pages.index),
    );
  for (const { path, type, body } of pages?.files ?? []) {
    const lifetime = isHashed(path) ? "public, max-age=31536000, immutable" : "no-cache";
    register(app, path, (reply) => reply.header("cache-control", lifetime).type(type).send(body));
  }
}

function register(
  app: FastifyInstance,
  url: string,
  answer: (reply: FastifyReply) => FastifyReply,
): void {
  app.route({
    method: "GET",
    url,
    config: { policy: POLICY },
    schema: { response: { 200: z.unknown() } },
    handler: async (_request, reply) => answer(reply.headers(HEADERS)),
  });
}
