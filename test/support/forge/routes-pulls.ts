// Pull requests, their reviews and merges on the fake forge.
import { addReview, mergePull, openPull, setOpen } from "./actions.ts";
import { git, shaOf } from "./git.ts";
import { hasNoConflict, isDraft, pullJson, reviewJson } from "./json.ts";
import type { ApiAnswer, InRepository, OnPull, Route } from "./route.ts";
import { fail, inRepository, listOf, onPull, page, textOf } from "./route.ts";
import { hasRight } from "./state.ts";

const PULLS = "repos/:owner/:name/pulls";
const ONE = `${PULLS}/:number`;
const common = { scope: "repository", right: "read" } as const;

function list({ state, repository, query }: InRepository): ApiAnswer {
  const wanted = query.get("state") ?? "open";
  const found = repository.pulls
    .filter(({ isOpen }) => wanted === "all" || isOpen === (wanted === "open"))
    .toSorted((one, other) => other.updatedAt.localeCompare(one.updatedAt));
  return page(
    query,
    found.map((pull) => pullJson(state, repository, pull)),
  );
}

function create(request: InRepository): ApiAnswer {
  const { repository, body, state } = request;
  const [head, base] = [textOf(body["head"]), textOf(body["base"])];
  const hasBoth = [head, base].every((ref) => shaOf(repository.folder, `refs/heads/${ref}`));
  if (textOf(body["title"]) === "" || head === "" || base === "") return fail(422, "required");
  if (!hasBoth) return fail(404, "Not Found");
  if (repository.pulls.some((one) => one.isOpen && one.head === head && one.base === base))
    return fail(409, "pull request already exists for these targets");
  const pull = openPull(request, {
    title: textOf(body["title"]),
    body: textOf(body["body"]),
    head,
    base,
  });
  return { status: 201, json: pullJson(state, repository, pull) };
}

function edit(request: OnPull): ApiAnswer {
  const { state, repository, pull, body, actor } = request;
  if (actor.id !== pull.user.id && !hasRight(repository, actor, "write"))
    return fail(403, "Forbidden");
  const wanted = body["state"];
  if (wanted !== undefined && wanted !== "open" && wanted !== "closed")
    return fail(412, "unknown state");
  if (wanted !== undefined && pull.mergeCommit !== null) return fail(412, "merged already");
  if (typeof body["title"] === "string") pull.title = body["title"];
  if (typeof body["body"] === "string") pull.body = body["body"];
  if (wanted !== undefined) setOpen(request, pull, wanted === "open");
  return { status: 201, json: pullJson(state, repository, pull) };
}

function read({ state, repository, pull }: OnPull): ApiAnswer {
  const json = pullJson(state, repository, pull);
  if (pull.checksLeft > 0) pull.checksLeft -= 1;
  return { status: 200, json };
}

const range = ({ pull }: OnPull): readonly [string, string] => [
  pull.mergeCommit === null ? `refs/heads/${pull.base}` : `${pull.mergeCommit}^`,
  pull.headSha,
];

function diff(request: InRepository): ApiAnswer {
  const number = /^(\d+)\.diff$/.exec(request.named["file"] ?? "")?.[1];
  const pull = request.repository.pulls.find((one) => String(one.number) === number);
  if (pull === undefined) return fail(404, "Not Found");
  const [base, head] = range({ ...request, pull });
  return { status: 200, text: git(request.repository.folder, ["diff", `${base}...${head}`]) };
}

const WORDS: Readonly<Record<string, string>> = { A: "added", M: "changed", D: "deleted" };

function files(request: OnPull): ApiAnswer {
  const [base, head] = range(request);
  const args = ["diff", "-M", "--name-status", "-z", `${base}...${head}`];
  const words = git(request.repository.folder, args).split("\0");
  const found: object[] = [];
  for (let at = 0; at + 1 < words.length;) {
    const kind = (words[at] ?? "").slice(0, 1);
    const isRename = kind === "R" || kind === "C";
    const [first, second] = [words[at + 1], words[at + 2]];
    found.push(
      isRename
        ? { filename: second, previous_filename: first, status: "renamed" }
        : { filename: first, status: WORDS[kind] ?? "changed" },
    );
    at += isRename ? 3 : 2;
  }
  const hasMore = Number(request.query.get("page") ?? 1) * 50 < found.length;
  return page(request.query, found, { "x-hasmore": String(hasMore) });
}

/** A pending review is shown to its author alone. */
function reviews({ state, pull, query, actor }: OnPull): ApiAnswer {
  const shown = pull.reviews
    .filter((one) => one.state !== "PENDING" || one.user.id === actor.id)
    .map((one) => reviewJson(state, one));
  return query.has("page")
    ? page(query, shown)
    : { status: 200, json: shown, headers: { "x-total-count": String(shown.length) } };
}

const STATES = ["APPROVED", "REQUEST_CHANGES", "COMMENT"];

/** A word that is not known makes a pending review without a word. */
function review(request: OnPull): ApiAnswer {
  const { pull, body, actor, state } = request;
  const event = textOf(body["event"]);
  const given = STATES.includes(event) ? event : "PENDING";
  const isVerdict = given === "APPROVED" || given === "REQUEST_CHANGES";
  const comments = listOf(body["comments"]).map((one) => {
    const row = one as Readonly<Record<string, unknown>>;
    return {
      path: textOf(row["path"]),
      body: textOf(row["body"]),
      newPosition: Number(row["new_position"] ?? 0),
      oldPosition: Number(row["old_position"] ?? 0),
    };
  });
  const text = textOf(body["body"]);
  if (isVerdict && actor.id === pull.user.id) return fail(422, "your own pull is not allowed");
  if (given === "REQUEST_CHANGES" && text === "") return fail(422, "review needs a body");
  if (given === "COMMENT" && text === "" && comments.length === 0) return fail(422, "empty");
  if (isVerdict && !pull.isOpen && state.flavour === "gitea") return fail(422, "closed");
  const asked = textOf(body["commit_id"]);
  const commit = asked === "" ? pull.headSha : asked;
  const made = addReview(request, pull, { state: given, body: text, commit, comments });
  return { status: 200, json: reviewJson(state, made) };
}

function dropReview({ pull, named, actor }: OnPull): ApiAnswer {
  const at = pull.reviews.findIndex(({ id }) => String(id) === named["review"]);
  if (at < 0) return fail(404, "Not Found");
  if (pull.reviews[at]?.user.id !== actor.id) return fail(403, "Forbidden");
  pull.reviews.splice(at, 1);
  return { status: 204 };
}

function reviewComments({ pull, named }: OnPull): ApiAnswer {
  const found = pull.reviews.find(({ id }) => String(id) === named["review"]);
  if (found === undefined) return fail(404, "Not Found");
  const json = found.comments.map(({ path, body, newPosition }, index) => ({
    id: found.id * 1e3 + index,
    path,
    body,
    position: newPosition,
  }));
  return { status: 200, json };
}

/** 405 and 409 as the real ones give them; the first reason counts. */
function whyNot({ repository, pull, body, state }: OnPull): ApiAnswer | null {
  const style = textOf(body["Do"]);
  if (style === "") return fail(422, "Do is required");
  if (repository.isArchived) return fail(423, "archived");
  if (pull.mergeCommit !== null)
    return fail(state.flavour === "forgejo" ? 409 : 405, "already merged");
  if (!pull.isOpen) return fail(404, "Not Found");
  if (pull.checksLeft > 0) {
    pull.checksLeft -= 1;
    return fail(405, "Please try again later");
  }
  if (isDraft(pull)) return fail(405, "Work in progress PRs cannot be merged");
  const pinned = textOf(body["head_commit_id"]);
  if (pinned !== "" && pinned !== pull.headSha) return fail(409, "head out of date");
  if (!repository.styles.includes(style)) return fail(405, "style not allowed");
  if (!hasNoConflict(repository, pull)) return fail(409, "conflict");
  return isProtectedFrom(repository, pull) ? fail(405, "protected branch") : null;
}

function isProtectedFrom(
  { protections, statuses }: OnPull["repository"],
  pull: OnPull["pull"],
): boolean {
  const rule = protections.find((one) => one.rule_name === pull.base);
  if (rule === undefined) return false;
  const counting = pull.reviews.filter((one) => one.official && !one.dismissed);
  const approvals = counting.filter((one) => one.state === "APPROVED" && !one.stale).length;
  if (approvals < Number(rule["required_approvals"] ?? 0)) return true;
  if (
    rule["block_on_rejected_reviews"] === true &&
    counting.some((one) => one.state === "REQUEST_CHANGES")
  )
    return true;
  if (rule["enable_status_check"] !== true) return false;
  return listOf(rule["status_check_contexts"]).some((context) => {
    const newest = statuses.findLast((one) => one.sha === pull.headSha && one.context === context);
    return newest?.state !== "success";
  });
}

function merge(request: OnPull): ApiAnswer {
  const refused = whyNot(request);
  if (refused !== null) return refused;
  const { body, pull } = request;
  const title = textOf(body["MergeTitleField"]) || `Merge pull request #${pull.number}`;
  const message = `${title}\n\n${textOf(body["MergeMessageField"])}`;
  const isDone = mergePull(request, pull, { style: textOf(body["Do"]), message });
  return isDone ? { status: 200 } : fail(409, "conflict");
}

export const pullRoutes: readonly Route[] = [
  { ...common, method: "GET", path: PULLS, answer: inRepository(list) },
  { ...common, method: "POST", path: PULLS, answer: inRepository(create) },
  { ...common, method: "PATCH", path: ONE, answer: onPull(edit) },
  {
    ...common,
    method: "GET",
    path: ONE,
    answer: (request) =>
      (request.named["number"] ?? "").endsWith(".diff")
        ? inRepository(diff)({
            ...request,
            named: { ...request.named, file: request.named["number"] ?? "" },
          })
        : onPull(read)(request),
  },
  { ...common, method: "GET", path: `${ONE}/files`, answer: onPull(files) },
  { ...common, method: "GET", path: `${ONE}/reviews`, answer: onPull(reviews) },
  { ...common, method: "POST", path: `${ONE}/reviews`, answer: onPull(review) },
  { ...common, method: "DELETE", path: `${ONE}/reviews/:review`, answer: onPull(dropReview) },
  {
    ...common,
    method: "GET",
    path: `${ONE}/reviews/:review/comments`,
    answer: onPull(reviewComments),
  },
  { ...common, right: "write", method: "POST", path: `${ONE}/merge`, answer: onPull(merge) },
];
