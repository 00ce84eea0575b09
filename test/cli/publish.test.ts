// `orket publish` and `orket publish cleanup` as processes, against a forge on loopback.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openForge } from "../support/forge/open-forge.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { openProductProject } from "../support/product-project.ts";

type Json = Readonly<Record<string, unknown>>;

test("R-72 shows what it would do without any credential, does it with them, and shows no token", async (context) => {
  const { dir, commit, write } = await openProductProject(context);
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  await commit({ "product/shop/a": "1" }, 60);
  await write("product/new/a", "1");
  const owned = { GITEA_PRODUCT_OWNER: "orket" };
  const dry = await runOrket(["publish"], { cwd: dir, env: owned });
  assert.equal(dry.code, 0, dry.err);
  assert.match(dry.out, /^new +orket\/new +- +nothing of it is committed$/m);
  assert.match(dry.out, /^shop +orket\/shop +- +would be published$/m);
  assert.match(dry.err, /Nothing was changed/);
  const none = await runOrket(["publish", "--execute"], { cwd: dir, env: owned });
  assert.deepEqual([none.code, /Set GITEA_URL/.test(none.err)], [3, true]);
  assert.deepEqual(forge.requests, []);
  const env = { ...owned, GITEA_URL: forge.url, GITEA_TOKEN: owner.token };
  const done = await runOrket(["publish", "--execute"], { cwd: dir, env });
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^shop +orket\/shop +[0-9a-f]{12} +published; the repository is new$/m);
  const json = await runOrket(["publish", "--execute", "--json"], { cwd: dir, env });
  const report = JSON.parse(json.out) as Json & { readonly products: readonly Json[] };
  assert.deepEqual([report["v"], report.products[1]?.["action"]], [1, "unchanged"]);
  const away = ["publish", "cleanup"];
  const would = await runOrket(away, { cwd: dir });
  assert.deepEqual([would.code, would.out], [0, "shop  would be archived\n"]);
  const put = await runOrket([...away, "--execute", "--json"], { cwd: dir, env });
  assert.deepEqual(JSON.parse(put.out), {
    v: 1,
    archived: ["shop"],
    deleted: [],
    skipped: [],
    execute: true,
    error: null,
  });
  assert.ok(!existsSync(join(dir, "product/shop")));
  for (const { out, err } of [dry, none, done, json, would, put])
    assert.ok(!`${out}${err}`.includes(owner.token));
});

test("R-72 refusals end the call with their code, and a folder that was to go and stayed with 1", async (context) => {
  const { dir, commit, write } = await openProductProject(context);
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  await commit({ "product/shop/a": "1", "clash/a b/x": "1", "clash/a-b/x": "1" }, 60);
  const env = { GITEA_PRODUCT_OWNER: "orket", GITEA_URL: forge.url, GITEA_TOKEN: owner.token };
  const codeOf = async (...args: readonly string[]) =>
    (await runOrket(["publish", ...args], { cwd: dir, env })).code;
  assert.equal(await codeOf("--private", "--public"), 2);
  assert.equal(await codeOf("--delete-local"), 2);
  assert.equal(await codeOf("--source", "none"), 2);
  assert.equal(await codeOf("--source", ".."), 5);
  assert.equal(await codeOf("--source", "clash"), 3);
  assert.equal(await codeOf("cleanup", "--delete-days", "0"), 2);
  forge.misbehave({ times: 1, how: { kind: "status", status: 401 } });
  assert.equal(await codeOf("--execute"), 3);
  await write("product/shop/a", "changed");
  const kept = await runOrket(["publish", "--execute", "--delete-local"], { cwd: dir, env });
  assert.equal(kept.code, 1);
  assert.match(kept.out, /the folder is kept: it has changes that are not committed/);
  forge.misbehave({ how: { kind: "status", status: 500 } });
  const down = await runOrket(["publish", "--execute", "--json"], { cwd: dir, env });
  assert.equal(down.code, 1);
  assert.match(down.out, /"code":"FORGE_UNAVAILABLE"/);
});

test("R-72 a signal ends a call that waits for the forge, with 130, and nothing is left behind", async (context) => {
  const { dir, stateDir, commit } = await openProductProject(context);
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  await commit({ "product/shop/a": "1" }, 60);
  forge.misbehave({ path: /info\/refs/, how: { kind: "hang" } });
  const env = { GITEA_PRODUCT_OWNER: "orket", GITEA_URL: forge.url, GITEA_TOKEN: owner.token };
  const started = startOrket(["publish", "--execute"], { cwd: dir, env });
  const isAsked = (): boolean => forge.requests.some(({ path }) => path.includes("info/refs"));
  while (!isAsked()) await sleep(20);
  started.signal("SIGINT");
  const { code, out } = await started.ended;
  assert.deepEqual([code, /^shop .* failed$/m.test(out)], [130, true]);
  assert.deepEqual(await readdir(join(stateDir, "publish")), []);
});
