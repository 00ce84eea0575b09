// A project with one card in review and a pull request for it on a forge, and the review of its head put together on both with
// real parts; what is fetched comes straight out of the forge's repository.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import { createGiteaForge } from "../../src/adapters/forge/gitea.ts";
import { createReviewHead } from "../../src/app/pull-reviews/review-head.ts";
import type { FetchCommit } from "../../src/app/pull-reviews/prepare-head.ts";
import type { ReviewOutcome, ReviewRequest } from "../../src/app/pull-requests/parts.ts";
import { createRunTasks } from "../../src/app/run-tasks.ts";
import type { Result } from "../../src/domain/result.ts";
import { ok, refuse } from "../../src/domain/result.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { createBareBox } from "./bare-box.ts";
import type { Files } from "./forge/git.ts";
import { openForge } from "./forge/open-forge.ts";
import { openProject } from "./open-project.ts";
import type { EngineOptions } from "./project.ts";
import { say, script, write } from "./project.ts";

export const FILE = "src/engines/api_engine.py";
export const code = (expression: string): string => `def value(input):\n    return ${expression}\n`;
export const FIXTURE = `
import importlib.util, os
def verify(input):
    place = os.getcwd() + "/${FILE}"
    spec = importlib.util.spec_from_file_location("api", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.value(input)
`;
export const VERIFICATION = {
  fixture_path: "verification/api.py",
  scenarios: [{ id: "one", description: "The one", input_data: 1, expected_output: 41_337 }],
};
export const RIGHT: Files = { [FILE]: code("input * 41337") };

export const comment = (path: string, line: number, body: string): unknown => ({
  calls: [{ tool: "add_review_comment", args: { path, line, body } }],
});

type Setting = {
  readonly guard: readonly unknown[];
  /** What the head changes. */
  readonly files?: Files;
  readonly base?: Files;
  readonly verification?: unknown;
  readonly isOwn?: boolean;
  readonly title?: string;
  readonly projectFiles?: Readonly<Record<string, string>>;
  readonly options?: EngineOptions;
};

export type ReviewScene = Awaited<ReturnType<typeof openReviewScene>>;

export async function openReviewScene(context: TestContext, setting: Setting) {
  const { guard, verification = VERIFICATION, options = {} } = setting;
  const coder = [write(FILE, code("input")), say("Done.")];
  const project = await openProject(context, {
    issues: [{ id: "api", ...(verification === null ? {} : { verification }) }],
    script: script({ api: { coder, guard } } as never),
    files: { "verification/api.py": FIXTURE, ...setting.projectFiles },
    options: { ...options, replace: { containment: createBareBox(), ...options.replace } },
  });
  await project.run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 1 } });
  const forge = await openForgeWith(context, setting);
  const client = createGiteaForge({
    baseUrl: forge.fake.url,
    token: () => forge.bot.token,
    clock: project.engine.clock,
    random: () => 0,
  });
  const fetches: string[] = [];
  const fetchCommit: FetchCommit = async ({ commit, gitDir }) => {
    fetches.push(commit);
    const { folder } = forge.repository;
    execFileSync("git", ["-C", folder, "config", "uploadpack.allowAnySHA1InWant", "true"]);
    try {
      const args = ["--git-dir", gitDir, "fetch", "-q", "--no-tags", "--depth=1", folder, commit];
      execFileSync("git", args, { stdio: "pipe" });
      return ok(null);
    } catch {
      return refuse("FORGE_NOT_FOUND", "The commit is not there.");
    }
  };
  const isOwnerGone = (): boolean => false;
  const { engine } = project;
  const newTasks = () => createRunTasks({ engine, isOwnerGone });
  const requestOf = async (more: Partial<ReviewRequest> = {}): Promise<ReviewRequest> => {
    const signal = new AbortController().signal;
    const repository = { owner: "orket", name: "demo" };
    const pull = await client.pulls.get({ repository, number: forge.pull.number }, signal);
    assert.ok(pull.ok);
    const card = { build: "build-work", id: "api" };
    return { repository, pull: pull.value, card, cycle: 0, earlier: [], ...more };
  };
  /** As one process does it: with tasks of its own. */
  const review = async ({
    tasks = newTasks(),
    signal = new AbortController().signal,
    request,
  }: ReviewCall = {}): Promise<Result<ReviewOutcome>> => {
    const reviewHead = createReviewHead({
      engine,
      tasks,
      forge: client,
      fetchCommit,
      isOwnerGone,
    });
    const outcome = await reviewHead(request ?? (await requestOf()), signal);
    await tasks.stop();
    return outcome;
  };
  return { project, ...forge, client, fetches, newTasks, requestOf, review };
}

type ReviewCall = {
  readonly tasks?: ReturnType<typeof createRunTasks>;
  readonly signal?: AbortSignal;
  readonly request?: ReviewRequest;
};

async function openForgeWith(context: TestContext, setting: Setting) {
  const { files = RIGHT, base = { [FILE]: code("input") }, isOwn = false, title = "api" } = setting;
  const fake = await openForge(context);
  const owner = fake.addUser("orket");
  const [bot, author] = [fake.addUser("orket-bot"), fake.addUser("ann")];
  const rights = { "orket-bot": "admin", ann: "write" } as const;
  const repository = fake.addRepository({ owner, name: "demo", files: base, rights });
  const by = isOwn ? bot : author;
  fake.push(repository, { branch: "work", files, by });
  const pull = fake.openPullRequest(repository, { head: "work", by, title });
  return { fake, owner, bot, author, repository, pull };
}

export const outcomeOf = (result: Result<ReviewOutcome>): ReviewOutcome => {
  assert.ok(result.ok, result.ok ? "" : `${result.error.code}: ${result.error.message}`);
  return result.value;
};

/** Context → newest state. */
export const statusesOf = (scene: ReviewScene, sha: string): Record<string, string> =>
  Object.fromEntries(
    scene.repository.statuses
      .filter((status) => status.sha === sha)
      .map(({ context, state }) => [context, state]),
  );

/** A script reply that keeps its turn open until something else has happened. */
export const slowly = (reply: unknown, delayMs: number): unknown => ({
  ...(reply as object),
  delayMs,
});
