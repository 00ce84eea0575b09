// The client for Gitea and Forgejo: the port's contract on both, and answers that are wrong in every way.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { forgeScene, testForge } from "../../../test/contract/forge.suite.ts";
import type { ForgeFactory } from "../../../test/contract/forge.suite.ts";
import type { Misbehaviour } from "../../../test/support/forge/misbehave.ts";
import { openForge } from "../../../test/support/forge/open-forge.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createGiteaForge } from "./gitea.ts";
import * as shapes from "./gitea-shapes.ts";

const NAME = { owner: "orket", name: "demo" };
const never = new AbortController().signal;
const MIB = 1024 * 1024;

const make: ForgeFactory = ({ url }, token) =>
  createGiteaForge({
    baseUrl: url,
    token: () => token,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    random: () => 0,
  });

testForge("gitea", make);
testForge("forgejo", make);

test("refuses every answer that is none, with a message that holds no token", async (context) => {
  const { fake, forge, bot } = await forgeScene(context, make, {});
  const ways: readonly Misbehaviour["how"][] = [
    { kind: "garbage" },
    { kind: "json", text: "[]" },
    { kind: "json", text: "null" },
    { kind: "status", status: 500 },
    { kind: "status", status: 418 },
    { kind: "cut" },
    { kind: "big", bytes: 30 * MIB },
    { kind: "redirect", to: `http://127.0.0.1:1/${bot.token}?x=${bot.token}` },
  ];
  for (const how of ways) {
    fake.misbehave({ how });
    const answer = await forge.repository(NAME, never);
    fake.behave();
    assert.equal(answer.ok ? "ok" : answer.error.code, "FORGE_UNAVAILABLE", how.kind);
    assert.ok(!JSON.stringify(answer).includes(bot.token), how.kind);
  }
});

test("follows no redirect of a renamed repository, and the token goes to no other host", async (context) => {
  const { fake, forge, repository } = await forgeScene(context, make, {});
  const other = await openForge(context);
  fake.rename(repository, "renamed");
  const answer = await forge.repository(NAME, never);
  assert.ok(!answer.ok && answer.error.code === "FORGE_UNAVAILABLE");
  fake.misbehave({ how: { kind: "redirect", to: `${other.url}/api/v1/user` } });
  assert.equal((await forge.self(never)).ok, false);
  assert.deepEqual(other.requests, []);
});

test("puts the token into the authorization header and nowhere else", async (context) => {
  const { fake, forge, name } = await forgeScene(context, make, {});
  await forge.self(never);
  await forge.issues.comment(name, "hello", never);
  await forge.pulls.diff(name, never);
  assert.ok(fake.requests.length >= 3);
  for (const { tokenIn } of fake.requests) assert.deepEqual(tokenIn, ["authorization"]);
});

test("tries a read again, and makes a write once whatever became of its answer", async (context) => {
  const { fake, forge, repository, name } = await forgeScene(context, make, {});
  fake.misbehave({ times: 2, how: { kind: "status", status: 503 } });
  assert.equal((await forge.self(never)).ok, true);
  fake.misbehave({ method: "POST", when: "after", how: { kind: "cut" } });
  const lost = await forge.issues.comment(name, "once", never);
  assert.equal(lost.ok ? "ok" : lost.error.code, "FORGE_UNAVAILABLE");
  assert.equal(repository.notes.length, 1);
});

test("ends a call that hangs when it is told to stop", async (context) => {
  const { fake, forge } = await forgeScene(context, make, {});
  fake.misbehave({ how: { kind: "hang" } });
  const stop = new AbortController();
  const asked = forge.self(stop.signal);
  stop.abort();
  const answer = await asked;
  assert.ok(!answer.ok && answer.error.code === "FORGE_UNAVAILABLE");
});

test("never crashes on a field that is null, absent or of another type", async (context) => {
  const { fake, bot, pull, repository } = await forgeScene(context, make, {});
  const headers = { authorization: `token ${bot.token}` };
  fake.review(repository, pull, { by: bot, state: "COMMENT", body: "x" });
  const read = async (path: string): Promise<unknown> =>
    (await fetch(`${fake.url}/api/v1/${path}`, { headers })).json();
  const here = "repos/orket/demo";
  const cases = [
    [shapes.account, await read("user")],
    [shapes.repository, await read(here)],
    [shapes.pullRequest, await read(`${here}/pulls/${pull.number}`)],
    [shapes.reviews, await read(`${here}/pulls/${pull.number}/reviews`)],
    [shapes.changedFiles, await read(`${here}/pulls/${pull.number}/files`)],
  ] as const;
  for (const [shape, sample] of cases) {
    assert.equal(shape.safeParse(sample).success, true);
    for (const mutant of mutants(sample)) assert.doesNotThrow(() => shape.safeParse(mutant));
  }
});

const WRONG: readonly unknown[] = [null, undefined, -1, 1.5, "", "x", true, [], {}, [null]];

function* mutants(value: unknown): Generator<unknown> {
  for (const wrong of WRONG) yield wrong;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    for (const mutant of mutants(inner)) {
      if (Array.isArray(value)) yield value.with(Number(key), mutant);
      else yield { ...value, [key]: mutant };
    }
}

test("the fake forge serves clone and push by git itself, and a push moves the pull request", async (context) => {
  const { fake, pull, repository, guard, bot } = await forgeScene(context, make, {});
  fake.addHook(repository, { url: `${fake.url}/nowhere/x`, secret: "word" });
  fake.review(repository, pull, { by: guard, state: "APPROVED" });
  const folder = await tempFolder(context);
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_TERMINAL_PROMPT: "0" };
  const basic = Buffer.from(`${bot.login}:${bot.token}`).toString("base64");
  const git = (...args: readonly string[]) =>
    promisify(execFile)("git", args, { env, cwd: folder });
  const address = `${fake.url}/orket/demo.git`;
  await git("clone", "-q", "-b", "work", address, "copy");
  const own = ["-C", "copy", "-c", "user.name=a", "-c", "user.email=a@b.test"];
  await git(...own, "commit", "-q", "--allow-empty", "-m", "more");
  await assert.rejects(git(...own, "push", "-q"));
  await git(...own, "-c", `http.extraHeader=Authorization: Basic ${basic}`, "push", "-q");
  const { stdout } = await git("-C", "copy", "rev-parse", "HEAD");
  await fake.settled();
  assert.equal(pull.headSha, stdout.trim());
  assert.equal(pull.reviews[0]?.stale, true);
  const types = fake.deliveries.map(({ eventType }) => eventType);
  assert.deepEqual(types, ["pull_request_review_approved", "push", "pull_request_sync"]);
});
