// What is lost between the page and its server, and what the page makes of it: parts of itself, requests, answers, events that
// come while a page is on its way.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { epicFile, say, script } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import type { WebScene } from "../support/web-scene.ts";

/** What the console says of a request that this test lets go astray. */
const LOST =
  /ERR_(NETWORK_CHANGED|FAILED|CONNECTION_REFUSED)|dynamically imported module|TypeError/;

type Scene = { readonly web: WebScene; readonly page: Page; readonly run: string };

/** A run that goes on until somebody ends it, and the board before it. */
async function openRunning(context: TestContext): Promise<Scene> {
  const web = await openWeb(context, {
    files: {
      "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
      "script.yaml": script({
        api: { coder: [{ ...(say("Done.") as object), delayMs: 120_000 }] },
      }),
    },
  });
  const page = await web.open("/board", { expected: LOST });
  await page.getByText("Live", { exact: true }).waitFor();
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  await column(page, "Working").locator("[data-card]").waitFor();
  return { web, page, run: run.id };
}

const column = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

async function toRun(page: Page, run: string): Promise<void> {
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("link", { name: run }).click();
}

test("a run that ends while its page is on the way is not shown as running", async (context) => {
  const { web, page, run } = await openRunning(context);
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  await page.route(
    `**/v1/runs/${run}`,
    async (route) => {
      const answer = await route.fetch();
      await isReleased;
      await route.fulfill({ response: answer });
    },
    { times: 1 },
  );
  const isAsked = page.waitForRequest(`**/v1/runs/${run}`);
  await toRun(page, run);
  await isAsked;
  await web.post(`/v1/runs/${run}/cancel`, {});
  await page.getByLabel("What happens").getByText("A run ended").waitFor();
  release();
  await page.getByText("Canceled: requested").waitFor();
});

test("a part of the page that was lost on its way is fetched again, with its looks", async (context) => {
  const { page, run } = await openRunning(context);
  const lost: string[] = [];
  await page.route(/\/assets\/run-page-/, async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (lost.includes(path)) return route.continue();
    lost.push(path);
    return route.abort("failed");
  });
  await toRun(page, run);
  await page.getByText("Running", { exact: true }).waitFor();
  assert.deepEqual(new Set(lost.map((path) => path.split(".").at(-1))), new Set(["css", "js"]));
  assert.equal(
    await page.evaluate(
      `[...document.querySelectorAll("link[rel=stylesheet]")].filter(({ sheet }) => sheet === null).length`,
    ),
    0,
  );
});

test("a page that cannot be fetched says so; the others go on, and it comes when the server does", async (context) => {
  const { web, page } = await openRunning(context);
  await web.kill();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  const told = page.getByRole("alert").filter({ hasText: "This page could not be loaded" });
  await told.waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "page-lost");
  await page.getByRole("link", { name: "Board", exact: true }).click();
  await column(page, "Working").waitFor();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await told.waitFor();
  await page.getByRole("button", { name: "Load again" }).click();
  await page.getByText("The server cannot be reached").waitFor();
  await web.start();
  await page.getByRole("button", { name: "Load again" }).click();
  await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
});

test("a page that breaks takes nothing else along", async (context) => {
  const { page } = await openRunning(context);
  const list = "**/v1/runs?*";
  await page.route(list, async (route) => route.fulfill({ json: { asOfSeq: 1 } }));
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "This page broke" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  // The board asks for runs as well.
  await page.unroute(list);
  await page.getByRole("link", { name: "Board", exact: true }).click();
  await column(page, "Working").waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
});

for (const isHeard of [false, true])
  test(`a cancel is asked for again when ${isHeard ? "its answer" : "it"} was lost`, async (context) => {
    const { page, run } = await openRunning(context);
    let asked = 0;
    await page.route("**/cancel", async (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      if (isHeard) await route.fetch();
      return route.abort("failed");
    });
    await toRun(page, run);
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await page.getByText("Canceled: requested").waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    if (!isHeard) assert.equal(asked, 2);
  });

test("a comment is not sent twice over a lost answer: it is said that nobody knows", async (context) => {
  const { page } = await openRunning(context);
  let asked = 0;
  await page.route("**/comments", async (route) => {
    asked += 1;
    await route.fetch();
    await route.abort("failed");
  });
  await page.keyboard.press("l");
  await page.locator("[data-card]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Card api" }).waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("Only once.");
  await dialog.getByRole("button", { name: "Comment", exact: true }).click();
  await dialog.getByText("Whether it was done is not known").waitFor();
  // What is asked again is asked within a second.
  await page.waitForTimeout(2500);
  assert.equal(asked, 1);
  assert.equal(await dialog.getByRole("textbox").inputValue(), "Only once.");
});
