// After a merge: the merged commit is fetched into a workspace of its own, its stack read from the repository, and a sandbox
// brought up of exactly that. Later, that sandbox is taken down. What is said on the pull request is not here.
import type { Json } from "../../domain/json.ts";
import type { StackFile } from "../../domain/product-stack.ts";
import {
  productStack,
  STACK_FILE_BYTES_MAX,
  STACK_FILES,
  unfit,
} from "../../domain/product-stack.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { sandboxIdOf } from "../../domain/sandbox-id.ts";
import type { Repository } from "../../ports/forge.ts";
import type { RemoteRef } from "../../ports/git-remote.ts";
import type { Arrivals } from "../../ports/workspace.ts";
import type { Engine } from "../engine.ts";
import type { DeployDeps } from "../sandboxes/deploy.ts";
import { deploySandbox } from "../sandboxes/deploy.ts";
import { stopSandbox } from "../sandboxes/stop.ts";
import { assetRefusal } from "../start-run.ts";
import type { DeployMerge, DeployOutcome, DeployRequest, RemoveSandbox } from "./parts.ts";

export type FetchRef = (
  request: { readonly repository: Repository; readonly ref: RemoteRef; readonly gitDir: string },
  signal: AbortSignal,
) => Promise<Result<string>>;

export type MergeDeps = {
  readonly engine: DeployDeps & Pick<Engine, "assets">;
  readonly fetchRef: FetchRef;
  /** Gives what a YAML text says, or what is wrong with it. */
  readonly parseYaml: (text: string) => Result<Json>;
  readonly isOwnerGone: (owner: string) => boolean;
};

/** Of the workspace; no epic's build, so nothing that a run works in. */
const buildOf = ({ repository, number }: TrackedPullRequest): string =>
  `pull-requests/${repository}-${number}`;

const subjectOf = ({ fullName, number }: TrackedPullRequest) =>
  ({ kind: "pull-request", repository: fullName, number }) as const;

/** What another attempt, in a while, may find otherwise. Everything else is the answer. */
const PASSING: ReadonlySet<string> = new Set([
  "ENGINE_UNAVAILABLE",
  "FORGE_UNAVAILABLE",
  "PORTS_EXHAUSTED",
  "SANDBOX_STATE",
  "ASSET_INVALID",
]);

export const createDeployMerge =
  (deps: MergeDeps): DeployMerge =>
  async (request, signal) => {
    const deployed = await deploy(deps, request, signal);
    if (deployed.ok || PASSING.has(deployed.error.code)) return deployed;
    return ok({ kind: "not-deployed", reason: reasonOf(deployed.error) });
  };

const reasonOf = ({ message, details }: { message: string; details: object }): string => {
  const { problems } = details as { problems?: unknown };
  const lines = Array.isArray(problems)
    ? problems.filter((one) => typeof one === "string").map((one) => `- ${one}`)
    : [];
  return [message, ...lines].join("\n");
};

async function deploy(
  deps: MergeDeps,
  { row, repository, mergeCommit }: DeployRequest,
  signal: AbortSignal,
): Promise<Result<DeployOutcome>> {
  const { engine, isOwnerGone } = deps;
  const build = buildOf(row);
  const arrivals = await engine.workspaces.arrivals(build);
  const scene = { arrivals, repository, commit: mergeCommit, branch: row.baseBranch };
  const fetched = await fetchMerge(deps, scene, signal);
  if (!fetched.ok) return fetched;
  const taken = await arrivals.take(
    { commit: mergeCommit, touched: [] },
    { subject: `Merge ${mergeCommit}`, card: row.card, seat: "engine", turn: "", run: "" },
  );
  if (!taken.ok) return taken;
  const stack = await readStack(deps, build);
  if (!stack.ok) return stack;
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const { organization } = loaded.value;
  const shown = { subject: subjectOf(row), stackOf: row.build };
  const asked = { build, shown, stack: stack.value, organization, actor: "engine", isOwnerGone };
  const up = await deploySandbox(engine, asked, signal);
  if (!up.ok) return up;
  const { id, urls, createdAt } = up.value;
  return ok({ kind: "deployed", sandbox: id, urls, since: createdAt });
}

type Merge = {
  readonly arrivals: Arrivals;
  readonly repository: Repository;
  readonly commit: string;
  readonly branch: string;
};

/** By the branch that it was merged into; a forge need not give a commit by its name. */
async function fetchMerge(
  { fetchRef }: MergeDeps,
  { arrivals, repository, commit, branch }: Merge,
  signal: AbortSignal,
): Promise<Result<string>> {
  const refs: readonly RemoteRef[] = [
    { kind: "branch", name: branch },
    { kind: "sha", sha: commit },
  ];
  let judged: Result<string> = ok("");
  for (const ref of refs) {
    const fetched = await fetchRef({ repository, ref, gitDir: arrivals.dir }, signal);
    if (!fetched.ok) return fetched;
    judged = await arrivals.judge({ commit, touched: [] });
    if (judged.ok || judged.error.code !== "HISTORY_INCOMPLETE") return judged;
  }
  return judged;
}

async function readStack({ engine, parseYaml }: MergeDeps, build: string): Promise<Result<Json>> {
  const workspace = await engine.workspaces.open(build);
  const contents: Partial<Record<StackFile, Json>> = {};
  for (const file of STACK_FILES) {
    const read = await workspace.read(file, STACK_FILE_BYTES_MAX);
    if (!read.ok && read.error.code === "FILE_MISSING") continue;
    if (!read.ok) return unfit(file, read.error.message);
    const parsed = parseYaml(read.value.text);
    if (!parsed.ok) return unfit(file, parsed.error.message);
    contents[file] = parsed.value;
  }
  return productStack(contents);
}

/** When the pull request is closed. */
export const createRemoveSandbox =
  ({ engine, isOwnerGone }: Pick<MergeDeps, "engine" | "isOwnerGone">): RemoveSandbox =>
  async ({ row }, signal) => {
    const id = sandboxIdOf(subjectOf(row), engine.ids.digest);
    const known = await engine.store.read(async ({ sandboxes }) => sandboxes.get(id));
    if (known === null || known.state === "deleted") return ok({ removed: false });
    const stopped = await stopSandbox(engine, { id, actor: "engine", isOwnerGone }, signal);
    return stopped.ok ? ok({ removed: true }) : stopped;
  };
