// Fetches a head and reads all that its review needs, before anything is begun: its files are judged, its diff and what was said
// of it are read, and at last whether it still is the head, because the forge gives a diff of whatever is the head by then.
import type { PullUnderReview, Remark } from "../../domain/pull-review.ts";
import { readReviewDiff } from "../../domain/review-diff.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Forge, PullRequest, PullRequestName, Repository } from "../../ports/forge.ts";
import type { Engine } from "../engine.ts";
import { nameOf } from "./find-review.ts";
import { keptDiff } from "./prompt.ts";

/** Fetches the head of a pull request, which is that commit, into a bare repository; FORGE_NOT_FOUND when it is not there any more. */
export type FetchCommit = (
  request: {
    readonly repository: Repository;
    readonly number: number;
    readonly commit: string;
    readonly gitDir: string;
  },
  signal: AbortSignal,
) => Promise<Result<null>>;

export type HeadRequest = {
  readonly name: PullRequestName;
  readonly pull: PullRequest;
  readonly build: string;
  /** Reasons of the rejections that counted, oldest first. */
  readonly reasons: readonly Remark[];
  readonly cycle: number;
};

export type PreparedHead =
  | { readonly kind: "ready"; readonly pullRequest: PullUnderReview; readonly tree: string }
  /** Its files cannot lie in a workspace, or there is no telling what it changes. */
  | { readonly kind: "unfit"; readonly reason: string }
  | { readonly kind: "superseded" };

type Deps = {
  readonly engine: Pick<Engine, "workspaces" | "redact">;
  readonly forge: Forge;
  readonly fetchCommit: FetchCommit;
};

export async function prepareHead(
  deps: Deps,
  request: HeadRequest,
  signal: AbortSignal,
): Promise<Result<PreparedHead>> {
  const { forge, engine } = deps;
  const { name, pull, build } = request;
  const commit = pull.headSha;
  const arrivals = await engine.workspaces.arrivals(build);
  const source = { ...name, commit, gitDir: arrivals.dir };
  const fetched = await deps.fetchCommit(source, signal);
  if (!fetched.ok) return fetched;
  const read = await readHead(deps, request, signal);
  if (!read.ok) return read;
  const now = await forge.pulls.get(name, signal);
  if (!now.ok) return now;
  if (!now.value.isOpen || now.value.headSha !== commit) return ok({ kind: "superseded" });
  const { pullRequest, isWhole } = read.value;
  if (!isWhole) return ok({ kind: "unfit", reason: "It changes more files than can be read." });
  const judged = await arrivals.judge({ commit, touched: pullRequest.touched });
  if (judged.ok) return ok({ kind: "ready", pullRequest, tree: judged.value });
  return judged.error.code === "FILE_UNFIT"
    ? ok({ kind: "unfit", reason: unfitText(judged.error) })
    : judged;
}

const unfitText = ({ message, details }: Refusal): string => {
  const { problems } = details;
  const lines = Array.isArray(problems) ? problems.map((one) => `- ${String(one)}`) : [];
  return [message, ...lines].join("\n");
};

async function readHead(
  { forge, engine }: Deps,
  { name, pull, reasons, cycle }: HeadRequest,
  signal: AbortSignal,
): Promise<Result<{ readonly pullRequest: PullUnderReview; readonly isWhole: boolean }>> {
  const diff = await forge.pulls.diff(name, signal);
  if (!diff.ok) return diff;
  const paths = await forge.pulls.changedPaths(name, signal);
  if (!paths.ok) return paths;
  const comments = await forge.issues.comments(name, signal);
  if (!comments.ok) return comments;
  const files = readReviewDiff(diff.value);
  const said = comments.value.map(({ author, body }) => ({ by: author, text: body }));
  const pullRequest: PullUnderReview = {
    repository: nameOf(name.repository),
    number: name.number,
    title: pull.title,
    author: pull.author,
    baseBranch: pull.baseBranch,
    sha: pull.headSha,
    // What either of the two says is changed.
    touched: [...new Set([...(paths.value ?? []), ...files.map(({ path }) => path)])],
    ...keptDiff(files),
    remarks: newest([...said, ...reasons]),
    cycle,
  };
  return ok({ pullRequest: engine.redact.json(pullRequest), isWhole: paths.value !== null });
}

const REMARKS_MAX = 100;
const REMARK_CHARACTERS_MAX = 4000;

const newest = (remarks: readonly Remark[]): readonly Remark[] =>
  remarks
    .slice(-REMARKS_MAX)
    .map(({ by, text }) => ({ by, text: text.slice(0, REMARK_CHARACTERS_MAX) }));
