// The palette in a real browser, by the keyboard alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openWeb, violationsOf } from "../support/web-scene.ts";

test("Ctrl-K leads to a page and to a card, Esc gives the focus back, and nothing of it needs a mouse", async (context) => {
  const web = await openWeb(context, {
    prepare: async (opened) => void (await opened.run({ card: "work" })),
  });
  const page = await web.open("/board");
  await page.getByRole("heading", { name: "Board" }).waitFor();
  await page.getByLabel("Find").focus();
  await page.keyboard.press("Control+k");
  const field = page.getByLabel("Page, card or run");
  await field.waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "palette");
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
  assert.equal(await page.evaluate("document.activeElement.type"), "search");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("sys");
  await page.getByRole("link", { name: /Page System/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/system$/);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("card api");
  await page.getByRole("link", { name: /Card api/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  assert.match(String(await page.evaluate("document.activeElement.textContent")), /^Card api/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/board\?card=build-work%3Aapi$/);
  await page.getByText("orket cards show api").waitFor();
});
