// A pull request on a forge that the rule would merge, and the loop on it with a review that a test gives: what a test changes
// is all that can hold the merge.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { createGiteaForge } from "../../src/adapters/forge/gitea.ts";
import { attend, NO_HINT } from "../../src/app/pull-requests/attend.ts";
import { startDueErrands } from "../../src/app/pull-requests/long-errands.ts";
import type { LoopDeps } from "../../src/app/pull-requests/loop.ts";
import { createLoop } from "../../src/app/pull-requests/loop.ts";
import type { ReviewOutcome } from "../../src/app/pull-requests/parts.ts";
import { NO_PARTS } from "../../src/app/pull-requests/parts.ts";
import type { Event } from "../../src/domain/events.ts";
import { ok } from "../../src/domain/result.ts";
import { openForge } from "./forge/open-forge.ts";
import { openProject } from "./open-project.ts";
import { simpleScript } from "./project.ts";
import { stringify } from "yaml";
import { NO_BUDGET } from "../../src/domain/run.ts";

export type MergeSetting = {
  readonly policy?: Readonly<Record<string, unknown>>;
  /** What the review's own verification says; null: there was none. */
  readonly verdict?: "pass" | "fail" | null;
  readonly reviewSays?: ReviewOutcome["kind"];
  readonly files?: Readonly<Record<string, string>>;
  readonly title?: string;
  readonly baseBranch?: string;
  readonly checksAfterPush?: number;
  readonly checkSays?: string | null;
};

export type MergeScene = Awaited<ReturnType<typeof openMergeScene>>;

const NAME = { repository: { owner: "orket", name: "demo" }, number: 1 };
const NEVER = new AbortController().signal;

async function openPull(context: TestContext, setting: MergeSetting) {
  const { files = { "a.txt": "new\n" }, title = "API-1: work", checksAfterPush = 0 } = setting;
  const fake = await openForge(context, { checksAfterPush });
  const [owner, bot, ann, bob, eve] = ["orket", "orket-bot", "ann", "bob", "eve"].map((login) =>
    fake.addUser(login),
  );
  assert.ok(owner && bot && ann && bob && eve);
  const rights = { "orket-bot": "admin", ann: "write", bob: "write", eve: "read" } as const;
  const base = { "a.txt": "old\n" };
  const repository = fake.addRepository({ owner, name: "demo", files: base, rights });
  fake.push(repository, { branch: "work", files, by: ann });
  const pull = fake.openPullRequest(repository, { head: "work", by: ann, title });
  const check = (state: string): void =>
    void repository.statuses.push({
      id: fake.state.nextId(),
      sha: pull.headSha,
      state,
      context: "ci",
      description: "",
      targetUrl: "",
    });
  const { checkSays = "success" } = setting;
  if (checkSays !== null) check(checkSays);
  return { fake, owner, bot, ann, bob, eve, repository, pull, check };
}

const organization = (policy: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    name: "The loop",
    vision: "v",
    ethos: "e",
    process_rules: {
      pr_review_policy: {
        required_reviewers: ["bob", "eve", "ann", "orket-bot"],
        required_statuses: ["ci"],
        auto_merge: true,
        ...policy,
      },
    },
  });

export async function openMergeScene(context: TestContext, setting: MergeSetting = {}) {
  const forge = await openPull(context, setting);
  const { fake, bot, repository, pull } = forge;
  const project = await openProject(context, {
    issues: [{ id: "api-1" }],
    script: stringify(simpleScript(["api-1"])),
    files: { "config/organization.json": organization(setting.policy ?? {}) },
  });
  // The coder's turn, and no other: the card waits for its review.
  await project.run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 1 } });
  const client = createGiteaForge({
    baseUrl: fake.url,
    token: () => bot.token,
    clock: project.engine.clock,
    random: () => 0,
  });
  const { verdict = "pass", reviewSays = "approved" } = setting;
  const openLoop = (more: Partial<LoopDeps> = {}) =>
    createLoop({
      engine: project.engine,
      forge: client,
      parts: {
        ...NO_PARTS,
        reviewHead: async ({ pull: { headSha: sha } }) =>
          ok({
            kind: reviewSays,
            sha,
            reason: "the model's words",
            verification: verdict === null ? null : { sha, verdict },
          }),
      },
      settings: { repositories: [], baseBranch: setting.baseBranch ?? null, reconcileMs: 1000 },
      isOwnerGone: () => false,
      ...more,
    });
  const loop = openLoop();
  return {
    ...forge,
    project,
    client,
    loop,
    openLoop,
    /** One look, then what it led to. */
    look: async (by = loop) => {
      const looked = await attend(by, { name: NAME, hint: NO_HINT }, NEVER);
      await Promise.all(await startDueErrands(by, NEVER));
      return looked;
    },
    events: async (): Promise<readonly Event[]> =>
      (await project.engine.store.read(async ({ events }) => events.list({ limit: 1000 }))).filter(
        ({ type }) => type.startsWith("pr-"),
      ),
    row: async () =>
      project.engine.store.read(async ({ pullRequests }) =>
        pullRequests.named("orket/demo", pull.number),
      ),
    stateComment: (): string =>
      repository.notes.find(({ user, number }) => user === bot && number === pull.number)?.body ??
      "",
    merges: () =>
      fake.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/merge")),
  };
}
