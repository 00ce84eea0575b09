// Every page in every state, in light and dark: no finding of axe, one heading, nothing wider than the page, and each state says
// what it must. A page that has no scene fails here. The pictures are kept under reports/web.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { toProblem } from "../../src/http/problem.ts";
import { PAGE_PATHS } from "../../src/http/pages.ts";
import { epicFile } from "../support/project.ts";
import { runOrket } from "../support/orket.ts";
import { FULL_FILES, fillProject, NO_ENGINE } from "../support/web-full-project.ts";
import type { PageScene, Runs } from "../support/web-pages.ts";
import { SCENES } from "../support/web-pages.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import type { WebScene } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const THEMES = ["light", "dark"] as const;
const REQUEST = "req-0f1e2d3c";
const LOGIN = "/login";
const OLD = /^Not heard from the server for .* What you see is as of /;

test("every page that the server gives out has a scene, and the page knows the same addresses", async () => {
  assert.deepEqual([...Object.keys(SCENES), LOGIN].toSorted(), PAGE_PATHS.toSorted());
  const table = await readFile(new URL("../../web/src/routes.tsx", import.meta.url), "utf8");
  const known = [...table.matchAll(/path: "([^"]+)"/g)].map(([, path = ""]) => path);
  assert.deepEqual([...known, "/", LOGIN].toSorted(), PAGE_PATHS.toSorted());
});

type Visit = { readonly web: WebScene; readonly page: Page; readonly state: string };

/** Goes there as a link does; the page is not loaded anew. */
const go = async (page: Page, path: string): Promise<void> =>
  page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);

const settle = async (page: Page, heading: string, says: RegExp): Promise<void> => {
  await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
  await page.locator("main").filter({ hasText: says }).waitFor();
};

/** What holds for each page whatever its state; in both themes, with a picture of each. */
async function look({ web, page, state }: Visit, pattern: string): Promise<void> {
  const name = pattern === "/" ? "root" : pattern.slice(1).replaceAll(/[/:]+/g, "-");
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violationsOf(page), [], `${pattern} ${state} ${colorScheme}`);
    await web.shoot(page, `state-${name}-${state}-${colorScheme}`);
  }
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, pattern);
  assert.deepEqual(await page.evaluate(WIDER), [], `${pattern} ${state} is wider than the page`);
}

/** Neither the page nor its main part scrolls sideways; what is wide has a place of its own to do so. */
const WIDER = `[document.documentElement, document.querySelector("main")]
  .filter((part) => part.scrollWidth > part.clientWidth)
  .map((part) => part.tagName + " " + part.scrollWidth + " > " + part.clientWidth + ": " +
    [...part.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > part.clientWidth + 1)
      .slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join(" | "))`;

const scenes = (): readonly (readonly [string, PageScene])[] => Object.entries(SCENES);

async function openFull(context: Parameters<typeof openWeb>[0]) {
  const web = await openWeb(context, {
    files: { ...FULL_FILES, "model/core/epics/work.yaml": null },
    env: NO_ENGINE,
    prepare: fillProject,
  });
  for (const card of ["asks", "long"]) await web.post("/v1/runs", { card });
  const page = await web.open("/runs", { expected: /./ });
  await page.getByText("Paused: approval").waitFor();
  await page.getByText("Running", { exact: true }).waitFor();
  const { runs } = (await web.get("/v1/runs")) as {
    readonly runs: readonly { readonly id: string; readonly card: string }[];
  };
  return { web, page, runs: Object.fromEntries(runs.map(({ id, card }) => [card, id])) };
}

async function visitAll(visit: Visit, runs: Runs): Promise<void> {
  for (const [pattern, { path, heading, full, stale = full }] of scenes()) {
    await go(visit.page, path(runs));
    await settle(visit.page, heading(runs), visit.state === "stale" ? stale : full);
    // Nothing on it is believed to go on while nobody hears of it.
    if (visit.state === "stale") await visit.page.getByText(OLD).waitFor();
    await look(visit, pattern);
  }
}

test("a full project: as it is, narrow, with forced colours, with text twice as large, and when the server is gone", async (context) => {
  const { web, page, runs } = await openFull(context);
  await page.getByText("Live", { exact: true }).waitFor();
  await context.test("full", async () => visitAll({ web, page, state: "full" }, runs));
  await context.test("320 pixels wide", async () => {
    await page.setViewportSize({ width: 320, height: 800 });
    await visitAll({ web, page, state: "narrow" }, runs);
    await page.setViewportSize({ width: 1280, height: 800 });
  });
  await context.test("forced colours", async () => {
    await page.emulateMedia({ forcedColors: "active" });
    await visitAll({ web, page, state: "forced" }, runs);
    await page.emulateMedia({ forcedColors: "none" });
  });
  await context.test("text twice as large", async () => {
    await page.evaluate("document.documentElement.style.fontSize = '200%'");
    await visitAll({ web, page, state: "large" }, runs);
    await page.evaluate("document.documentElement.style.fontSize = ''");
  });
  await context.test("stale", async () => {
    await web.kill();
    await page.getByText(OLD).waitFor();
    await visitAll({ web, page, state: "stale" }, runs);
  });
});

const ERROR = toProblem({ code: "INTERNAL", message: "", details: {} }, REQUEST);

/** Every answer of the server is this one, but for those of the stream, which has a worker of its own. */
async function breakAnswers(page: Page): Promise<void> {
  await page.route("**/v1/**", async (route) =>
    route.fulfill({
      status: ERROR.status,
      contentType: "application/problem+json; charset=utf-8",
      body: JSON.stringify(ERROR),
    }),
  );
}

test("a server that fails is told with its code and number, and Retry brings the page", async (context) => {
  const { web, page, runs } = await openFull(context);
  const alert = page.locator("main [role=alert]").first();
  await breakAnswers(page);
  await page.reload();
  for (const [pattern, { path, heading, loads, act }] of scenes()) {
    await go(page, path(runs));
    await page.getByRole("heading", { level: 1, name: heading(runs), exact: true }).waitFor();
    if (loads === null) await act?.by(page);
    for (const told of [ERROR.title, ERROR.code, REQUEST])
      await alert.getByText(told).first().waitFor();
    await look({ web, page, state: "error" }, pattern);
  }
  for (const [, { path, heading, full }] of scenes().filter(([, { loads }]) => loads !== null)) {
    await visit(page, `${web.url}${path(runs)}`);
    await alert.waitFor();
    await page.unroute("**/v1/**");
    await alert.getByRole("button", { name: "Retry" }).click();
    await settle(page, heading(runs), full);
    await breakAnswers(page);
  }
});

test("a server that does not answer leaves a page that says what it waits for", async (context) => {
  const { web, page, runs } = await openFull(context);
  await page.route("**/v1/**", () => {});
  await page.reload();
  for (const [pattern, { path, heading, loads, act }] of scenes()) {
    await go(page, path(runs));
    await page.getByRole("heading", { level: 1, name: heading(runs), exact: true }).waitFor();
    if (loads === null) await act?.by(page);
    await page
      .locator("main")
      .filter({ hasText: loads ?? /Asking…/ })
      .waitFor();
    await look({ web, page, state: "loading" }, pattern);
  }
});

const NO_RUNS = { done: "run-1", stuck: "run-2" };

test("a project without cards says of each page what comes next", async (context) => {
  const web = await openWeb(context, {
    files: { "model/core/epics/work.yaml": epicFile([]) },
    env: NO_ENGINE,
  });
  const page = await web.open("/board", { expected: /404/ });
  for (const [pattern, { path, heading, empty }] of scenes()) {
    await go(page, path(NO_RUNS));
    await settle(page, heading(NO_RUNS), empty);
    await look({ web, page, state: "empty" }, pattern);
  }
});

test("a key that only looks sees every page, and is told what its scope lacks where it acts", async (context) => {
  const { web, runs } = await openFull(context);
  const added = await runOrket(["keys", "add", "viewer", "--scope", "read", "--json"], {
    cwd: web.dir,
  });
  const { key } = JSON.parse(added.out) as { readonly key: { readonly text: string } };
  const page = await web.open("/board", { key: key.text, expected: /403|503/ });
  for (const [pattern, { path, heading, full, refused = full, act }] of scenes()) {
    await go(page, (act?.path ?? path)(runs));
    if (act === undefined) await settle(page, heading(runs), refused);
    else {
      const off = page.locator('[aria-disabled="true"][title="needs scope operate"]').first();
      await off.filter({ hasText: "needs scope operate" }).waitFor();
    }
    await look({ web, page, state: "no-permission" }, pattern);
    await page.keyboard.press("Escape");
  }
});

test("the way in, and an address that is no page", async (context) => {
  const web = await openWeb(context);
  const page = await web.open(LOGIN, { isSignedIn: false, expected: /403|500/ });
  await page.getByLabel("API key").fill("a-wrong-key");
  await look({ web, page, state: "full" }, LOGIN);
  await page.setViewportSize({ width: 320, height: 800 });
  await look({ web, page, state: "narrow" }, LOGIN);
  await page.emulateMedia({ forcedColors: "active" });
  await look({ web, page, state: "forced" }, LOGIN);
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  await look({ web, page, state: "large" }, LOGIN);
  await page.emulateMedia({ forcedColors: "none" });
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("KEY_REFUSED").waitFor();
  await look({ web, page, state: "no-permission" }, LOGIN);
  await breakAnswers(page);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(REQUEST).waitFor();
  await look({ web, page, state: "error" }, LOGIN);
  await page.unroute("**/v1/**");
  await page.route("**/v1/**", () => {});
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign in", disabled: true }).waitFor();
  await look({ web, page, state: "loading" }, LOGIN);
  await page.evaluate("document.documentElement.style.fontSize = ''");
  await go(page, "/nowhere");
  await page.getByText("Nothing is at this address.").waitFor();
  await look({ web, page, state: "full" }, "/nowhere");
});
