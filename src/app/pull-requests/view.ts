// A pull request as everybody outside sees it, by command line and over HTTP; what only the loop needs is left out.
import type { Errand } from "../../domain/pull-request-errand.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";

const [OWNER, NAME] = [0, 1];

export function viewOfPullRequest(row: TrackedPullRequest) {
  const { number, title, author, headSha, baseBranch, webUrl, build, card } = row;
  const { state, round, cycles, rejections, isEscalated, isRejecting, mergeCommit } = row;
  const names = row.fullName.split("/");
  const { verification, agentReview, createdAt, updatedAt } = row;
  return {
    owner: names[OWNER] ?? "",
    repository: names[NAME] ?? "",
    number,
    title,
    author,
    headSha,
    baseBranch,
    url: webUrl,
    build,
    card,
    state,
    round,
    cycles,
    rejections,
    isEscalated,
    isRejecting,
    verification,
    agentReview,
    refusals: row.refusal?.refusals ?? [],
    mergeCommit,
    createdAt,
    updatedAt,
  };
}

export const viewOfErrand = ({ kind, about, round, state, attempts, failure }: Errand) => ({
  kind,
  about,
  round,
  state,
  attempts,
  failure,
});
