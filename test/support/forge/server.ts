// The fake forge's HTTP side: who calls, what was seen of tokens, API or git, renamed names, wrong answers.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { afterPush } from "./actions.ts";
import type { World } from "./actions.ts";
import { branchesOf } from "./git.ts";
import { serveGit } from "./git-http.ts";
import type { Misbehaviours } from "./misbehave.ts";
import { misanswer } from "./misbehave.ts";
import type { ApiAnswer } from "./route.ts";
import { answerApi } from "./routes.ts";
import type { ForgeAccount, ForgeState } from "./state.ts";
import { findRepository, fullNameOf, hasRight } from "./state.ts";

export type SeenRequest = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Where a token of this forge was seen; empty when nowhere. */
  readonly tokenIn: readonly ("authorization" | "url" | "header" | "body")[];
};

export type ServerDeps = World & {
  readonly requests: SeenRequest[];
  readonly misbehaviours: Misbehaviours;
};

export function createForgeServer(deps: ServerDeps): Server {
  return createServer((request, response) => {
    handle(deps, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(JSON.stringify({ message: String(error) }));
    });
  });
}

async function handle(
  deps: ServerDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [method, path] = [request.method ?? "GET", request.url ?? "/"];
  const url = new URL(path, "http://forge.test");
  const isApi = url.pathname.startsWith("/api/v1/");
  const body = isApi ? await readBody(request) : "";
  deps.requests.push(seen(deps.state, request, body));
  const asked = { method, path, body };
  const wrong = deps.misbehaviours.take(asked);
  if (wrong !== null && wrong.when !== "after" && (await misanswer(response, asked, wrong))) return;
  const actor = actorOf(deps.state, request.headers.authorization);
  if (!isApi) return serveRepository(deps, { request, response, url, actor });
  const answer = answerCall(deps, { method, url, actor, body });
  if (wrong?.when === "after" && (await misanswer(response, asked, wrong))) return;
  send(response, answer);
}

type ApiCall = {
  readonly method: string;
  readonly url: URL;
  readonly actor: ForgeAccount | null;
  readonly body: string;
};

function answerCall(deps: ServerDeps, { method, url, actor, body }: ApiCall): ApiAnswer {
  const parts = url.pathname.slice("/api/v1/".length).split("/").map(decodeURIComponent);
  const moved = movedTo(deps.state, parts.slice(1, 3).join("/"));
  if (parts[0] === "repos" && moved !== null) {
    const rest = parts.slice(3).map(encodeURIComponent);
    const location = ["/api/v1/repos", moved, ...rest].join("/");
    return { status: 301, headers: { location: `${location}${url.search}` } };
  }
  let given: unknown = {};
  try {
    if (body !== "") given = JSON.parse(body);
  } catch {
    return { status: 422, json: { message: "invalid JSON" } };
  }
  const fields = typeof given === "object" && given !== null ? given : {};
  const asked = { method, actor, query: url.searchParams, body: { ...fields } };
  return answerApi(deps, asked, parts);
}

const movedTo = (state: ForgeState, fullName: string): string | null => {
  const id = state.renamed.get(fullName.toLowerCase());
  const found = state.repositories.find((one) => one.id === id);
  return found === undefined ? null : fullNameOf(found);
};

function send(response: ServerResponse, { status, json, text, headers = {} }: ApiAnswer): void {
  if (text !== undefined) response.writeHead(status, { "content-type": "text/plain", ...headers });
  else response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text ?? (json === undefined ? "" : JSON.stringify(json)));
}

type GitRequest = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly actor: ForgeAccount | null;
};

async function serveRepository(
  deps: ServerDeps,
  { request, response, url, actor }: GitRequest,
): Promise<void> {
  const [, fullName = "", rest = ""] =
    /^\/([^/]+\/[^/]+?)(?:\.git)?(\/.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const repository = findRepository(deps.state, fullName);
  const isPush = `${url.search}${rest}`.includes("git-receive-pack");
  const refuse = (status: number): void => {
    request.resume();
    response.writeHead(status, { "www-authenticate": 'Basic realm="Forge"' }).end();
  };
  if (repository === undefined) return refuse(404);
  if (actor === null && (isPush || repository.isPrivate)) return refuse(401);
  if (!hasRight(repository, actor, isPush ? "write" : "read")) return refuse(isPush ? 403 : 404);
  const before = branchesOf(repository.folder);
  const query = url.search.slice(1);
  const user = actor?.login ?? null;
  await serveGit(request, response, { folder: repository.folder, rest, query, user });
  if (isPush && request.method === "POST" && actor !== null)
    afterPush({ ...deps, repository, actor }, before);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** `token x`, `Bearer x`, or Basic with the token as either word. */
function actorOf(state: ForgeState, header: string | undefined): ForgeAccount | null {
  const [kind = "", value = ""] = (header ?? "").split(" ");
  const words =
    kind.toLowerCase() === "basic"
      ? Buffer.from(value, "base64").toString("utf8").split(":")
      : [value];
  return state.accounts.find((one) => words.includes(one.token)) ?? null;
}

function seen(state: ForgeState, request: IncomingMessage, body: string): SeenRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
  );
  const { authorization = "", ...others } = headers;
  const tokens = state.accounts.map(({ token }) => token);
  const holds = (text: string): boolean => tokens.some((token) => text.includes(token));
  const basic = Buffer.from(authorization.replace(/^basic /i, ""), "base64").toString("utf8");
  const tokenIn = [
    holds(authorization) || holds(basic) ? "authorization" : null,
    holds(decodeURIComponent(request.url ?? "")) ? "url" : null,
    holds(Object.values(others).join("\n")) ? "header" : null,
    holds(body) ? "body" : null,
  ] as const;
  return {
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers,
    body,
    tokenIn: tokenIn.filter((place) => place !== null),
  };
}
