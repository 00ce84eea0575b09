// The views of one run: when its cards were worked on, what they wait for, and what they used.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { approve, epicFile, say, script, write } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const done = (id: string) => ({
  coder: [write(`src/engines/${id}_engine.ts`, "export const one = 1;\n"), say("Done.")],
  guard: [approve],
});

const files = {
  "model/core/epics/work.yaml": epicFile([
    { id: "schema" },
    { id: "posting", depends_on: ["schema"] },
    { id: "report", depends_on: ["schema"] },
    { id: "close", depends_on: ["posting", "report"] },
  ]),
  "script.yaml": script({
    schema: done("schema"),
    posting: done("posting"),
    report: done("report"),
    close: done("close"),
  }),
};

test("a run is read as a timeline, as a graph and as what it used", async (context) => {
  const web = await openWeb(context, { files });
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  const page = await web.open(`/runs/${run.id}`);
  await page.getByText("Done", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Timeline" }).click();
  const timeline = page.getByRole("region", { name: "Timeline" });
  const bars = timeline.getByRole("link", { name: /turn \d+, (coder|guard), committed, / });
  await timeline.getByRole("link", { name: "close", exact: true }).waitFor();
  assert.equal(await bars.count(), 8);
  await checked(page, () => web.shoot(page, "run-timeline"));
  await page.getByRole("button", { name: "Collapse idle" }).click();
  await page.getByRole("button", { name: "Failed only" }).click();
  await page.getByText("No turn failed.").waitFor();
  await checked(page, () => web.shoot(page, "run-timeline-no-failure"));
  await page.getByRole("button", { name: "Failed only" }).click();
  // By the keyboard: from a card to its first turn.
  await timeline.getByRole("link", { name: "schema", exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Turn 1" }).waitFor();

  await visit(page, `${web.url}/runs/${run.id}?tab=graph`);
  const graph = page.getByRole("region", { name: "Cards in dependency order" });
  await graph.getByText("after posting, report").waitFor();
  assert.equal(await graph.locator("div > svg > path").count(), 4);
  await checked(page, () => web.shoot(page, "run-graph"));

  await visit(page, `${web.url}/runs/${run.id}?tab=cost`);
  const byCard = page.getByRole("region", { name: "Used by card" });
  await byCard.getByText("schema", { exact: true }).waitFor();
  await page.getByText("no price known, no limit").waitFor();
  assert.doesNotMatch(await page.locator("main").innerText(), /\$0/);
  await checked(page, () => web.shoot(page, "run-cost"));

  for (const tab of ["timeline", "cost"]) {
    const dark = await web.open(`/runs/${run.id}?tab=${tab}`, { theme: "dark", width: 360 });
    await dark
      .getByRole("region", { name: tab === "cost" ? "Used by card" : "Timeline" })
      .waitFor();
    await checked(dark, () => web.shoot(dark, `run-${tab}-dark-360`));
  }
});

async function checked(page: Page, shoot: () => Promise<void>): Promise<void> {
  await shoot();
  assert.deepEqual(await violationsOf(page), []);
}
