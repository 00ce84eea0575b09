// Who may not, and who is waited for: a key that only looks changes nothing, and what waits for a person is seen from every page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { approve, call, say, script, write } from "../support/project.ts";
import { runOrket } from "../support/orket.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";

test("what waits for a decision is counted on every page, and gone once it is decided", async (context) => {
  const promote = call("promote_prompt", {
    seat: "coder",
    content: "Be brief.",
    model_family: "generic",
  });
  const coder = [promote, write("src/engines/api_engine.ts", "1\n"), say("Done.")];
  const web = await openWeb(context, {
    files: { "script.yaml": script({ api: { coder, guard: [approve] } }) },
  });
  const page = await web.open("/system");
  await page.getByText("Live", { exact: true }).waitFor();
  await web.post("/v1/runs", { card: "work" });
  await page.getByRole("link", { name: "Approvals 1 waiting" }).waitFor();
  assert.match(await page.title(), /^\(1\) /);
  assert.deepEqual(await violationsOf(page), []);
  const { approvals } = (await web.get("/v1/approvals")) as {
    readonly approvals: readonly { readonly id: string }[];
  };
  await web.post(`/v1/approvals/${approvals[0]?.id ?? ""}`, { decision: "allow" });
  await page.getByRole("link", { name: "Approvals", exact: true }).waitFor();
  assert.doesNotMatch(await page.title(), /^\(/);
});

test("whoever signs out is out, and nothing of before is left in the page", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/board", { expected: /403/ });
  await page.getByRole("link", { name: "api" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Orket" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Sign in to Orket" }).waitFor();
  assert.equal((await page.request.get(`${web.url}/v1/version`)).status(), 403);
});

test("a key that only looks is told so where it acts, and a revoked one is signed out", async (context) => {
  const web = await openWeb(context);
  const orket = async (...words: readonly string[]) => runOrket(words, { cwd: web.dir });
  const added = await orket("keys", "add", "viewer", "--scope", "read", "--json");
  const { key } = JSON.parse(added.out) as {
    readonly key: { readonly text: string; readonly id: string };
  };
  const page = await web.open("/board", { isSignedIn: false, expected: /403/ });
  await page.getByLabel("API key").fill(key.text);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "api" }).click();
  const start = page.getByRole("button", { name: "Start api (needs scope operate)" });
  assert.equal(await start.getAttribute("aria-disabled"), "true");
  await start.click({ force: true });
  await page.getByText("Looks only", { exact: true }).waitFor();
  assert.deepEqual((await web.get("/v1/runs"))["runs"], []);
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "no-permission");
  await orket("keys", "revoke", key.id);
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to Orket" }).waitFor();
  assert.match(decodeURIComponent(page.url()), /next=\/board\?card=%3Aapi/);
});
