// The git-remote port on git itself. How a call is made safe stands in call.ts; here is what is asked and what the answers mean.
import { EngineError } from "../../domain/errors.ts";
import { isBranchName, isSha } from "../../domain/forge-name.ts";
import type { Refused, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Repository } from "../../ports/forge.ts";
import type { FetchRequest, GitRemote, PushRequest, RemoteRef } from "../../ports/git-remote.ts";
import type { Answer, GitRemoteDeps } from "./call.ts";
import { callGit, refusalOf } from "./call.ts";
import { keepRef, knownRefs, requireCommit } from "./local.ts";

export function createGitRemote(deps: GitRemoteDeps): GitRemote {
  return {
    head: async (repository, ref, signal) => {
      const wanted = remoteName(ref);
      if (wanted === null) return noSuchName(repository);
      const asked = { args: ["ls-remote", "--quiet"], refs: [wanted], repository, signal };
      const answer = await callGit(deps, asked);
      if (!answer.ok) return answer;
      const { exitCode, spokeGit } = answer.value;
      if (exitCode !== 0 || !spokeGit) return refusalOf(answer.value, repository);
      return ok(lineOf(answer.value.stdout, wanted));
    },
    push: async (request, signal) => push(deps, request, signal),
    fetch: async (request, signal) => fetch(deps, request, signal),
  };
}

const noSuchName = ({ owner, name }: Repository): Refused =>
  refuse("FORGE_NOT_FOUND", `${owner}/${name} cannot have a branch or commit of that name.`);

/** A whole name, so that git looks for nothing like it; null when it is none. */
function remoteName(ref: RemoteRef): string | null {
  switch (ref.kind) {
    case "branch":
      return isBranchName(ref.name) ? `refs/heads/${ref.name}` : null;
    case "pull":
      return Number.isSafeInteger(ref.number) && ref.number > 0
        ? `refs/pull/${ref.number}/head`
        : null;
    case "sha":
      return isSha(ref.sha) ? ref.sha : null;
  }
}

/** The server may list more than was asked for. */
function lineOf(stdout: string, wanted: string): string | null {
  for (const line of stdout.split("\n")) {
    const [sha = "", name] = line.split("\t");
    if (name === wanted && isSha(sha)) return sha;
  }
  return null;
}

async function push(
  deps: GitRemoteDeps,
  { gitDir, repository, sha, branch, how }: PushRequest,
  signal: AbortSignal,
): Promise<Result<boolean>> {
  if (!isSha(sha) || !isBranchName(branch)) return noSuchName(repository);
  if (how !== "forward" && how.lease !== null && !isSha(how.lease)) return noSuchName(repository);
  await requireCommit(deps, gitDir, sha);
  const target = `refs/heads/${branch}`;
  const lease = how === "forward" ? [] : [`--force-with-lease=${target}:${how.lease ?? ""}`];
  const answer = await callGit(deps, {
    args: [
      "push",
      "--porcelain",
      "--verbose",
      "--no-progress",
      "--no-verify",
      "--no-follow-tags",
      ...lease,
    ],
    refs: [`${sha}:${target}`],
    objectsOf: gitDir,
    repository,
    signal,
  });
  return answer.ok ? readPush(answer.value, repository, branch) : answer;
}

/** One line for the one ref: a sign, from and to, and in brackets why not. */
function readPush(answer: Answer, repository: Repository, branch: string): Result<boolean> {
  const line = answer.stdout.split("\n").find((one) => one.includes(`:refs/heads/${branch}\t`));
  const name = `${branch} of ${repository.owner}/${repository.name}`;
  if (line?.startsWith("!")) {
    const isRule = line.includes("[remote rejected]");
    const message = isRule
      ? `A rule of the repository refuses the push to ${name}.`
      : `${name} is not where it was expected: somebody else pushed to it.`;
    return refuse("FORGE_CONFLICT", message, { branch, isRule });
  }
  if (answer.exitCode !== 0) return refusalOf(answer, repository);
  return ok(line === undefined || !line.startsWith("="));
}

async function fetch(
  deps: GitRemoteDeps,
  { gitDir, repository, ref, keepAs }: FetchRequest,
  signal: AbortSignal,
): Promise<Result<string>> {
  const wanted = remoteName(ref);
  if (wanted === null) return noSuchName(repository);
  if (!/^refs\/[^/]/.test(keepAs) || !isBranchName(keepAs.slice("refs/".length)))
    throw new EngineError("INTERNAL", `What is fetched cannot be kept as ${keepAs}.`);
  const answer = await callGit(deps, {
    args: [
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-auto-maintenance",
      "--no-write-commit-graph",
      "--no-recurse-submodules",
      "--refmap=",
    ],
    refs: [wanted],
    objectsOf: gitDir,
    known: await knownRefs(deps, gitDir),
    repository,
    signal,
  });
  if (!answer.ok) return answer;
  const { exitCode, fetchHead } = answer.value;
  if (exitCode !== 0 || fetchHead === null) return refusalOf(answer.value, repository);
  if (ref.kind === "sha" && fetchHead !== ref.sha) return refusalOf(answer.value, repository);
  await keepRef(deps, { gitDir, ref: keepAs, sha: fetchHead });
  return ok(fetchHead);
}
