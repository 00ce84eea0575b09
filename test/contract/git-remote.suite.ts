// What every git-remote port must do, line by line of the contract in src/ports/git-remote.ts, against a forge whose
// repositories are git's own, over HTTP.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Result } from "../../src/domain/result.ts";
import type { GitRemote } from "../../src/ports/git-remote.ts";
import { commitFiles, git, makeBare, shaOf } from "../support/forge/git.ts";
import { openForge } from "../support/forge/open-forge.ts";
import { tempFolder } from "../support/temp-folder.ts";

export type GitRemoteFactory = (forge: {
  readonly url: string;
  readonly token: string;
  readonly scratchDir: string;
}) => GitRemote;

export const NAME = { owner: "orket", name: "demo" };
export const never = new AbortController().signal;

export const codeOf = <Value>(result: Result<Value>): string =>
  result.ok ? "ok" : result.error.code;
const value = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
};

/** A forge with an empty repository, and a git directory with two commits on top of each other and one beside them. */
export async function remoteScene(context: TestContext, make: GitRemoteFactory) {
  const fake = await openForge(context);
  const owner = fake.addUser("orket");
  const repository = fake.addRepository({ owner, name: "demo", isPrivate: true });
  const folder = await tempFolder(context);
  const gitDir = `${folder}/own.git`;
  makeBare(gitDir, "main");
  const first = commitFiles(gitDir, { files: { a: "1" }, parent: null, message: "first" });
  const second = commitFiles(gitDir, { files: { a: "2" }, parent: first, message: "second" });
  const beside = commitFiles(gitDir, { files: { b: "b" }, parent: null, message: "beside" });
  const scratchDir = `${folder}/scratch`;
  const remote = make({ url: fake.url, token: owner.token, scratchDir });
  const as = (token: string, url = fake.url): GitRemote => make({ url, token, scratchDir });
  const push = async (
    sha: string,
    how: "forward" | { readonly lease: string | null } = "forward",
  ) => remote.push({ gitDir, repository: NAME, sha, branch: "main", how }, never);
  const there = (): string | null => fake.sha(repository, "refs/heads/main");
  return {
    fake,
    owner,
    repository,
    folder,
    gitDir,
    first,
    second,
    beside,
    scratchDir,
    remote,
    as,
    push,
    there,
  };
}

export function testGitRemote(name: string, make: GitRemoteFactory): void {
  const open = async (context: TestContext) => remoteScene(context, make);
  describe(`git-remote port: ${name}`, () => {
    testPush(open);
    testHead(open);
    testFetch(open);
    testRefusals(open);
  });
}

type Open = (context: TestContext) => ReturnType<typeof remoteScene>;

function testPush(open: Open): void {
  test("pushes a commit to a new branch, moves it on, and says when nothing was to do", async (context) => {
    const { push, first, second, there } = await open(context);
    assert.equal(value(await push(first)), true);
    assert.equal(there(), first);
    assert.equal(value(await push(second)), true);
    assert.equal(there(), second);
    assert.equal(value(await push(second)), false);
  });

  test("refuses to move a branch back or aside without a lease", async (context) => {
    const { push, first, second, beside, there } = await open(context);
    value(await push(second));
    assert.equal(codeOf(await push(first)), "FORGE_CONFLICT");
    assert.equal(codeOf(await push(beside)), "FORGE_CONFLICT");
    assert.equal(there(), second);
  });

  test("with a lease replaces exactly what was expected, and nothing else", async (context) => {
    const { push, first, second, beside, there } = await open(context);
    assert.equal(value(await push(second, { lease: null })), true);
    assert.equal(codeOf(await push(beside, { lease: null })), "FORGE_CONFLICT");
    assert.equal(codeOf(await push(beside, { lease: first })), "FORGE_CONFLICT");
    assert.equal(there(), second);
    assert.equal(value(await push(beside, { lease: second })), true);
    assert.equal(there(), beside);
  });

  test("tells a rule of the repository from a branch that moved", async (context) => {
    const { push, repository, first, second, beside } = await open(context);
    value(await push(second));
    git(repository.folder, ["config", "receive.denyNonFastForwards", "true"]);
    const ruled = await push(beside, { lease: second });
    assert.equal(ruled.ok ? null : ruled.error.details["isRule"], true);
    const moved = await push(first);
    assert.equal(moved.ok ? null : moved.error.details["isRule"], false);
  });

  test("throws for a commit that is not there", async (context) => {
    const { push } = await open(context);
    await assert.rejects(push("0".repeat(39).concat("1")), { code: "WORKSPACE_FAILED" });
  });
}

function testHead(open: Open): void {
  test("names the head of a branch and of a pull request, and null where there is none", async (context) => {
    const { remote, push, first, fake, repository, owner } = await open(context);
    const head = async (name: string) =>
      value(await remote.head(NAME, { kind: "branch", name }, never));
    assert.equal(await head("main"), null);
    value(await push(first));
    assert.equal(await head("main"), first);
    assert.equal(await head("mai"), null);
    const sha = fake.push(repository, { branch: "more", files: { c: "c" }, by: owner });
    const { number } = fake.openPullRequest(repository, { head: "more", by: owner });
    assert.equal(value(await remote.head(NAME, { kind: "pull", number }, never)), sha);
    assert.equal(value(await remote.head(NAME, { kind: "pull", number: 99 }, never)), null);
  });
}

function testFetch(open: Open): void {
  test("fetches a branch, a commit and a pull request, and keeps each under its ref", async (context) => {
    const { remote, push, second, fake, repository, owner, gitDir } = await open(context);
    value(await push(second));
    const sha = fake.push(repository, { branch: "more", files: { c: "c" }, by: owner });
    const { number } = fake.openPullRequest(repository, { head: "more", by: owner });
    const fetch = async (ref: Parameters<GitRemote["fetch"]>[0]["ref"], keepAs: string) =>
      remote.fetch({ gitDir, repository: NAME, ref, keepAs }, never);
    assert.equal(value(await fetch({ kind: "branch", name: "more" }, "refs/orket/a")), sha);
    assert.equal(shaOf(gitDir, "refs/orket/a"), sha);
    const later = fake.push(repository, { branch: "more", files: { c: "d" }, by: owner });
    assert.equal(value(await fetch({ kind: "pull", number }, "refs/orket/a")), later);
    assert.equal(shaOf(gitDir, "refs/orket/a"), later);
    assert.equal(value(await fetch({ kind: "sha", sha }, "refs/orket/b")), sha);
    assert.equal(git(gitDir, ["show", "refs/orket/a:c"]), "d");
    assert.equal(codeOf(await fetch({ kind: "branch", name: "no" }, "refs/x")), "FORGE_NOT_FOUND");
    const unknown = { kind: "sha", sha: "1".repeat(40) } as const;
    assert.equal(codeOf(await fetch(unknown, "refs/x")), "FORGE_NOT_FOUND");
    assert.equal(shaOf(gitDir, "refs/x"), null);
  });
}

function testRefusals(open: Open): void {
  test("tells a token that is refused, a right that is missing and a repository that is not there", async (context) => {
    const { as, fake, gitDir, first, remote } = await open(context);
    const reader = fake.addUser("reader");
    fake.addRepository({ owner: reader, name: "other", files: { a: "a" } });
    const push = async (token: string, repository = NAME) =>
      as(token).push({ gitDir, repository, sha: first, branch: "main", how: "forward" }, never);
    assert.equal(codeOf(await push("no-such-token")), "FORGE_FORBIDDEN");
    assert.equal(codeOf(await push("")), "FORGE_FORBIDDEN");
    const nobody = fake.addUser("nobody").token;
    assert.equal(codeOf(await push(nobody, { owner: "reader", name: "other" })), "FORGE_FORBIDDEN");
    const none = { owner: "orket", name: "none" };
    const head = await remote.head(none, { kind: "branch", name: "main" }, never);
    assert.equal(codeOf(head), "FORGE_NOT_FOUND");
  });

  test("names that would make another address or an option are refused before any call", async (context) => {
    const { remote, fake, gitDir, first } = await open(context);
    const names = ["..", "a/b", "--upload-pack=x", "x@evil.test", "", "a b", "x.git"];
    for (const name of names) {
      const ref = { kind: "branch", name: "main" } as const;
      for (const repository of [
        { owner: name, name: "demo" },
        { owner: "orket", name },
      ])
        assert.equal(codeOf(await remote.head(repository, ref, never)), "FORGE_NOT_FOUND", name);
    }
    for (const branch of ["--force", "a..b", "x:y", ""]) {
      const request = { gitDir, repository: NAME, sha: first, branch, how: "forward" } as const;
      assert.equal(codeOf(await remote.push(request, never)), "FORGE_NOT_FOUND", branch);
    }
    const how = { lease: "HEAD" };
    const request = { gitDir, repository: NAME, sha: first, branch: "main", how } as const;
    assert.equal(codeOf(await remote.push(request, never)), "FORGE_NOT_FOUND");
    const pull = { kind: "pull", number: 1.5 } as const;
    assert.equal(codeOf(await remote.head(NAME, pull, never)), "FORGE_NOT_FOUND");
    assert.deepEqual(fake.requests, []);
  });

  test("ends a call that hangs when it is told to stop", async (context) => {
    const { remote, fake } = await open(context);
    fake.misbehave({ how: { kind: "hang" } });
    const stop = new AbortController();
    const asked = remote.head(NAME, { kind: "branch", name: "main" }, stop.signal);
    setTimeout(() => stop.abort(), 300);
    assert.equal(codeOf(await asked), "FORGE_UNAVAILABLE");
  });
}
