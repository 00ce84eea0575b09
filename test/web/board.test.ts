// The board in a real browser: signing in, real cards, a run that moves them while somebody looks, and a server that is
// killed and comes back in the middle of it.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { approve, epicFile, script, write } from "../support/project.ts";
import { openWeb, violationsOf, WEB_KEY } from "../support/web-scene.ts";

const files = (delayMs: number) => ({
  "model/core/epics/work.yaml": epicFile([
    { id: "api", summary: "Answer the first call" },
    { id: "store", summary: "Keep what was said <b>bold</b>", depends_on: ["api"] },
  ]),
  "script.yaml": script(
    Object.fromEntries(
      ["api", "store"].map((id) => [
        id,
        {
          coder: [write(`src/engines/${id}_engine.ts`, "1\n"), { text: "Done.", delayMs }],
          guard: [approve],
        },
      ]),
    ),
  ),
});

test("a key typed once leads to the page that was asked for, and stands nowhere afterwards", async (context) => {
  const web = await openWeb(context, { files: files(0) });
  const page = await web.open("/board?view=kanban", { isSignedIn: false, expected: /403/ });
  await page.getByLabel("API key").fill("a-wrong-key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("KEY_REFUSED").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "login");
  await page.getByLabel("API key").fill(WEB_KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Board" }).waitFor();
  assert.equal(new URL(page.url()).search, "?view=kanban");
  const held = (await page.evaluate(
    `JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML])`,
  )) as string;
  assert.ok(!held.includes(WEB_KEY));
});

test("the board shows a run as it goes, over the server's death and return", async (context) => {
  const web = await openWeb(context, { files: files(1500) });
  const page = await web.open("/board", { expected: /ERR_CONNECTION_REFUSED/ });
  const column = (name: string) => page.getByRole("region", { name, exact: true });
  await column("Ready").getByText("Keep what was said <b>bold</b>").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-ready");

  await web.post("/v1/runs", { card: "work" });
  await column("Working").getByText("Answer the first call").waitFor();
  await web.shoot(page, "board-working");
  await web.kill();
  await page.getByText("Reconnecting", { exact: true }).waitFor();
  await page.getByText("Not heard from the server").waitFor();
  // Somebody was in the middle of a sentence.
  await page.getByLabel("Find").fill("an");
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-lost");
  await web.start();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByText("Not heard from the server").waitFor({ state: "hidden" });
  assert.equal(await page.getByLabel("Find").inputValue(), "an");
  assert.equal(await page.evaluate("document.activeElement.type"), "search");
  await page.getByLabel("Find").fill("");
  await column("Done").getByText("Keep what was said <b>bold</b>").waitFor();
  await column("Done").getByText("Answer the first call").waitFor();
  await page.getByLabel("What happens").getByText("A run ended: done").waitFor();
  await web.shoot(page, "board-done");

  const dark = await web.open("/board", { theme: "dark" });
  await dark.getByText("Answer the first call").waitFor();
  assert.deepEqual(await violationsOf(dark), []);
  await web.shoot(dark, "board-dark");
});

test("a person finds, opens, moves and discusses a card by keys alone, and a refusal says its rule", async (context) => {
  const web = await openWeb(context, {
    files: files(0),
    prepare: async (opened) => {
      await opened.run({ card: "work" });
    },
  });
  const page = await web.open("/board", { expected: /409/ });
  const done = page.getByRole("region", { name: "Done", exact: true });
  await done.getByText("Answer the first call").waitFor();
  const peek = page.getByRole("complementary", { name: "Card api" });
  await page.keyboard.press("l");
  // The newest comes first.
  await page.locator('[data-card$=":store"]:focus').waitFor();
  await page.keyboard.press("j");
  await page.locator('[data-card$=":api"]:focus').waitFor();
  await page.keyboard.press("Enter");
  await peek.getByText("code_review → done").waitFor();
  await peek.getByText("Unblocks").waitFor();
  assert.match(page.url(), /card=.*api/);
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-peek");

  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("textbox").fill("Mind the <script>alert(1)</script>");
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole("button", { name: "Comment", exact: true }).last().click();
  await peek.getByText("commented").waitFor();
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  // Somebody else was faster: the page still offers what the card was.
  await page.keyboard.press("m");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox").selectOption("archived");
  await web.shoot(page, "board-move");
  await web.post("/v1/cards/api/move", { to: "archived" });
  await dialog.getByRole("button", { name: "Move" }).click();
  await dialog.getByText("CARD_MOVE_REFUSED").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await peek.waitFor({ state: "hidden" });

  await page.keyboard.press("?");
  await page.getByLabel("Single keys do something").uncheck();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "keys");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.keyboard.press("?");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  assert.equal(await dialog.count(), 0);
  assert.equal(new URL(page.url()).pathname, "/board");
});

test("a card that is dragged asks for the move, and where the rules have none it says what there is", async (context) => {
  const web = await openWeb(context, { files: files(120_000) });
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  const page = await web.open("/board", { width: 1600 });
  const column = (name: string) => page.getByRole("region", { name, exact: true });
  const tile = (name: string) => column(name).getByRole("article").filter({ hasText: "store" });
  await column("Working").getByText("Answer the first call").waitFor();
  await web.post(`/v1/runs/${run.id}/cancel`, {});
  await column("Ready").getByText("Answer the first call").waitFor();
  await tile("Ready").dragTo(column("Working"));
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByRole("combobox").inputValue(), "in_progress");
  await dialog.getByRole("button", { name: "Move" }).click();
  await tile("Working").waitFor();
  await tile("Working").dragTo(column("Done"));
  await dialog.getByText("From In progress a card does not go to Done.").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-drag");
  await page.keyboard.press("Escape");
  await tile("Working").waitFor();
});

test("the address holds view, filters and the open card, over Back and reload", async (context) => {
  const web = await openWeb(context, { files: files(0) });
  const page = await web.open("/board");
  await page.getByText("Answer the first call").waitFor();
  await page.getByRole("button", { name: "Tree" }).click();
  await page.getByRole("heading", { name: "The epic of the test" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-tree");
  await page.getByRole("button", { name: "Table" }).click();
  await page.getByLabel("Find").fill("first call");
  await page.getByText("Keep what was said").waitFor({ state: "hidden" });
  await page.getByText("Answer the first call").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-table");
  await page.reload();
  assert.equal(await page.getByLabel("Find").inputValue(), "first call");
  await page.getByLabel("Find").fill("nothing of the kind");
  await page.getByText("1 filter hides 2 cards.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("Keep what was said").waitFor();
  await page.getByRole("link", { name: "api" }).click();
  await page.getByText("No run has stored it yet.").waitFor();
  await page.goBack();
  await page.getByText("No run has stored it yet.").waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.tagName"), "H1");

  const narrow = await web.open("/board?card=:api", { width: 320, theme: "dark" });
  await narrow.getByText("No run has stored it yet.").waitFor();
  assert.deepEqual(await violationsOf(narrow), []);
  const overflow = await narrow.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.equal(overflow, 0);
  await web.shoot(narrow, "board-narrow-dark");
});

test("nine tabs hold one stream between them, and each is true", async (context) => {
  const web = await openWeb(context, { files: files(0) });
  const first = await web.open("/board");
  const tabs = [first];
  while (tabs.length < 9) tabs.push(await web.beside(first, "/board"));
  for (const tab of tabs) await tab.getByText("Live", { exact: true }).waitFor();
  const figures = await fetch(`${web.url}/metrics`, { headers: { "x-api-key": WEB_KEY } });
  assert.match(await figures.text(), /^orket_event_streams 1$/m);
  await first.close();
  await web.post("/v1/runs", { card: "work" });
  for (const tab of tabs.slice(1)) {
    const done = tab.getByRole("region", { name: "Done", exact: true });
    await done.getByText("Keep what was said <b>bold</b>").waitFor();
    await tab.close();
  }
});

test("a project without cards says what to do next, and a broken one what is wrong", async (context) => {
  const web = await openWeb(context, { files: { "model/core/epics/work.yaml": epicFile([]) } });
  const page = await web.open("/board");
  await page.getByText("No cards yet.").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "board-empty");
  await writeFile(join(web.dir, "model/core/epics/work.yaml"), "issues: 5\n");
  const broken = await web.open("/board", { expected: /422|400|409/ });
  await broken.getByText("ASSET_INVALID").waitFor();
  assert.deepEqual(await violationsOf(broken), []);
  await web.shoot(broken, "board-error");
});
