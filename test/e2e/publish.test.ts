// Products to their repositories: what a dry call leaves alone, the steps and where they stop, proof, force and local deletion.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { PublishReport } from "../../src/app/publish/publish.ts";
import type { PublishDeps } from "../../src/app/publish/deps.ts";
import type { Result } from "../../src/domain/result.ts";
import { refuse } from "../../src/domain/result.ts";
import type { GitRemote } from "../../src/ports/git-remote.ts";
import { git } from "../support/forge/git.ts";
import { folderTexts } from "../support/project-files.ts";
import { openPublishDeps, publishScene, REQUEST } from "../support/publish-scene.ts";
import { publish } from "../../src/app/publish/publish.ts";

const value = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result.error));
  return result.value;
};
const codeOf = <Value>(result: Result<Value>): string => (result.ok ? "ok" : result.error.code);
const actions = (report: Result<PublishReport>): readonly string[] =>
  value(report).products.map(({ project, action, error }) =>
    [project, action, error?.code].filter((word) => word !== undefined).join(" "),
  );

test("R-72 a dry call needs no credentials, asks nobody and changes nothing", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/My Shop/a": "a", "product/api/a": "a" });
  await scene.write("product/new/a", "a");
  await scene.write("product/api/a", "changed");
  await symlink("/etc", join(scene.dir, "product/linked"));
  const before = await folderTexts(scene.dir);
  const openPublisher = (): never => assert.fail("The forge was opened.");
  const report = value(await scene.publish({ executes: false, prefix: "x-" }, { openPublisher }));
  assert.deepEqual(
    report.products.map(({ project, repository, action, isClean }) => [
      project,
      repository,
      action,
      isClean,
    ]),
    [
      ["My Shop", "orket/x-my-shop", "publish", true],
      ["api", "orket/x-api", "publish", false],
      ["new", "orket/x-new", "uncommitted", false],
    ],
  );
  assert.deepEqual(report.links, ["linked"]);
  assert.deepEqual(scene.forge.requests, []);
  assert.deepEqual(await folderTexts(scene.dir), before);
  assert.deepEqual([await scene.rows(), await scene.events()], [[], []]);
});

test("R-72 publishes each folder to its own repository, proves it, and does nothing the second time", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1", "product/api/b/c": "1" }, 60);
  await scene.commit({ "product/shop/a": "2" }, 50);
  const before = await folderTexts(scene.dir);
  const report = value(await scene.publish());
  assert.deepEqual(actions({ ok: true, value: report }), ["api published", "shop published"]);
  const shop = scene.repository("shop");
  const [, line] = report.products;
  assert.equal(scene.forge.sha(shop, "refs/heads/main"), line?.sha);
  assert.equal(line?.tree, scene.git("rev-parse", "HEAD:product/shop"));
  assert.equal(git(shop.folder, ["rev-list", "--count", "main"]).trim(), "2");
  assert.deepEqual([shop.isPrivate, line?.created], [true, true]);
  const [, row] = await scene.rows();
  assert.deepEqual(
    [row?.repository, row?.branch, row?.parity, row?.state, row?.sourceSha],
    ["orket/shop", "main", true, "present", scene.git("rev-parse", "HEAD")],
  );
  assert.match(row?.publishedAt ?? "", /Z$/);
  assert.deepEqual(await scene.events(), Array(2).fill("product-published human:ann"));
  assert.deepEqual(actions(await scene.publish()), ["api unchanged", "shop unchanged"]);
  assert.equal((await scene.events()).length, 2);
  await scene.commit({ "product/shop/a": "3" }, 40);
  assert.deepEqual(actions(await scene.publish()), ["api unchanged", "shop published"]);
  assert.equal(git(shop.folder, ["show", "main:a"]), "3");
  const { "product/shop/a": _old, ...others } = before;
  const after = await folderTexts(scene.dir);
  for (const path of Object.keys(others).filter((one) => !one.startsWith(".git/")))
    assert.equal(after[path], before[path], path);
  assert.deepEqual(await readdir(join(scene.stateDir, "publish")), []);
});

test("R-72 makes the repository in the organization when the owner is one", async (context) => {
  const scene = await publishScene(context);
  const team = scene.forge.addOrganization("team");
  await scene.commit({ "product/shop/a": "1" });
  assert.deepEqual(actions(await scene.publish({ owner: "team", isPublic: true })), [
    "shop published",
  ]);
  const made = scene.repository("shop");
  assert.deepEqual([made.owner.id, made.isPrivate], [team.id, false]);
});

test("R-72 two folders of one name are refused before anything is asked", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/my shop/a": "1", "product/my-shop/a": "1" });
  assert.equal(codeOf(await scene.publish()), "PRODUCT_INVALID");
  assert.deepEqual(scene.forge.requests, []);
});

test("R-72 what is asked wrongly is refused before anything is asked of the forge", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1", "real/shop/a": "1" });
  await symlink("real", join(scene.dir, "linked"));
  const cases = [
    [{ executes: false, deletesLocal: true }, "USAGE"],
    [{ executes: false, forces: true }, "USAGE"],
    [{ owner: null }, "CONFIG_INVALID"],
    [{ owner: "../x" }, "USAGE"],
    [{ owner: "a@evil.test" }, "USAGE"],
    [{ prefix: "../" }, "PRODUCT_INVALID"],
    [{ source: "linked" }, "PATH_ESCAPE"],
    [{ source: "../" }, "PATH_ESCAPE"],
    [{ source: "none" }, "FILE_MISSING"],
  ] as const;
  for (const [more, code] of cases)
    assert.equal(codeOf(await scene.publish(more)), code, JSON.stringify(more));
  const none = await scene.publish({}, { openPublisher: () => ({ ok: true, value: null }) });
  assert.equal(codeOf(none), "CONFIG_INVALID");
  assert.deepEqual(scene.forge.requests, []);
});

for (const status of [401, 403, 429, 500, 503])
  test(`R-72 ${status} to the question whether it exists stops: nothing is made, nothing pushed, nothing tried after it`, async (context) => {
    const scene = await publishScene(context);
    await scene.commit({ "product/api/a": "1", "product/shop/a": "1" });
    scene.forge.misbehave({ path: /repos\/orket\/api$/, how: { kind: "status", status } });
    const code = status < 429 ? "FORGE_FORBIDDEN" : "FORGE_UNAVAILABLE";
    assert.deepEqual(actions(await scene.publish()), [`api failed ${code}`, "shop untried"]);
    assert.deepEqual(scene.forge.state.repositories, []);
    assert.ok(scene.forge.requests.every(({ method }) => method === "GET"));
    assert.deepEqual(await scene.rows(), []);
  });

test("R-72 409 to the making counts once a read shows the repository", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  scene.forge.addRepository({ owner: scene.owner, name: "shop", isPrivate: true });
  const path = /repos\/orket\/shop$/;
  scene.forge.misbehave({ method: "GET", path, times: 1, how: { kind: "status", status: 404 } });
  assert.deepEqual(actions(await scene.publish()), ["shop published"]);
  const asked = scene.forge.requests.filter(({ path: one }) => /shop$|user\/repos$/.test(one));
  const methods = asked.map(({ method }) => method);
  assert.deepEqual(methods, ["GET", "POST", "GET"]);
});

test("R-72 409 to the making stops when no read shows the repository", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  scene.forge.addRepository({ owner: scene.owner, name: "shop", isPrivate: true });
  const path = /repos\/orket\/shop$/;
  scene.forge.misbehave({ method: "GET", path, how: { kind: "status", status: 404 } });
  assert.deepEqual(actions(await scene.publish()), ["shop failed FORGE_NOT_FOUND"]);
  assert.equal(scene.forge.sha(scene.repository("shop"), "refs/heads/main"), null);
});

test("R-72 a repository that somebody else pushed to is left as it is, with force too", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  value(await scene.publish());
  const shop = scene.repository("shop");
  const theirs = scene.forge.push(shop, { branch: "main", files: { b: "b" }, by: scene.owner });
  await scene.commit({ "product/shop/a": "2" });
  for (const forces of [false, true])
    assert.deepEqual(actions(await scene.publish({ forces })), ["shop failed FORGE_CONFLICT"]);
  assert.equal(scene.forge.sha(shop, "refs/heads/main"), theirs);
});

test("R-72 force replaces what was published last, and nothing without it", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" }, 9);
  value(await scene.publish());
  const shop = scene.repository("shop");
  await scene.write("product/shop/a", "rewritten");
  scene.git("commit", "-q", "-a", "--amend", "-m", "another past");
  const refused = value(await scene.publish()).products[0]?.error;
  assert.match(refused?.message ?? "", /--force/);
  assert.equal(git(shop.folder, ["show", "main:a"]), "1");
  assert.deepEqual(actions(await scene.publish({ forces: true })), ["shop published"]);
  assert.equal(git(shop.folder, ["show", "main:a"]), "rewritten");
});

test("R-72 force does not replace the product of another folder", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1", "others/Shop/b": "1" });
  value(await scene.publish());
  const sha = scene.forge.sha(scene.repository("shop"), "refs/heads/main");
  const report = await scene.publish({ source: "others", forces: true });
  assert.deepEqual(actions(report), ["Shop failed FORGE_CONFLICT"]);
  assert.match(value(report).products[0]?.error?.message ?? "", /product\/shop/);
  assert.equal(scene.forge.sha(scene.repository("shop"), "refs/heads/main"), sha);
});

test("R-72 calls at the same moment all end well, and publish once", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" }, 9);
  await scene.commit({ "product/shop/a": "2" }, 8);
  const reports = await Promise.all([1, 2, 3].map(async () => scene.publish()));
  for (const report of reports) assert.equal(value(report).products[0]?.error, null);
  const tree = scene.git("rev-parse", "HEAD:product/shop");
  assert.equal(git(scene.repository("shop").folder, ["rev-parse", "main^{tree}"]).trim(), tree);
  assert.equal((await scene.rows()).length, 1);
});

test("R-72 force replaces what was there a moment before where nothing was published, and nothing that came in between", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  const { owner } = scene;
  const files = { x: "x" };
  const shop = scene.forge.addRepository({ owner, name: "shop", isPrivate: true, files });
  const push = (): string =>
    scene.forge.push(shop, { branch: "main", files: { y: "y" }, by: owner });
  let theirs: string | null = null;
  const between = withRemote(scene, (remote) => ({
    ...remote,
    head: async (...call) => {
      const head = await remote.head(...call);
      theirs ??= push();
      return head;
    },
  }));
  const refused = await scene.publish({ forces: true }, between);
  assert.deepEqual(actions(refused), ["shop failed FORGE_CONFLICT"]);
  assert.equal(scene.forge.sha(shop, "refs/heads/main"), theirs);
  assert.deepEqual(actions(await scene.publish({ forces: true })), ["shop published"]);
  assert.equal(git(shop.folder, ["show", "main:a"]), "1");
});

test("R-72 a push or a making whose answer was lost is looked at, and made once", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  const cut = { method: "POST", path: /user\/repos$/, when: "after", times: 1 } as const;
  scene.forge.misbehave({ ...cut, how: { kind: "cut" } });
  assert.deepEqual(actions(await scene.publish()), ["shop failed FORGE_UNAVAILABLE"]);
  assert.equal(scene.forge.state.repositories.length, 1);
  const lost = withRemote(scene, (remote) => ({
    ...remote,
    push: async (...call) => {
      await remote.push(...call);
      return refuse("FORGE_UNAVAILABLE", "Its answer was lost.");
    },
  }));
  assert.deepEqual(actions(await scene.publish({}, lost)), ["shop published"]);
  assert.deepEqual(actions(await scene.publish()), ["shop unchanged"]);
  assert.equal(scene.forge.state.repositories.length, 1);
  assert.deepEqual(await scene.events(), ["product-published human:ann"]);
});

/** The real one, with something between. */
const withRemote = (
  { deps }: Pick<Awaited<ReturnType<typeof publishScene>>, "deps">,
  change: (remote: GitRemote) => GitRemote,
): Pick<PublishDeps, "openPublisher"> => ({
  openPublisher: () => {
    const opened = deps.openPublisher();
    if (!opened.ok || opened.value === null) return opened;
    return { ok: true, value: { ...opened.value, remote: change(opened.value.remote) } };
  },
});

test("R-72 a repository of that name with a past of its own is not touched", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/api/a": "1", "product/shop/a": "1" });
  const { owner } = scene;
  const other = scene.forge.addRepository({
    owner,
    name: "api",
    isPrivate: true,
    files: { x: "x" },
  });
  const theirs = scene.forge.sha(other, "refs/heads/main");
  assert.deepEqual(actions(await scene.publish()), ["api failed FORGE_CONFLICT", "shop published"]);
  assert.equal(scene.forge.sha(other, "refs/heads/main"), theirs);
});

test("R-72 nothing goes into a public repository that was not asked for, nor into an archived one", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/api/a": "1", "product/shop/a": "1" });
  const open = scene.forge.addRepository({ owner: scene.owner, name: "api" });
  const shop = scene.forge.addRepository({ owner: scene.owner, name: "shop", isPrivate: true });
  shop.isArchived = true;
  const failed = ["api failed FORGE_CONFLICT", "shop failed FORGE_CONFLICT"];
  assert.deepEqual(actions(await scene.publish()), failed);
  assert.equal(scene.forge.sha(open, "refs/heads/main"), null);
  shop.isArchived = false;
  assert.deepEqual(actions(await scene.publish({ isPublic: true })), [
    "api published",
    "shop published",
  ]);
});

test("R-72 what the forge does not show is not proven, and the folder stays", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  const how = { kind: "json", text: JSON.stringify({ commit: { id: "1".repeat(40) } }) } as const;
  scene.forge.misbehave({ path: /branches\/main$/, how });
  const tree = {
    kind: "json",
    text: JSON.stringify({ commit: { tree: { sha: "2".repeat(40) } } }),
  } as const;
  scene.forge.misbehave({ path: /git\/commits\//, how: tree });
  const deleting = { deletesLocal: true };
  assert.deepEqual(actions(await scene.publish(deleting)), ["shop failed PRODUCT_UNPROVEN"]);
  assert.equal((await scene.rows())[0]?.parity, false);
  scene.forge.behave();
  scene.forge.misbehave({ path: /git\/commits\//, how: tree });
  assert.deepEqual(actions(await scene.publish(deleting)), ["shop failed PRODUCT_UNPROVEN"]);
  assert.ok(existsSync(join(scene.dir, "product/shop/a")));
  scene.forge.behave();
  assert.deepEqual(actions(await scene.publish()), ["shop unchanged"]);
  assert.equal((await scene.rows())[0]?.parity, true);
});

test("R-72 deletes a folder after its proof in the same call, when all of it is committed", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1", "product/api/a": "1", "product/docs/a": "1" });
  await scene.write("product/api/a", "not committed");
  await scene.write("product/docs/ignored", "nowhere else");
  const report = value(await scene.publish({ deletesLocal: true }));
  assert.deepEqual(
    report.products.map(({ project, localDeleted, kept }) => [project, localDeleted, kept]),
    [
      ["api", false, "not-clean"],
      ["docs", false, "holds-ignored"],
      ["shop", true, null],
    ],
  );
  assert.deepEqual((await readdir(join(scene.dir, "product"))).toSorted(), ["api", "docs"]);
  assert.deepEqual(await readdir(join(scene.stateDir, "archive")), []);
  assert.deepEqual(
    (await scene.rows()).map(({ state }) => state),
    ["present", "present", "deleted"],
  );
  assert.equal(git(scene.repository("api").folder, ["show", "main:a"]), "1");
  assert.deepEqual((await scene.events()).at(-1), "product-deleted human:ann");
});

test("R-72 a link in the place of a product is published nowhere, and what it points to is not touched", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1", "secret/b": "1" });
  value(await scene.publish());
  await rename(join(scene.dir, "product/shop"), join(scene.dir, "elsewhere"));
  await symlink("../secret", join(scene.dir, "product/shop"));
  const report = value(await scene.publish({ deletesLocal: true }));
  assert.deepEqual([report.products, report.links], [[], ["shop"]]);
  assert.deepEqual(await readdir(join(scene.dir, "secret")), ["b"]);
});

/** A server that is no forge of ours and writes down all it is told. */
async function openThief(close: (work: () => void) => void) {
  const told: string[] = [];
  const server = createServer((request, response) => {
    const { authorization = "" } = request.headers;
    const basic = Buffer.from(authorization.replace(/^\w+ /, ""), "base64").toString("utf8");
    told.push(`${request.url} ${JSON.stringify(request.headers)} ${basic}`);
    response.writeHead(401, { "www-authenticate": 'Basic realm="Forge"' }).end();
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  close(() => void server.close());
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("R-72 push credentials: a redirecting server, a wrong host and a hostile repository URL never receive the token", async (context) => {
  const scene = await publishScene(context);
  const thief = await openThief((work) => context.after(work));
  await scene.commit({ "product/shop/a": "1" });
  const { token } = scene.owner;
  // The address of the repository as the forge gives it leads elsewhere; so do its name and its links.
  const shop = scene.forge.addRepository({ owner: scene.owner, name: "shop", isPrivate: true });
  const headers = { authorization: `token ${token}` };
  const there = await fetch(`${scene.forge.url}/api/v1/repos/orket/shop`, { headers });
  const answer = (await there.json()) as Readonly<Record<string, unknown>>;
  const path = /repos\/orket\/shop$/;
  const hostile = {
    clone_url: `${thief.url}/orket/shop.git`,
    ssh_url: thief.url,
    html_url: thief.url,
  };
  const text = JSON.stringify({ ...answer, ...hostile });
  scene.forge.misbehave({ path, how: { kind: "json", text } });
  assert.deepEqual(actions(await scene.publish()), ["shop published"]);
  scene.forge.behave();
  // Another name than the one that was asked for is not gone to.
  await scene.commit({ "product/shop/a": "2" });
  for (const full_name of ["orket/other", "../evil", `${thief.url}/x`, "orket/shop@evil.test"]) {
    const named = JSON.stringify({ ...answer, full_name });
    scene.forge.misbehave({ path, how: { kind: "json", text: named } });
    assert.deepEqual(actions(await scene.publish()), ["shop failed FORGE_CONFLICT"], full_name);
    scene.forge.behave();
  }
  // Redirects, of the API and of git, before and after the token was shown.
  for (const [method, where] of [
    ["GET", /api\/v1/],
    ["GET", /info\/refs/],
    ["POST", /git-receive-pack/],
  ] as const) {
    scene.forge.misbehave({
      method,
      path: where,
      how: { kind: "redirect", to: `${thief.url}/orket/shop.git` },
    });
    assert.deepEqual(
      actions(await scene.publish()),
      ["shop failed FORGE_UNAVAILABLE"],
      String(where),
    );
    scene.forge.behave();
  }
  // The project's own settings rewrite addresses, go through a proxy and name helpers.
  for (const [key, setting] of [
    [`url.${thief.url}/.insteadOf`, `${scene.forge.url}/`],
    ["http.proxy", thief.url],
    ["credential.helper", `!curl ${thief.url}`],
    ["remote.origin.pushurl", thief.url],
  ] as const)
    scene.git("config", key, setting);
  assert.deepEqual(actions(await scene.publish()), ["shop published"]);
  assert.equal(git(shop.folder, ["show", "main:a"]), "2");
  assert.deepEqual(thief.told, []);
  for (const { tokenIn } of scene.forge.requests)
    assert.ok(tokenIn.every((at) => at === "authorization"));
});

test("R-72 an address without TLS that is not of this machine is not called, and the token is in no file", async (context) => {
  const scene = await publishScene(context);
  await scene.commit({ "product/shop/a": "1" });
  const { token } = scene.owner;
  value(await scene.publish());
  await mkdir(join(scene.stateDir, "other"));
  const project = { dir: scene.dir, stateDir: join(scene.stateDir, "other") };
  const part = { project, url: "http://forge.test", token, clock: scene.clock };
  const { deps, store } = await openPublishDeps(part);
  assert.equal(codeOf(await publish(deps, REQUEST)), "CONFIG_INVALID");
  await store.close();
  await writeFile(join(scene.dir, "looked"), "");
  const texts = await folderTexts(scene.dir);
  const state = await folderTexts(scene.stateDir);
  assert.ok(Object.keys(state).includes("orket.db"));
  for (const [path, kept] of Object.entries({ ...texts, ...state }))
    assert.ok(!kept.includes(token), path);
});
