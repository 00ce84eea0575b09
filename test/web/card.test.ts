// A card's page: why it stands still and who acts, what it hangs on, what happened to it, and what a person does, by keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { approve, epicFile, say, script, write } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const files = {
  "model/core/epics/work.yaml": epicFile([
    { id: "api", summary: "Answer the first call" },
    { id: "store", summary: "Keep what was said", depends_on: ["api"] },
    { id: "page", summary: "Show it", depends_on: ["store"] },
  ]),
  "script.yaml": script({
    api: { coder: [write("../outside.md", "1\n"), say("Done.")], guard: [approve] },
    store: { coder: [say("Done.")], guard: [approve] },
    page: { coder: [say("Done.")], guard: [approve] },
  }),
};

test("a blocked card says why and who acts, leads to what hangs on it, and is set free by keys", async (context) => {
  const web = await openWeb(context, { files });
  await web.post("/v1/runs", { card: "work" });
  const page = await web.open("/runs");
  await page
    .getByText(/^Blocked/)
    .first()
    .waitFor();
  await visit(page, `${web.url}/cards/page`);
  // From what waits to what it waits for, and further to the one that a person has to look at.
  const before = page.getByRole("region", { name: "Depends on" });
  await before.getByRole("link", { name: "store" }).click();
  await page.getByRole("heading", { name: "Card store" }).waitFor();
  await page.getByRole("region", { name: "Unblocks" }).getByText("Show it").waitFor();
  await before.getByText("Blocked").waitFor();
  await before.getByRole("link", { name: "api" }).click();
  await page.getByRole("heading", { name: "Card api" }).waitFor();
  await page.getByText("You: a person lifts this block.").waitFor();
  const history = page.getByRole("region", { name: "History" });
  await history.getByText(/^refused write_file: path escape/).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "card-blocked");

  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("textbox").fill("Write it below docs.");
  await page.getByRole("button", { name: "Comment", exact: true }).last().click();
  await page.getByRole("region", { name: "Comments" }).getByText("Write it below docs.").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("m");
  await page.getByRole("dialog").getByRole("button", { name: "Move" }).click();
  await history.getByText("blocked → ready").waitFor();
  await page.getByText("Ready", { exact: true }).waitFor();
  await page.getByText("You: a person lifts this block.").waitFor({ state: "detached" });
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "card-dark");
});
