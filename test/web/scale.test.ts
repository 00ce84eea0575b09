// A board of ten thousand cards: it may take its moment to load, and after that nothing holds the page up.
import { test } from "node:test";
import { epicFile } from "../support/project.ts";
import { measure, measuresText, watchTasks } from "../support/web-measures.ts";
import { openWeb } from "../support/web-scene.ts";

const CARDS = 10_000;
const NODES_MAX = 2000;
const TASK_MS_MAX = 200;
const HEAP_BYTES_MAX = 40 * 1024 * 1024;

const EPICS = 50;

const files = Object.fromEntries(
  Array.from({ length: EPICS }, (_, epic) => [
    `model/core/epics/${epic === 0 ? "work" : `epic-${epic}`}.yaml`,
    epicFile(
      Array.from({ length: CARDS / EPICS }, (__, at) => ({
        id: `C-${epic * (CARDS / EPICS) + at}`,
        summary: `Card ${epic * (CARDS / EPICS) + at} with a summary as people write them`,
      })),
      { name: `Epic ${epic}` },
    ),
  ]),
);

test("ten thousand cards are scrolled, filtered and read without holding the page up", async (context) => {
  const web = await openWeb(context, { files });
  const page = await web.open("/board");
  await page.getByText("Live", { exact: true }).waitFor();
  const ready = page.getByRole("region", { name: "Ready", exact: true });
  await ready.getByText(String(CARDS), { exact: true }).waitFor();
  await watchTasks(page);
  const list = page.getByRole("region", { name: "Cards: Ready" });
  const scroller = `document.querySelector('[aria-label="Cards: Ready"]')`;
  await page.evaluate(`(async () => {
    const list = ${scroller};
    for (let step = 0; step < 20; step += 1) {
      list.scrollTop += 40_000;
      await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    }
    list.scrollTop = list.scrollHeight;
  })()`);
  await list.locator(`[aria-posinset="${CARDS}"]`).waitFor();
  await web.shoot(page, "board-10000");
  await page.getByLabel("Find").fill("card 9999");
  await ready.getByText("C-9999").waitFor();
  await page.getByLabel("Find").fill("");
  await page.getByRole("button", { name: "Table" }).click();
  await page.getByRole("region", { name: "Cards" }).waitFor();
  await page.getByRole("button", { name: "Tree" }).click();
  await page
    .getByRole("region", { name: "Rocks, epics and cards" })
    .getByText("Epic 1", { exact: true })
    .waitFor();
  const measures = await measure(page, {
    taskMs: TASK_MS_MAX,
    nodes: NODES_MAX,
    heapBytes: HEAP_BYTES_MAX,
  });
  context.diagnostic(measuresText(measures));
});
