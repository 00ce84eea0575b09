// The graph of a run of three thousand cards: its epics first, and one of them card by card.
import assert from "node:assert/strict";
import { test } from "node:test";
import { epicFile, script } from "../support/project.ts";
import { measure, measuresText, watchTasks } from "../support/web-measures.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";

const EPICS = 10;
const CARDS = 300;

const idOf = (epic: number, at: number): string => `c-${epic}-${at}`;

/** In each epic ten chains, joined at every tenth card. */
const issuesOf = (epic: number) =>
  Array.from({ length: CARDS }, (_, at) => ({
    id: idOf(epic, at),
    depends_on: [at - 10, at % 10 === 0 ? at - 7 : -1]
      .filter((before) => before >= 0)
      .map((before) => idOf(epic, before)),
  }));

const names = Array.from({ length: EPICS }, (_, epic) => `epic-${epic}`);
const files = {
  "script.yaml": script({}),
  ...Object.fromEntries(
    names.map((name, epic) => [
      `model/core/epics/${name}.yaml`,
      epicFile(issuesOf(epic), { name: `Epic ${epic}` }),
    ]),
  ),
  "model/core/rocks/all.yaml": {
    name: "All",
    epics: names.map((epic) => ({
      epic,
      department: "core",
      depends_on: [],
    })),
  },
};

test("a run of three thousand cards is drawn as its epics, and an epic as its cards, without holding the page up", async (context) => {
  let run = "";
  const web = await openWeb(context, {
    files,
    prepare: async (opened) => {
      run = (await opened.run({ card: "all" }, AbortSignal.abort())).id;
    },
  });
  const page = await web.open(`/runs/${run}`);
  await page.getByText("Live", { exact: true }).waitFor();
  await watchTasks(page);
  await page.getByRole("button", { name: "Graph" }).click();
  const graph = page.getByRole("region", { name: "Cards in dependency order" });
  await graph.getByRole("button", { name: `Open epic-9: ${CARDS} cards` }).waitFor();
  assert.equal(await graph.getByRole("listitem").count(), EPICS);
  await web.shoot(page, "run-graph-3000");
  assert.deepEqual(await violationsOf(page), []);
  await graph.getByRole("button", { name: "Open epic-3:" }).click();
  await graph.getByText("waits for c-3-280, c-3-283").waitFor();
  assert.equal(await graph.getByRole("listitem").count(), EPICS - 1 + CARDS);
  await web.shoot(page, "run-graph-3000-epic");
  const measures = await measure(page, { taskMs: 200, nodes: 5000, heapBytes: 40 * 1024 ** 2 });
  context.diagnostic(measuresText(measures));
  await page.getByRole("button", { name: "Fold the epic" }).click();
  await graph.getByRole("button", { name: "Open epic-3:" }).waitFor();
  const dark = await web.open(`/runs/${run}?tab=graph`, { theme: "dark", width: 360 });
  await dark.getByRole("button", { name: "Open epic-9:" }).waitFor();
  await web.shoot(dark, "run-graph-3000-dark-360");
  assert.deepEqual(await violationsOf(dark), []);
});
