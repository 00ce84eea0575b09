// Pull requests in a real browser: they come from a forge through the real receiver, go round, and are escalated while somebody
// looks.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { openForge } from "../support/forge/open-forge.ts";
import { CARD, freePort } from "../support/pull-request-scene.ts";
import { epicFile, script, simpleScript } from "../support/project.ts";
import { TRACKED } from "../support/pull-request-samples.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { stringify } from "yaml";
import { visit } from "../support/web-visit.ts";

const SECRET = "a-secret-of-the-reviews-0123456789-0123456789";
const HOSTILE = "<img src=x onerror=alert(1)> no index\u202e";

async function openForged(context: TestContext) {
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  const [bot, ann, bob] = ["orket-bot", "ann", "bob"].map((login) => forge.addUser(login)) as [
    typeof owner,
    typeof owner,
    typeof owner,
  ];
  const rights = { "orket-bot": "admin", ann: "write", bob: "write" } as const;
  const files = { "README.md": "# Demo\n" };
  const repository = forge.addRepository({ owner, name: "demo", files, rights });
  const port = await freePort();
  forge.addHook(repository, { url: `http://127.0.0.1:${port}/webhook/gitea`, secret: SECRET });
  const web = await openWeb(context, {
    env: {
      ORKET_WEBHOOK_PORT: String(port),
      GITEA_URL: forge.url,
      GITEA_TOKEN: bot.token,
      GITEA_WEBHOOK_SECRET: SECRET,
    },
    files: {
      "model/core/epics/work.yaml": epicFile([{ id: CARD }]),
      "script.yaml": stringify(simpleScript([CARD])),
      "config/organization.json": JSON.stringify({
        name: "The loop",
        vision: "v",
        ethos: "e",
        process_rules: { pr_review_policy: { required_reviewers: ["bob"], auto_merge: true } },
      }),
      "orket.yaml": stringify({
        model: "scripted:script.yaml",
        gitea: { repositories: ["orket/demo"] },
      }),
    },
    prepare: async ({ run }) =>
      void (await run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 1 } })),
  });
  const push = (text: string): void =>
    void forge.push(repository, { branch: "work", files: { "a.txt": text }, by: ann });
  return { web, forge, repository, ann, bob, push };
}

test("a pull request goes round until it is escalated, while its page is open", async (context) => {
  const { web, forge, repository, ann, bob, push } = await openForged(context);
  const page = await web.open("/reviews");
  await page.getByText("The webhook listens, and nothing about a card came yet.").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "reviews-empty");
  push("0\n");
  const pull = forge.openPullRequest(repository, { head: "work", title: `${CARD}: work`, by: ann });
  const name = `orket/demo#${pull.number}`;
  const table = page.getByRole("region", { name: "Pull requests" });
  await table.getByRole("link", { name }).waitFor();
  await table.getByText("cycle 0 of 4").waitFor();
  await table.getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  const cycles = page.getByRole("region", { name: "Review cycles" });
  await cycles.getByText("Nobody asked for changes.").waitFor();
  for (const cycle of [1, 2, 3]) {
    const body = `${HOSTILE} ${cycle}`;
    forge.review(repository, pull, { by: bob, state: "REQUEST_CHANGES", body });
    await cycles.getByRole("heading", { name: `cycle ${cycle} of 4` }).waitFor();
    await forge.settled();
    if (cycle < 3) push(`${cycle}\n`);
    await forge.settled();
  }
  const steps = cycles.getByRole("list", { name: "Cycles" });
  await steps.getByText("escalated", { exact: true }).waitFor();
  assert.deepEqual(
    (await steps.getByRole("listitem").allInnerTexts()).map((text) => text.replace("\n", " ")),
    ["1 changes asked", "2 changes asked", "3 escalated", "4 closes it"],
  );
  assert.match(await steps.locator("[aria-current=step]").innerText(), /3/);
  await cycles.getByText("<img src=x onerror=alert(1)> no index[U+202E] 3").waitFor();
  await cycles.getByText(/bob \d+ s ago, of [0-9a-f]{10}, the present head/).waitFor();
  await page
    .getByRole("region", { name: "History" })
    .getByText(/^escalated/)
    .waitFor();
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, `review-${theme}`);
  }

  // The forge opens beside it, and is told nothing of this page.
  const link = page.getByRole("link", { name: "Open in the forge" });
  assert.equal(await link.getAttribute("rel"), "noreferrer noopener");
});

test("which pull requests need a person, with the listener off, in light, dark and narrow", async (context) => {
  const REJECTION = { review: 1, reviewer: "rita", headSha: "a".repeat(40), cycle: 1 };
  const rows = [
    {
      ...TRACKED,
      cycles: 1,
      title: HOSTILE,
      rejections: [{ ...REJECTION, reason: HOSTILE }],
      refusal: {
        headSha: "a".repeat(40),
        refusals: [{ cause: "status-not-green", detail: HOSTILE }],
        facts: "",
      },
    },
    { ...TRACKED, number: 13, title: "escalated one", isEscalated: true, cycles: 3 },
  ];
  const web = await openWeb(context, {
    files: { "script.yaml": script({}) },
    prepare: async ({ engine }) =>
      engine.store.transaction(async ({ pullRequests }) => {
        for (const row of rows) await pullRequests.insert(row);
      }),
  });
  for (const theme of ["light", "dark"] as const) {
    const page = await web.open("/reviews?needs=me", { theme, width: 360, expected: /404/ });
    await page.getByRole("link", { name: "shop/api#13" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "shop/api#12" }).count(), 0);
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, `reviews-narrow-${theme}`);
    await page.getByRole("button", { name: "Needs me" }).click();
    await page.getByRole("link", { name: "shop/api#12" }).click();
    await page.getByText("<img src=x onerror=alert(1)> no index[U+202E]").first().waitFor();
    const items = page.getByRole("list", { name: "Conditions" }).getByRole("listitem");
    assert.match(await items.first().innerText(), /Missing\s+The required statuses are green/);
    assert.match(await items.last().innerText(), /Holds/);
    assert.deepEqual(await violationsOf(page), []);
    assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    await web.shoot(page, `review-narrow-${theme}`);
    await visit(page, `${web.url}/reviews/a/b/1`);
    await page.getByText("PULL_REQUEST_UNKNOWN").waitFor();
    assert.deepEqual(await violationsOf(page), []);
  }
});

test("without a listener the empty page says how to connect a forge", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/reviews");
  await page.getByText("The webhook listener is off:").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "reviews-off");
});
