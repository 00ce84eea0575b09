// What strangers wrote and who may not: hostile texts stay texts, a key that only looks changes nothing, and what waits for a
// person is seen from every page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { approve, call, epicFile, say, script, write } from "../support/project.ts";
import { runOrket } from "../support/orket.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";

const HOSTILE = [
  `<script>document.title = "taken"</script>`,
  `<img src=x onerror="document.title = 'taken'">`,
  `<svg onload="document.title='taken'"></svg>`,
  `[a link](javascript:alert(1)) ![an image](https://evil.example/x.png)`,
  `\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007 \u001b[31mred`,
  `right\u202Eot left, zero\u200Bwidth`,
  `<math><mtext></p><style><a id="</style><img src=x onerror=alert(1)>">`,
  `{{constructor.constructor('alert(1)')()}} \${alert(1)}`,
];

test("hostile texts of cards, comments and questions stay texts", async (context) => {
  const issues = HOSTILE.map((text, at) => ({ id: `H-${at}`, summary: text, note: text }));
  const web = await openWeb(context, {
    files: { "model/core/epics/work.yaml": epicFile(issues, { name: HOSTILE[1] }) },
  });
  const page = await web.open("/board");
  const ready = page.getByRole("region", { name: "Ready", exact: true });
  await ready.getByText(HOSTILE[1] ?? "").waitFor();
  for (const at of HOSTILE.keys()) {
    await page.getByLabel("Find").fill(`H-${at}`);
    await ready.getByRole("link", { name: `H-${at}` }).click();
    await page.getByRole("complementary", { name: `Card H-${at}` }).waitFor();
  }
  await page.getByLabel("Find").fill("H-5");
  await ready.getByText("right[U+202E]ot left, zero[U+200B]width").waitFor();
  await page.getByLabel("Find").fill("");
  await page.getByRole("button", { name: "Tree" }).click();
  const tree = page.getByRole("region", { name: "Rocks, epics and cards" });
  await tree
    .getByText(HOSTILE[1] ?? "")
    .first()
    .waitFor();
  assert.equal(await page.title(), "Board · Orket");
  assert.equal(await page.locator("#root :is(script, img, iframe, object, embed)").count(), 0);
  await web.shoot(page, "hostile");
});

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
