// The table of the fake forge's API: which handler answers which call, and what a call must be allowed for it.
import type { World } from "./actions.ts";
import { issueRoutes } from "./routes-issues.ts";
import { pullRoutes } from "./routes-pulls.ts";
import { repositoryRoutes } from "./routes-repositories.ts";
import type { ApiAnswer, ApiRequest, Route } from "./route.ts";
import { fail } from "./route.ts";
import { findRepository, hasRight } from "./state.ts";

const ROUTES: readonly Route[] = [...repositoryRoutes, ...pullRoutes, ...issueRoutes];

type Asked = Omit<ApiRequest, keyof World | "named" | "repository"> & { readonly method: string };

export function answerApi(world: World, asked: Asked, parts: readonly string[]): ApiAnswer {
  for (const route of ROUTES) {
    const named = route.method === asked.method ? match(route.path, parts) : null;
    if (named === null) continue;
    return answerRoute(world, { route, named, asked });
  }
  return fail(404, "Not Found");
}

function match(pattern: string, parts: readonly string[]): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  if (wanted.length !== parts.length) return null;
  const named: Record<string, string> = {};
  for (const [index, word] of wanted.entries()) {
    const part = parts[index] ?? "";
    if (word.startsWith(":")) named[word.slice(1)] = part;
    else if (word !== part) return null;
  }
  return named;
}

type Matched = {
  readonly route: Route;
  readonly named: Readonly<Record<string, string>>;
  readonly asked: Asked;
};

function answerRoute(world: World, { route, named, asked }: Matched): ApiAnswer {
  const { actor } = asked;
  if (actor === null) return fail(401, "token is required");
  const verb = asked.method === "GET" ? "read" : "write";
  const { scopes } = actor;
  const isAllowed =
    scopes === null ||
    scopes.includes("all") ||
    scopes.includes(`write:${route.scope}`) ||
    scopes.includes(`${verb}:${route.scope}`);
  if (!isAllowed) return fail(403, `token does not have required scope: ${verb}:${route.scope}`);
  const fullName = named["owner"] === undefined ? null : `${named["owner"]}/${named["name"] ?? ""}`;
  const repository = fullName === null ? undefined : findRepository(world.state, fullName);
  if (fullName !== null && (repository === undefined || !hasRight(repository, actor, "read")))
    return fail(404, "Not Found");
  if (repository !== undefined && !hasRight(repository, actor, route.right))
    return fail(403, "Forbidden");
  return route.answer({ ...world, ...asked, actor, named, repository });
}
