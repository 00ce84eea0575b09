// Accounts, repositories, branches, hooks and protections on the fake forge.
import { pushPayload } from "./actions.ts";
import { git, shaOf } from "./git.ts";
import { hookJson, repositoryJson, userJson } from "./json.ts";
import { makeRepository } from "./make-repository.ts";
import type { ApiAnswer, InRepository, Known, Route } from "./route.ts";
import { fail, inRepository, listOf, page, textOf } from "./route.ts";
import type { ForgeAccount, ForgeHook, ForgeProtection } from "./state.ts";
import { findRepository } from "./state.ts";

const HERE = "repos/:owner/:name";
const repo = { scope: "repository", right: "read" } as const;
const admin = { scope: "repository", right: "admin" } as const;

function createIn({ state, actor, body }: Known, owner: ForgeAccount): ApiAnswer {
  const name = textOf(body["name"]);
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name)) return fail(422, "name");
  if (findRepository(state, `${owner.login}/${name}`) !== undefined) return fail(409, "exists");
  const made = makeRepository(state, { owner, name, isPrivate: body["private"] === true });
  made.rights.set(actor.login, "admin");
  return { status: 201, json: repositoryJson(state, made, actor) };
}

function createForOrganization(request: Known): ApiAnswer {
  const owner = request.state.accounts.find(
    (one) => one.isOrganization && one.login === request.named["org"],
  );
  return owner === undefined ? fail(404, "Not Found") : createIn(request, owner);
}

function branch({ repository, named }: InRepository): ApiAnswer {
  const sha = shaOf(repository.folder, `refs/heads/${named["branch"] ?? ""}`);
  if (sha === null) return fail(404, "Not Found");
  return { status: 200, json: { name: named["branch"], commit: { id: sha } } };
}

function commit({ repository, named }: InRepository): ApiAnswer {
  const sha = shaOf(repository.folder, named["sha"] ?? "");
  if (sha === null) return fail(404, "Not Found");
  const tree = git(repository.folder, ["rev-parse", `${sha}^{tree}`]).trim();
  return { status: 200, json: { sha, commit: { tree: { sha: tree } } } };
}

/** Off unless it is said, and a second one of the same address is made as readily. */
function createHook({ state, repository, body }: InRepository): ApiAnswer {
  const config = (body["config"] ?? {}) as Readonly<Record<string, unknown>>;
  const url = textOf(config["url"]);
  const isKnown = body["type"] === "gitea" || body["type"] === state.flavour;
  if (url === "" || textOf(config["content_type"]) === "" || !isKnown) return fail(422, "config");
  const asked = listOf(body["events"]).map(textOf);
  const hook: ForgeHook = {
    id: state.nextId(),
    url,
    secret: textOf(config["secret"]),
    isActive: body["active"] === true,
    events: asked.length === 0 ? ["push"] : asked,
  };
  repository.hooks.push(hook);
  return { status: 201, json: hookJson(hook) };
}

function testHook(request: InRepository): ApiAnswer {
  const { repository, named, webhooks } = request;
  const hook = repository.hooks.find(({ id }) => String(id) === named["hook"]);
  if (hook === undefined) return fail(404, "Not Found");
  const sha = shaOf(repository.folder, repository.defaultBranch) ?? "0".repeat(40);
  const ref = `refs/heads/${repository.defaultBranch}`;
  const payload = pushPayload(request, { ref, before: sha, after: sha });
  webhooks.sendTo(hook, { event: "push", eventType: "push", payload });
  return { status: 204 };
}

function dropHook({ repository, named }: InRepository): ApiAnswer {
  const at = repository.hooks.findIndex(({ id }) => String(id) === named["hook"]);
  if (at < 0) return fail(404, "Not Found");
  repository.hooks.splice(at, 1);
  return { status: 204 };
}

function protect({ repository, body }: InRepository): ApiAnswer {
  const name = textOf(body["rule_name"]);
  if (repository.protections.some((one) => one.rule_name === name)) return fail(403, "exists");
  const rule: ForgeProtection = { ...body, rule_name: name };
  repository.protections.push(rule);
  return { status: 201, json: rule };
}

export const repositoryRoutes: readonly Route[] = [
  {
    scope: "user",
    right: "read",
    method: "GET",
    path: "user",
    answer: ({ state, actor }) => ({
      status: 200,
      json: userJson(state, actor),
    }),
  },
  {
    ...repo,
    method: "GET",
    path: "version",
    answer: ({ state: { flavour } }) => ({
      status: 200,
      json: { version: flavour === "gitea" ? "1.25.5" : "15.0.3+gitea-1.22.0" },
    }),
  },
  {
    scope: "user",
    right: "read",
    method: "POST",
    path: "user/repos",
    answer: (request) => createIn(request, request.actor),
  },
  {
    scope: "organization",
    right: "read",
    method: "POST",
    path: "orgs/:org/repos",
    answer: createForOrganization,
  },
  {
    ...repo,
    method: "GET",
    path: HERE,
    answer: inRepository(({ state, repository, actor }) => ({
      status: 200,
      json: repositoryJson(state, repository, actor),
    })),
  },
  { ...repo, method: "GET", path: `${HERE}/branches/:branch`, answer: inRepository(branch) },
  { ...repo, method: "GET", path: `${HERE}/git/commits/:sha`, answer: inRepository(commit) },
  {
    ...admin,
    method: "GET",
    path: `${HERE}/hooks`,
    answer: inRepository(({ repository, query }) => page(query, repository.hooks.map(hookJson))),
  },
  { ...admin, method: "POST", path: `${HERE}/hooks`, answer: inRepository(createHook) },
  { ...admin, method: "DELETE", path: `${HERE}/hooks/:hook`, answer: inRepository(dropHook) },
  { ...admin, method: "POST", path: `${HERE}/hooks/:hook/tests`, answer: inRepository(testHook) },
  { ...admin, method: "POST", path: `${HERE}/branch_protections`, answer: inRepository(protect) },
  {
    ...admin,
    method: "GET",
    path: `${HERE}/branch_protections`,
    answer: inRepository(({ repository }) => ({
      status: 200,
      json: repository.protections,
    })),
  },
];
