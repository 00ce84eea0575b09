// Comments, issues, labels and commit statuses on the fake forge.
import {
  issueJson,
  labelJson,
  noteJson,
  pullJson,
  repositoryJson,
  statusJson,
  userJson,
} from "./json.ts";
import { shaOf } from "./git.ts";
import type { ApiAnswer, InRepository, Known, Route } from "./route.ts";
import { fail, inRepository, listOf, page, textOf } from "./route.ts";
import type { ForgeIssue, ForgeLabel } from "./state.ts";

const HERE = "repos/:owner/:name";
const issue = { scope: "issue", right: "read" } as const;

const threadOf = ({ repository, named }: InRepository) => {
  const number = Number(named["number"]);
  const pull = repository.pulls.find((one) => one.number === number);
  return { number, pull, found: pull ?? repository.issues.find((one) => one.number === number) };
};

function comments(request: InRepository): ApiAnswer {
  const { number, found } = threadOf(request);
  if (found === undefined) return fail(404, "Not Found");
  const notes = request.repository.notes.filter((note) => note.number === number);
  return page(
    request.query,
    notes.map((note) => noteJson(request.state, note)),
  );
}

function comment(request: InRepository): ApiAnswer {
  const { state, repository, actor, webhooks } = request;
  const { number, pull, found } = threadOf(request);
  const body = textOf(request.body["body"]);
  if (found === undefined) return fail(404, "Not Found");
  if (body === "") return fail(422, "[Body]: Required");
  const note = { id: state.nextId(), number, user: actor, body, at: state.now() };
  repository.notes.push(note);
  const payload = {
    action: "created",
    issue: { number, title: found.title, user: userJson(state, found.user) },
    pull_request: pull === undefined ? null : pullJson(state, repository, pull),
    comment: noteJson(state, note),
    repository: repositoryJson(state, repository, actor),
    sender: userJson(state, actor),
    is_pull: pull !== undefined,
  };
  const eventType = pull === undefined ? "issue_comment" : "pull_request_comment";
  webhooks.notify(repository, { event: "issue_comment", eventType, payload });
  return { status: 201, json: noteJson(state, note) };
}

/** Only who wrote it, or may write everything, changes it. */
function editComment({ state, repository, named, body, actor }: InRepository): ApiAnswer {
  const note = repository.notes.find(({ id }) => id === Number(named["comment"]));
  if (note === undefined) return fail(404, "Not Found");
  if (note.user.id !== actor.id) return fail(403, "Forbidden");
  note.body = textOf(body["body"]);
  return { status: 200, json: noteJson(state, note) };
}

function issues({ state, repository, query }: InRepository): ApiAnswer {
  const wanted = query.get("state") ?? "open";
  const isWanted = ({ isOpen }: { isOpen: boolean }): boolean =>
    wanted === "all" || isOpen === (wanted === "open");
  const own = repository.issues.filter(isWanted).map((one) => issueJson(state, one));
  const pulls = repository.pulls.filter(isWanted).map((one) => ({
    id: one.id,
    number: one.number,
    title: one.title,
    body: one.body,
    labels: [],
    state: one.isOpen ? "open" : "closed",
    pull_request: { merged: false },
  }));
  const all = query.get("type") === "issues" ? own : [...own, ...pulls];
  return page(
    query,
    all.toSorted((one, other) => other.number - one.number),
  );
}

/** Labels are numbers; an unknown one is dropped without a word. */
function createIssue({ state, repository, body, actor }: InRepository): ApiAnswer {
  const wanted = listOf(body["labels"]);
  const title = textOf(body["title"]);
  if (title === "" || wanted.some((id) => typeof id !== "number")) return fail(422, "invalid");
  const made: ForgeIssue = {
    id: state.nextId(),
    number: repository.pulls.length + repository.issues.length + 1,
    user: actor,
    title,
    body: textOf(body["body"]),
    isOpen: true,
    labels: repository.labels.filter(({ id }) => wanted.includes(id)),
  };
  repository.issues.push(made);
  return { status: 201, json: issueJson(state, made) };
}

const labels = ({ repository, query }: InRepository): ApiAnswer =>
  page(query, repository.labels.map(labelJson));

/** A second one of the same name is made as readily. */
function createLabel({ state, repository, body }: InRepository): ApiAnswer {
  const [name, color] = [textOf(body["name"]), textOf(body["color"])];
  if (name === "" || color === "") return fail(422, "required");
  const label: ForgeLabel = { id: state.nextId(), name, color };
  repository.labels.push(label);
  return { status: 201, json: labelJson(label) };
}

function organizationLabels({ state, named, query }: Known): ApiAnswer {
  const found = state.accounts.find((one) => one.isOrganization && one.login === named["org"]);
  return found === undefined ? fail(404, "Not Found") : page(query, []);
}

const statuses = ({ repository, named, query }: InRepository): ApiAnswer =>
  page(
    query,
    repository.statuses
      .filter(({ sha }) => sha === named["sha"])
      .toReversed()
      .map(statusJson),
  );

const STATES = ["pending", "success", "error", "failure", "warning", "skipped"];

/** Forgejo sends nothing of it. An unknown sha is a failure of the server's own. */
function createStatus(request: InRepository): ApiAnswer {
  const { state, repository, named, body, actor, webhooks } = request;
  const sha = named["sha"] ?? "";
  if (shaOf(repository.folder, sha) === null) return fail(500, "");
  const word = textOf(body["state"]);
  if (!STATES.includes(word)) return fail(422, "state");
  const status = {
    id: state.nextId(),
    sha,
    state: word,
    context: textOf(body["context"]) || "default",
    description: textOf(body["description"]),
    targetUrl: textOf(body["target_url"]),
  };
  repository.statuses.push(status);
  const payload = {
    ...statusJson(status),
    sha,
    state: word,
    sender: userJson(state, actor),
    repository: repositoryJson(state, repository, actor),
  };
  if (state.flavour === "gitea")
    webhooks.notify(repository, { event: "status", eventType: "status", payload });
  return { status: 201, json: statusJson(status) };
}

export const issueRoutes: readonly Route[] = [
  { ...issue, method: "GET", path: `${HERE}/issues`, answer: inRepository(issues) },
  { ...issue, method: "POST", path: `${HERE}/issues`, answer: inRepository(createIssue) },
  {
    ...issue,
    method: "GET",
    path: `${HERE}/issues/:number/comments`,
    answer: inRepository(comments),
  },
  {
    ...issue,
    method: "POST",
    path: `${HERE}/issues/:number/comments`,
    answer: inRepository(comment),
  },
  {
    ...issue,
    method: "PATCH",
    path: `${HERE}/issues/comments/:comment`,
    answer: inRepository(editComment),
  },
  { ...issue, method: "GET", path: `${HERE}/labels`, answer: inRepository(labels) },
  {
    ...issue,
    right: "write",
    method: "POST",
    path: `${HERE}/labels`,
    answer: inRepository(createLabel),
  },
  {
    scope: "organization",
    right: "read",
    method: "GET",
    path: "orgs/:org/labels",
    answer: organizationLabels,
  },
  {
    scope: "repository",
    right: "read",
    method: "GET",
    path: `${HERE}/statuses/:sha`,
    answer: inRepository(statuses),
  },
  {
    scope: "repository",
    right: "write",
    method: "POST",
    path: `${HERE}/statuses/:sha`,
    answer: inRepository(createStatus),
  },
];
