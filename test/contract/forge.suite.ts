// What every forge port must do, line by line of the contract in src/ports/forge.ts, over a forge that answers over HTTP.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Result } from "../../src/domain/result.ts";
import type { Forge, MergeRequest, Repository } from "../../src/ports/forge.ts";
import type { FakeForge, ForgeOptions } from "../support/forge/open-forge.ts";
import { openForge } from "../support/forge/open-forge.ts";

export type ForgeFactory = (fake: FakeForge, token: string) => Forge;

const NAME: Repository = { owner: "orket", name: "demo" };
const never = new AbortController().signal;

export async function forgeScene(context: TestContext, make: ForgeFactory, options: ForgeOptions) {
  const fake = await openForge(context, options);
  const owner = fake.addUser("orket");
  const [bot, guard] = [fake.addUser("orket-bot"), fake.addUser("guard")];
  const rights = { "orket-bot": "admin", guard: "write" } as const;
  const files = { "a.txt": "a\n", "b.txt": "b\n" };
  const repository = fake.addRepository({ owner, name: "demo", files, rights });
  fake.push(repository, { branch: "work", files: { "a.txt": "other\n" }, by: bot });
  const pull = fake.openPullRequest(repository, { head: "work", by: bot, title: "Work" });
  const forge = make(fake, bot.token);
  const name = { repository: NAME, number: pull.number };
  return {
    fake,
    owner,
    bot,
    guard,
    repository,
    pull,
    forge,
    name,
    as: make,
  };
}

const value = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? "" : result.error.message);
  return result.value;
};
const codeOf = <Value>(result: Result<Value>): string => (result.ok ? "ok" : result.error.code);
const asMerge = (headSha: string, more: Partial<MergeRequest> = {}): MergeRequest => ({
  headSha,
  style: "merge",
  title: "Merge",
  message: "",
  ...more,
});

export function testForge(flavour: "gitea" | "forgejo", make: ForgeFactory): void {
  const open = (context: TestContext, options: ForgeOptions = {}) =>
    forgeScene(context, make, { ...options, flavour });
  describe(`forge port on ${flavour}`, () => {
    testReading(open);
    testReviews(open);
    testMerges(open);
    testWriting(open);
  });
}

type Open = (context: TestContext, options?: ForgeOptions) => ReturnType<typeof forgeScene>;

function testReading(open: Open): void {
  test("tells who the token is and what may be done in a repository", async (context) => {
    const { forge, bot } = await open(context);
    assert.deepEqual(value(await forge.self(never)), { id: bot.id, login: "orket-bot" });
    const facts = value(await forge.repository(NAME, never));
    assert.equal(facts.defaultBranch, "main");
    assert.ok(facts.mayAdmin && facts.mayPush && !facts.isEmpty);
    assert.equal(facts.mergeStyles[0], "merge");
  });

  test("reads a pull request, its diff and its paths with the old name of a renamed file", async (context) => {
    const { forge, fake, repository, bot, name } = await open(context);
    const renamed = { "b.txt": null, "c.txt": "b\n" };
    const sha = fake.push(repository, { branch: "work", files: renamed, by: bot });
    const pull = value(await forge.pulls.get(name, never));
    assert.deepEqual([pull.headSha, pull.headBranch, pull.isOpen], [sha, "work", true]);
    assert.match(value(await forge.pulls.diff(name, never)), /\+other/);
    const paths = value(await forge.pulls.changedPaths(name, never));
    assert.deepEqual([...(paths ?? [])].toSorted(), ["a.txt", "b.txt", "c.txt"]);
  });

  test("reads a list to its end over pages of fifty", async (context) => {
    const { forge, repository, name, bot } = await open(context);
    for (let id = 1; id <= 120; id += 1)
      repository.notes.push({ id, number: name.number, user: bot, body: `${id}`, at: "" });
    const comments = value(await forge.issues.comments(name, never));
    assert.deepEqual([comments.length, comments[119]?.body], [120, "120"]);
  });

  test("refuses what is not there, what is not allowed, and a name made of dots", async (context) => {
    const { forge, fake, as } = await open(context);
    const other = { owner: "orket", name: "none" };
    assert.equal(codeOf(await forge.repository(other, never)), "FORGE_NOT_FOUND");
    assert.equal(
      codeOf(await forge.repository({ owner: "..", name: "x" }, never)),
      "FORGE_NOT_FOUND",
    );
    const stranger = as(fake, fake.addUser("stranger", ["read:user"]).token);
    assert.equal(codeOf(await stranger.repository(NAME, never)), "FORGE_FORBIDDEN");
    assert.equal(codeOf(await as(fake, "nobody").self(never)), "FORGE_FORBIDDEN");
  });

  test("reads a branch's head and tree, with a slash in its name, and null for none", async (context) => {
    const { forge, fake, repository, bot } = await open(context);
    const sha = fake.push(repository, { branch: "a/b", files: { x: "x" }, by: bot });
    const head = value(await forge.repositories.head(NAME, "a/b", never));
    assert.deepEqual([head?.sha, head?.tree.length], [sha, 40]);
    assert.equal(value(await forge.repositories.head(NAME, "none", never)), null);
  });
}

function testReviews(open: Open): void {
  test("posts a review with comments on lines, without those that a dead call left pending", async (context) => {
    const { forge, fake, repository, pull, guard, name, as } = await open(context);
    const left = [{ path: "a.txt", body: "left", newPosition: 1, oldPosition: 0 }];
    fake.review(repository, pull, { by: guard, state: "PENDING", comments: left });
    const review = { state: "REQUEST_CHANGES", body: "No.", commit: pull.headSha } as const;
    const comments = [{ path: "a.txt", line: 1, body: "here" }];
    const theirs = as(fake, guard.token);
    const made = value(await theirs.pulls.review(name, { ...review, comments }, never));
    assert.ok(made.state === "REQUEST_CHANGES" && made.isOfficial && !made.isStale);
    assert.deepEqual(
      pull.reviews.map((one) => one.comments.map(({ body }) => body)),
      [["here"]],
    );
    assert.equal(
      codeOf(await forge.pulls.review(name, { ...review, comments }, never)),
      "FORGE_CONFLICT",
    );
  });

  test("shows a review as stale after a push, and the earlier one as dismissed", async (context) => {
    const { forge, fake, repository, pull, guard, bot, name } = await open(context);
    fake.review(repository, pull, { by: guard, state: "REQUEST_CHANGES", body: "no" });
    fake.review(repository, pull, { by: guard, state: "APPROVED" });
    fake.push(repository, { branch: "work", files: { z: "z" }, by: bot });
    const reviews = value(await forge.pulls.reviews(name, never));
    assert.deepEqual(
      reviews.map(({ state, isStale, isDismissed }) => [state, isStale, isDismissed]),
      [
        ["REQUEST_CHANGES", true, true],
        ["APPROVED", true, false],
      ],
    );
  });
}

function testMerges(open: Open): void {
  for (const style of ["merge", "squash", "rebase"] as const)
    test(`merges by ${style} and names the commit`, async (context) => {
      const { forge, fake, repository, pull, name } = await open(context);
      const done = value(await forge.pulls.merge(name, asMerge(pull.headSha, { style }), never));
      assert.ok(done.kind === "merged");
      assert.equal(done.commit, fake.sha(repository, "refs/heads/main"));
    });

  test("says moved for another head, not-now while it is looked for conflicts, forbidden when closed", async (context) => {
    const scene = await open(context);
    const { forge, fake, repository, pull, bot, name } = scene;
    const kind = async (sha: string) =>
      value(await forge.pulls.merge(name, asMerge(sha), never)).kind;
    pull.checksLeft = 9;
    assert.equal(await kind(pull.headSha), "not-now");
    pull.checksLeft = 0;
    assert.equal(await kind("0".repeat(40)), "moved");
    fake.close(repository, pull, bot);
    assert.equal(await kind(pull.headSha), "forbidden");
    assert.equal(pull.mergeCommit, null);
  });

  test("sees a merge whose answer was lost", async (context) => {
    const { forge, fake, pull, name } = await open(context);
    fake.misbehave({ method: "POST", path: /merge$/, when: "after", how: { kind: "cut" } });
    const done = value(await forge.pulls.merge(name, asMerge(pull.headSha), never));
    assert.equal(done.kind, "merged");
    const calls = fake.requests.filter(({ path }) => path.endsWith("/merge"));
    assert.equal(calls.length, 1);
  });

  test("sees a merge that was answered with 403", async (context) => {
    const { forge, fake, pull, name } = await open(context);
    const how = { kind: "status", status: 403 } as const;
    fake.misbehave({ method: "POST", path: /merge$/, when: "after", how });
    const done = value(await forge.pulls.merge(name, asMerge(pull.headSha), never));
    assert.equal(done.kind, "merged");
  });
}

function testWriting(open: Open): void {
  test("makes a label once, and an issue with its number", async (context) => {
    const { forge, repository } = await open(context);
    const first = value(await forge.issues.labels(NAME, ["needs-work", "needs-work"], never));
    const again = value(await forge.issues.labels(NAME, ["needs-work"], never));
    assert.deepEqual(again, first);
    assert.equal(repository.labels.length, 1);
    const request = { repository: NAME, title: "Do", body: "this", labels: again };
    assert.deepEqual(value(await forge.issues.create(request, never)).labels, first);
    const listed = value(await forge.issues.list(NAME, 10, never));
    assert.deepEqual(
      listed.map(({ body }) => body),
      ["this"],
    );
  });

  test("opens, comments and closes a pull request", async (context) => {
    const { forge, fake, repository, bot } = await open(context);
    fake.push(repository, { branch: "more", files: { m: "m" }, by: bot });
    const request = { repository: NAME, title: "More", body: "", head: "more", base: "main" };
    const made = value(await forge.pulls.create(request, never));
    const name = { repository: NAME, number: made.number };
    assert.equal(value(await forge.issues.comment(name, "hello", never)).author, "orket-bot");
    value(await forge.pulls.close(name, never));
    assert.equal(value(await forge.pulls.get(name, never)).isOpen, false);
    const filter = { repository: NAME, state: "closed", limit: 10 } as const;
    assert.equal(value(await forge.pulls.list(filter, never)).length, 1);
    assert.equal(codeOf(await forge.pulls.create(request, never)), "ok");
    assert.equal(codeOf(await forge.pulls.create(request, never)), "FORGE_CONFLICT");
  });

  test("gives the newest status of each context", async (context) => {
    const { forge, pull } = await open(context);
    for (const state of ["pending", "success"] as const) {
      const status = { state, context: "ci", description: "" };
      value(await forge.statuses.set({ repository: NAME, sha: pull.headSha, status }, never));
    }
    const statuses = value(await forge.statuses.list(NAME, pull.headSha, never));
    assert.deepEqual(statuses, [{ context: "ci", state: "success" }]);
  });

  test("makes a repository, and takes the one that is there", async (context) => {
    const { forge } = await open(context);
    const request = { repository: { owner: "orket-bot", name: "new" }, isPrivate: true };
    const made = value(await forge.repositories.create({ ...request, description: "" }, never));
    const again = value(await forge.repositories.create({ ...request, description: "" }, never));
    assert.deepEqual([again.id, made.isEmpty, made.isPrivate], [made.id, true, true]);
  });

  test("makes a hook that is switched on, and has a signed delivery sent", async (context) => {
    const { forge, fake } = await open(context);
    const request = { url: `${fake.url}/nowhere/hook`, secret: "word", events: ["push"] };
    const hook = value(
      await forge.repositories.createHook({ repository: NAME, ...request }, never),
    );
    assert.ok(hook.isActive);
    assert.deepEqual(value(await forge.repositories.hooks(NAME, never)), [hook]);
    value(await forge.repositories.testHook(NAME, hook.id, never));
    await fake.settled();
    assert.deepEqual(
      fake.deliveries.map(({ eventType }) => eventType),
      ["push"],
    );
    assert.doesNotMatch(JSON.stringify(hook), /word/);
    value(await forge.repositories.dropHook(NAME, hook.id, never));
    assert.deepEqual(value(await forge.repositories.hooks(NAME, never)), []);
  });

  test("protects a branch once", async (context) => {
    const { forge } = await open(context);
    const rule = { branch: "main", approvals: 1, reviewers: ["guard"], statuses: [] };
    value(await forge.repositories.protectBranch({ repository: NAME, ...rule }, never));
    const again = await forge.repositories.protectBranch({ repository: NAME, ...rule }, never);
    assert.equal(codeOf(again), "FORGE_FORBIDDEN");
    assert.deepEqual(value(await forge.repositories.protections(NAME, never)), ["main"]);
  });
}
