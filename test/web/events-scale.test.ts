// A run with a hundred thousand events and two thousand turns: its page shows the newest at once, goes back as far as somebody
// scrolls, finds a word in all of them, and holds neither the page up nor the memory full.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { seedLongRun } from "../support/long-run.ts";
import { openTestEngine } from "../support/project.ts";
import { measure, measuresText, watchTasks } from "../support/web-measures.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const EVENTS = 100_000;
const TURNS = 2000;
const NODES_MAX = 2000;
const TASK_MS_MAX = 200;
const HEAP_BYTES_MAX = 120 * 1024 * 1024;
const TAIL_BYTES_MAX = 256 * 1024;

const scrollTo = async (page: Page, label: string, top: string): Promise<void> =>
  page.evaluate(`(() => {
    const list = document.querySelector('[aria-label="${label}"]');
    list.scrollTop = ${top};
  })()`);

test("a hundred thousand events are read from the newest to far back, and one is found among them", async (context) => {
  let run = "";
  const web = await openWeb(context, {
    prepare: async (opened) => {
      run = (await opened.run({ card: "work" })).id;
      await seedLongRun(opened, run, { events: EVENTS, turns: TURNS });
    },
  });
  const page = await web.open(`/runs/${run}?tab=turns`);
  await page
    .getByRole("region", { name: "Turns" })
    .getByRole("link", { name: "1", exact: true })
    .waitFor();
  await watchTasks(page);
  await scrollTo(page, "Turns", "list.scrollHeight");
  await page.getByRole("link", { name: String(TURNS), exact: true }).waitFor();

  const tail = page.waitForResponse((answer) => answer.url().includes("/events?before="));
  await page.getByRole("button", { name: "Events" }).click();
  const bytes = (await (await tail).body()).length;
  assert.ok(bytes <= TAIL_BYTES_MAX, `${bytes} bytes for the tail`);
  const list = page.getByRole("region", { name: "Events, newest first" });
  const first = list.getByRole("button").first();
  await first.waitFor();
  const newest = Number(await first.textContent());
  // Each time as far as there is, until some thousand are there.
  for (let count = 500; count <= 5000; count += 500) {
    await page.getByText(new RegExp(`^${count} events so far`)).waitFor();
    await scrollTo(page, "Events, newest first", "list.scrollHeight");
  }
  await list.locator('[aria-posinset="5000"]').waitFor();
  await web.shoot(page, "events-100000");
  await scrollTo(page, "Events, newest first", "0");
  await list.getByRole("button", { name: String(newest) }).click();
  await page.getByRole("complementary", { name: `Event ${newest}` }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole("button", { name: "Close" }).click();

  // Far back, further than one look of the server goes.
  await page.getByLabel("Find in all events").fill("src/part-7/file-9.ts");
  await page.getByText(/^1 events have that/).waitFor();
  const far = page.getByRole("region", { name: "Events, newest first" }).getByRole("button");
  const seq = Number(await far.textContent());
  assert.ok(seq < newest - 90_000, String(seq));
  const { taskMs } = await measure(page, { taskMs: TASK_MS_MAX });

  // A link to an event shows it, however far back it is; one that is none of this run says so.
  await visit(page, `${web.url}/runs/${run}?tab=events&seq=${seq}`);
  await page.getByRole("complementary").getByText("src/part-7/file-9.ts").waitFor();
  await visit(page, `${web.url}/runs/${run}?tab=events&seq=${newest + 500}`);
  await page.getByText("This run has no event of that number.").waitFor();
  const measures = await measure(page, { nodes: NODES_MAX, heapBytes: HEAP_BYTES_MAX });
  context.diagnostic(`${measuresText({ ...measures, taskMs })}, ${bytes} bytes for the tail`);
});

const BURSTS = 20;
const BURST = 200;

test("what happens while somebody looks is shown as it comes, in bursts too, and holds nothing up", async (context) => {
  let run = "";
  const web = await openWeb(context, {
    prepare: async (opened) => {
      run = (await opened.run({ card: "work" })).id;
      await seedLongRun(opened, run, { events: 1000, turns: 10 });
    },
  });
  const page = await web.open(`/runs/${run}?tab=events`);
  const list = page.getByRole("region", { name: "Events, newest first" });
  await list.getByRole("button").first().waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await watchTasks(page);
  // Another process of the same project.
  const other = await openTestEngine(web.dir);
  context.after(other.close);
  const { store } = other.engine;
  const write = async (): Promise<number> => {
    const rows = Array.from({ length: BURST }, (_, at) => ({
      type: "tool-called" as const,
      run,
      card: "api",
      actor: "agent:coder",
      data: { at },
    }));
    const events = await store.transaction(async (transaction) => transaction.events.append(rows));
    return events.at(-1)?.seq ?? 0;
  };
  let last = 0;
  for (let burst = 1; burst <= BURSTS; burst += 1) {
    last = await write();
    await list.getByRole("button", { name: String(last) }).waitFor();
  }
  // Further down nothing moves; what came waits behind a button.
  await scrollTo(page, "Events, newest first", "5000");
  await page.evaluate(
    "new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))",
  );
  const before = await list.getByRole("button").first().textContent();
  last = await write();
  await page.getByRole("button", { name: `Jump to latest (${BURST} new)` }).waitFor();
  assert.equal(await list.getByRole("button").first().textContent(), before);
  await page.getByRole("button", { name: `Jump to latest (${BURST} new)` }).click();
  await list.getByRole("button", { name: String(last) }).waitFor();
  await measure(page, { taskMs: TASK_MS_MAX, nodes: NODES_MAX });
});
