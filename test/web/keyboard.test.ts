// The main ways through the dashboard without a mouse: each stop of the focus is seen, dialogs give it back, nothing holds it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { PATCH, promote } from "../support/approval-scene.ts";
import { approve, epicFile, say, script } from "../support/project.ts";
import { FULL_FILES, fillProject, NO_ENGINE } from "../support/web-full-project.ts";
import { stopOf, tabTo, walk } from "../support/web-keys.ts";
import { SCENES } from "../support/web-pages.ts";
import { openWeb, WEB_KEY } from "../support/web-scene.ts";
import type { WebScene } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const open = async (context: TestContext): Promise<WebScene> =>
  openWeb(context, {
    files: { ...FULL_FILES, "model/core/epics/work.yaml": null },
    env: NO_ENGINE,
    prepare: fillProject,
  });

const heading = async (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole("heading", { level: 1, name }).waitFor();

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

test("signing in, past the rail, a card moved and discussed, the keys switched off", async (context) => {
  const web = await open(context);
  const page = await web.open("/board", { isSignedIn: false, expected: /403/ });
  await heading(page, "Sign in to Orket");
  await tabTo(page, "API key");
  await page.keyboard.type(WEB_KEY);
  await press(page, "Enter");
  await heading(page, "Board");
  await page.getByText("Choose the currency").waitFor();
  await tabTo(page, "Skip to the page");
  await press(page, "Enter");
  await tabTo(page, "Kanban");

  await press(page, "g", "r");
  await heading(page, "Runs");
  assert.equal((await stopOf(page)).name, "Runs");
  await press(page, "g", "b");
  await heading(page, "Board");
  await page.getByText("Choose the currency").waitFor();
  await press(page, "l", "l");
  assert.equal((await stopOf(page)).name, "CURR-1");
  await press(page, "Enter");
  const peek = page.getByRole("complementary", { name: "Card CURR-1" });
  await peek.getByText("Who acts").waitFor();

  await tabTo(page, "Comment");
  await press(page, "Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await press(page, "Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal((await stopOf(page)).name, "Comment");
  await press(page, "c");
  await dialog.waitFor();
  await page.keyboard.type("The one that the customer pays in.");
  await tabTo(page, "Comment");
  await press(page, "Enter");
  await dialog.waitFor({ state: "detached" });
  await peek.getByText("commented").first().waitFor();

  await press(page, "m");
  await dialog.waitFor();
  await tabTo(page, "Move");
  await press(page, "Enter");
  await dialog.waitFor({ state: "detached" });
  await page
    .getByRole("region", { name: "Waiting", exact: true })
    .getByText("CURR-1")
    .waitFor({ state: "detached" });
  await press(page, "Escape");
  await peek.waitFor({ state: "hidden" });
  assert.equal((await stopOf(page)).name, "CURR-1");

  await press(page, "?");
  await dialog.waitFor();
  await tabTo(page, "Single keys do something");
  await press(page, "Space", "Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal((await stopOf(page)).name, "CURR-1");
  await press(page, "?", "g", "r");
  assert.equal(await dialog.count(), 0);
  assert.equal(new URL(page.url()).pathname, "/board");
});

test("a run found, left alone and canceled, its turn read, two runs compared, the theme chosen", async (context) => {
  const web = await open(context);
  const page = await web.open("/board");
  const { run } = (await web.post("/v1/runs", { card: "long" })) as { run: { id: string } };
  await page.getByText("Choose the currency").waitFor();
  await press(page, "Control+k");
  await page.getByRole("link", { name: /Page Board/ }).waitFor();
  await page.keyboard.type(run.id);
  await page.getByRole("link", { name: new RegExp(`Run ${run.id}`) }).waitFor();
  await press(page, "Enter");
  await heading(page, `Run ${run.id}`);
  await page.getByText("Running", { exact: true }).waitFor();

  await tabTo(page, "Cancel…");
  await press(page, "Enter");
  const dialog = page.getByRole("dialog", { name: "Cancel this run?" });
  await dialog.waitFor();
  assert.equal((await stopOf(page)).name, "Leave it");
  await press(page, "Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal((await stopOf(page)).name, "Cancel…");
  await press(page, "Enter");
  await tabTo(page, "Cancel the run");
  await press(page, "Enter");
  await page.getByText("Canceled: requested").waitFor();

  await press(page, "g", "r");
  await heading(page, "Runs");
  await page.getByText("Blocked: stalled").waitFor();
  const { runs } = (await web.get("/v1/runs")) as {
    readonly runs: readonly { readonly id: string; readonly card: string }[];
  };
  await tabTo(page, runs.find(({ card }) => card === "done")?.id ?? "");
  await press(page, "Enter");
  await page.getByRole("region", { name: "Turns" }).waitFor();
  await tabTo(page, "1");
  await press(page, "Enter");
  await heading(page, "Turn 1");

  await press(page, "g", "r");
  await tabTo(page, "Compare two");
  await press(page, "Enter");
  await page
    .getByRole("option", { name: /^stuck/ })
    .first()
    .waitFor({ state: "attached" });
  await tabTo(page, /^One/);
  await press(page, "ArrowDown");
  await tabTo(page, /^Other/);
  await press(page, "ArrowDown", "ArrowDown");
  await page.getByRole("rowheader", { name: "Turns" }).waitFor();

  await tabTo(page, "Theme");
  await page.keyboard.type("dark");
  await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
  assert.equal(
    await page.evaluate("getComputedStyle(document.body.parentElement).colorScheme"),
    "dark",
  );
});

test("one call allowed and one denied with a reason, each after a second look", async (context) => {
  const asks = (id: string) => ({ coder: [promote(`For ${id}.`), say("Done.")], guard: [approve] });
  const web = await openWeb(context, {
    files: {
      "model/core/epics/work.yaml": epicFile([{ id: "api" }, { id: "ui" }]),
      "script.yaml": script({ api: asks("api"), ui: asks("ui") }),
    },
  });
  const page = await web.open("/board");
  await web.post("/v1/runs", { card: "work" });
  await heading(page, "Board");
  await press(page, "g", "a");
  const waiting = page.getByRole("article", { name: "promote_prompt" });
  await waiting.nth(1).waitFor();
  await tabTo(page, "Allow this call…");
  await press(page, "Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  assert.equal((await stopOf(page)).name, "Cancel");
  await press(page, "Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal((await stopOf(page)).name, "Allow this call…");
  assert.equal(existsSync(join(web.dir, PATCH)), false);
  await press(page, "Enter");
  await tabTo(page, "Allow");
  await press(page, "Enter");
  await waiting.nth(1).waitFor({ state: "detached" });
  await tabTo(page, "Deny…");
  await press(page, "Enter");
  await tabTo(page, "Why not");
  await page.keyboard.type("One is enough.");
  await tabTo(page, "Deny");
  await press(page, "Enter");
  await page.getByText("Nothing waits for you.").waitFor();
});

test("on each page Tab goes from the first to the last, sees every stop, and is let go", async (context) => {
  const web = await open(context);
  await web.post("/v1/runs", { card: "asks" });
  const page = await web.open("/runs", { expected: /503/ });
  await page.getByText("Paused: approval").waitFor();
  const { runs } = (await web.get("/v1/runs")) as {
    readonly runs: readonly { readonly id: string; readonly card: string }[];
  };
  const ids = Object.fromEntries(runs.map(({ id, card }) => [card, id]));
  for (const { path, full } of Object.values(SCENES)) {
    await visit(page, `${web.url}${path(ids)}`);
    await page.locator("main").filter({ hasText: full }).waitFor();
    const stops = await walk(page);
    assert.equal(stops[0]?.name, "Skip to the page", page.url());
    const unnamed = stops.filter(({ name }) => name === "");
    assert.deepEqual(unnamed, [], page.url());
  }
});
