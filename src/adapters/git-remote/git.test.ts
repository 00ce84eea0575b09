// Git to the forge: the port's contract, and servers, settings and machines that are after the token.
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { GitRemoteFactory } from "../../../test/contract/git-remote.suite.ts";
import {
  codeOf,
  NAME,
  never,
  remoteScene,
  testGitRemote,
} from "../../../test/contract/git-remote.suite.ts";
import { git } from "../../../test/support/forge/git.ts";
import { openForge } from "../../../test/support/forge/open-forge.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { GitRemote } from "../../ports/git-remote.ts";
import type { Processes } from "../../ports/process.ts";
import { createProcesses } from "../process/spawn.ts";
import { createGitRemote } from "./git.ts";

const PATH = process.env["PATH"] ?? "";
const MAIN = { kind: "branch", name: "main" } as const;

const make: GitRemoteFactory = ({ url, token, scratchDir }) =>
  createGitRemote({
    processes: createProcesses(),
    searchPath: PATH,
    baseUrl: url,
    token: () => token,
    scratchDir,
  });

testGitRemote("git", make);

/** A server that asks everybody for a name and a password, and writes down all it is told. */
async function openThief(context: TestContext, answer: "401" | { readonly to: string } = "401") {
  const told: string[] = [];
  const server = createServer((request, response) => {
    told.push(`${request.method} ${request.url}\n${JSON.stringify(request.headers)}`);
    const { authorization = "" } = request.headers;
    told.push(Buffer.from(authorization.replace(/^\w+ /, ""), "base64").toString("utf8"));
    if (answer === "401")
      response.writeHead(401, { "www-authenticate": 'Basic realm="Forge"' }).end();
    else response.writeHead(302, { location: `${answer.to}${request.url}` }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const assertUntold = (told: readonly string[], token: string): void =>
  assert.ok(!told.some((one) => one.includes(token)), told.join("\n"));

for (const status of [301, 302, 307, 308])
  test(`a forge that redirects with ${status} does not have the token sent to the other host`, async (context) => {
    const { remote, fake, owner, push, first } = await remoteScene(context, make);
    const thief = await openThief(context);
    const to = `${thief.url}/orket/demo.git/info/refs?service=git-receive-pack`;
    fake.misbehave({ how: { kind: "status", status, headers: { location: to } } });
    assert.equal(codeOf(await push(first)), "FORGE_UNAVAILABLE");
    assert.equal(codeOf(await remote.head(NAME, MAIN, never)), "FORGE_UNAVAILABLE");
    assert.deepEqual(thief.told, []);
    assertUntold(
      fake.requests.map(({ headers }) => JSON.stringify(headers)),
      owner.token,
    );
  });

test("a forge that redirects after the credentials were shown does not have them shown again", async (context) => {
  const { fake, push, first } = await remoteScene(context, make);
  const thief = await openThief(context);
  const to = `${thief.url}/orket/demo.git/git-receive-pack`;
  fake.misbehave({
    method: "POST",
    how: { kind: "status", status: 307, headers: { location: to } },
  });
  assert.equal(codeOf(await push(first)), "FORGE_UNAVAILABLE");
  assert.deepEqual(thief.told, []);
});

test("an address that the repository's own settings rewrite does not get the token, and none of its hooks runs", async (context) => {
  const { push, first, gitDir, there, fake, folder } = await remoteScene(context, make);
  const thief = await openThief(context);
  const mark = join(folder, "was-here");
  await mkdir(join(gitDir, "hooks"), { recursive: true });
  await writeFile(join(gitDir, "hooks", "pre-push"), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  const hostile = [
    [`url.${thief.url}/.insteadOf`, `${fake.url}/`],
    [`url.${thief.url}/.pushInsteadOf`, `${fake.url}/`],
    ["http.proxy", thief.url],
    ["credential.helper", `!touch ${mark}; echo`],
    ["core.askPass", `touch ${mark};`],
    ["http.extraHeader", "X-Own: yes"],
    ["core.sshCommand", `touch ${mark};`],
  ] as const;
  for (const [key, value] of hostile) git(gitDir, ["config", key, value]);
  assert.equal(codeOf(await push(first)), "ok");
  assert.equal(there(), first);
  assert.deepEqual(thief.told, []);
  assert.ok(!fake.requests.some(({ headers }) => "x-own" in headers));
  assert.ok(!(await readdir(folder)).includes("was-here"));
});

test("the helper answers for the configured forge and the named repository alone", async (context) => {
  const { owner } = await remoteScene(context, make);
  const seen = spied();
  const scratchDir = await tempFolder(context);
  const thief = await openThief(context);
  const { url } = thief;
  const remote = createGitRemote({
    ...seen.deps,
    baseUrl: url,
    token: () => owner.token,
    scratchDir,
  });
  await remote.head(NAME, MAIN, never);
  // The configured forge itself is told; that is what the rest is measured against.
  assert.ok(thief.told.some((one) => one === `orket:${owner.token}`));
  const env = seen.calls[0]?.env ?? {};
  const host = new URL(url).host;
  const ask = async (question: string) =>
    createProcesses().run({
      argv: [env["GIT_ASKPASS"] ?? "", question],
      cwd: "/",
      env,
      timeoutMs: 5000,
      outputBytesMax: 1000,
    });
  const good = await ask(`Password for 'http://orket@${host}/orket/demo.git': `);
  assert.deepEqual([good.exitCode, good.stdout], [0, `${owner.token}\n`]);
  const port = Number(new URL(url).port);
  const questions = [
    `Password for 'https://orket@${host}/orket/demo.git': `,
    `Password for 'http://orket@${host}/orket/other.git': `,
    `Password for 'http://orket@127.0.0.1:${port + 1}/orket/demo.git': `,
    `Password for 'http://orket@localhost:${port}/orket/demo.git': `,
    `Password for 'http://orket@${host}.evil.test/orket/demo.git': `,
    `Password for 'http://orket@evil.test': http://orket@${host}/orket/demo.git': `,
    `Password for 'http://other@${host}/orket/demo.git': `,
    "Password for 'http://orket@*': ",
    "Enter passphrase for key: ",
    "",
  ];
  for (const question of questions) {
    const { exitCode, stdout } = await ask(question);
    assert.deepEqual([exitCode, stdout], [1, ""], question);
  }
});

/** Real processes, and what they were given. */
function spied() {
  const calls: Parameters<Processes["run"]>[0][] = [];
  const real = createProcesses();
  const processes: Processes = {
    run: async (request) => {
      calls.push(request);
      return real.run(request);
    },
  };
  return { calls, deps: { processes, searchPath: PATH } };
}

test("the token stands in no argument, address, file or message, and in the environment of git's own call alone", async (context) => {
  const { fake, owner, gitDir, first } = await remoteScene(context, make);
  const seen = spied();
  const scratchDir = await tempFolder(context);
  const token = (): string => owner.token;
  const remote = createGitRemote({ ...seen.deps, baseUrl: fake.url, token, scratchDir });
  const request = { gitDir, repository: NAME, sha: first, branch: "main", how: "forward" } as const;
  assert.equal(codeOf(await remote.push(request, never)), "ok");
  for (const { argv, env, cwd } of seen.calls) {
    assert.ok(!`${argv.join(" ")} ${cwd}`.includes(owner.token));
    const holding = Object.keys(env).filter((name) => env[name]?.includes(owner.token));
    assert.deepEqual(holding, argv.includes("push") ? ["FORGE_TOKEN"] : []);
  }
  for (const { tokenIn } of fake.requests) assert.ok(tokenIn.every((at) => at === "authorization"));
  assert.ok(fake.requests.some(({ tokenIn }) => tokenIn.length === 1));
  assert.ok(!(await readFile(join(gitDir, "config"), "utf8")).includes(owner.token));
  assert.deepEqual(await readdir(scratchDir), []);
});

test("what the server says does not get into a message, and a token that it repeats neither", async (context) => {
  const { fake, remote, owner, push, first } = await remoteScene(context, make);
  const basic = Buffer.from(`orket:${owner.token}`).toString("base64");
  const text = `001e# service=git-upload-pack\n0000${owner.token} ${basic}`;
  const ways = [
    { kind: "json", text: `fatal: ${owner.token} ${basic} ${encodeURIComponent(owner.token)}` },
    { kind: "garbage", text },
    { kind: "status", status: 500 },
    { kind: "cut" },
    { kind: "redirect", to: `http://127.0.0.1:1/${owner.token}` },
  ] as const;
  for (const how of ways) {
    fake.misbehave({ how });
    const head = await remote.head(NAME, MAIN, never);
    const pushed = await push(first);
    assert.equal(codeOf(head), "FORGE_UNAVAILABLE", how.kind);
    assert.equal(codeOf(pushed), "FORGE_UNAVAILABLE", how.kind);
    for (const answer of [head, pushed])
      for (const shape of [owner.token, basic]) assert.ok(!JSON.stringify(answer).includes(shape));
    fake.behave();
  }
});

test("words that the server sends as git's errors are no reason and in no message", async (context) => {
  const { owner, scratchDir } = await remoteScene(context, make);
  const line = (text: string): string => (text.length + 4).toString(16).padStart(4, "0") + text;
  const words = `evil Authentication failed ${owner.token}`;
  const server = createServer((request, response) => {
    const service = new URL(request.url ?? "", "http://x.test").searchParams.get("service") ?? "";
    response.writeHead(200, { "content-type": `application/x-${service}-advertisement` });
    response.end(`${line(`# service=${service}\n`)}0000${line(`ERR ${words}\nfatal: ${words}`)}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = await make({ url, token: owner.token, scratchDir }).head(NAME, MAIN, never);
  assert.equal(codeOf(answer), "FORGE_UNAVAILABLE");
  assert.ok(!JSON.stringify(answer).includes("evil"), JSON.stringify(answer));
});

test("a message says what was in the way", async (context) => {
  const { fake, remote, as, owner } = await remoteScene(context, make);
  const said = async (from: GitRemote): Promise<string> => {
    const answer = await from.head(NAME, MAIN, never);
    return answer.ok ? "ok" : answer.error.message;
  };
  assert.match(await said(as(owner.token, "http://127.0.0.1:1")), /nothing answers/);
  assert.match(await said(as(owner.token, "http://forge.invalid")), /no address/);
  const { port } = new URL(fake.url);
  assert.match(await said(as(owner.token, `https://127.0.0.1:${port}`)), /certificate/);
  for (const [how, words] of [
    [{ kind: "redirect", to: `${fake.url}/other` }, /redirect/],
    [{ kind: "status", status: 502 }, /it failed/],
    [{ kind: "garbage" }, /none of git's/],
  ] as const) {
    fake.misbehave({ how });
    assert.match(await said(remote), words);
    fake.behave();
  }
});

test("a .netrc and settings of the person at this machine are not read", async (context) => {
  const { as, fake, folder } = await remoteScene(context, make);
  const before = process.env["HOME"];
  process.env["HOME"] = folder;
  context.after(() => (process.env["HOME"] = before));
  const other = fake.addUser("other");
  const { hostname } = new URL(fake.url);
  await writeFile(
    join(folder, ".netrc"),
    `machine ${hostname} login other password ${other.token}\n`,
  );
  await chmod(join(folder, ".netrc"), 0o600);
  await writeFile(join(folder, ".gitconfig"), "[http]\n\textraHeader = X-Own: yes\n");
  const wrong = await as("wrong").head(NAME, MAIN, never);
  assert.equal(codeOf(wrong), "FORGE_FORBIDDEN");
  const headers = fake.requests.map((one) => JSON.stringify(one.headers)).join("\n");
  assert.ok(!/x-own/i.test(headers));
  assert.ok(!headers.includes(Buffer.from(`other:${other.token}`).toString("base64")));
});

test("what a killed call left is swept after a day, and nothing else", async (context) => {
  const { remote, scratchDir } = await remoteScene(context, make);
  const old = new Date(Date.now() - 25 * 3_600_000);
  for (const name of ["remote-old", "remote-new", "other-old"]) {
    await mkdir(join(scratchDir, name, "git"), { recursive: true });
    if (name.endsWith("old")) await utimes(join(scratchDir, name), old, old);
  }
  await remote.head(NAME, MAIN, never);
  assert.deepEqual((await readdir(scratchDir)).toSorted(), ["other-old", "remote-new"]);
});

test("a forge below a path of its host is reached there", async (context) => {
  const forge = await openForge(context);
  const seen = spied();
  const scratchDir = await tempFolder(context);
  const baseUrl = `${forge.url}/git/`;
  const remote = createGitRemote({ ...seen.deps, baseUrl, token: () => "x", scratchDir });
  await remote.head(NAME, MAIN, never);
  assert.match(forge.requests[0]?.path ?? "", /^\/git\/orket\/demo\.git\/info\/refs/);
});

test("a call has an end in time, and a machine without git is a failure", async (context) => {
  const { fake, owner, scratchDir } = await remoteScene(context, make);
  const deps = {
    processes: createProcesses(),
    baseUrl: fake.url,
    token: () => owner.token,
    scratchDir,
  };
  fake.misbehave({ how: { kind: "hang" } });
  const slow = createGitRemote({ ...deps, searchPath: PATH, timeoutMs: 300 });
  const late = await slow.head(NAME, MAIN, never);
  assert.equal(codeOf(late), "FORGE_UNAVAILABLE");
  assert.match(late.ok ? "" : late.error.message, /took too long/);
  const bare = createGitRemote({ ...deps, searchPath: "/nonexistent" });
  await assert.rejects(bare.head(NAME, MAIN, never), { code: "WORKSPACE_FAILED" });
  const own = createGitRemote({ ...deps, searchPath: PATH, baseUrl: "http://me:word@127.0.0.1:1" });
  await assert.rejects(own.head(NAME, MAIN, never), { code: "INTERNAL" });
});
