// A corpus of hostile texts through every field that others may write, and through the addresses: each stays a text that can be
// read, nothing of it runs, nothing is asked for elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { marked } from "../../web/src/kit/marks.ts";
import { HOSTILE_PROJECT, NAME, SANDBOX } from "../support/hostile-project.ts";
import { ALL, BROKEN, HOSTILE } from "../support/hostile-texts.ts";
import { openWeb, WEB_KEY } from "../support/web-scene.ts";
import type { WebScene } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

/** All that is written on the page, also where it is folded away, and nothing that is only its structure. */
const textOf = async (page: Page): Promise<string> =>
  squeezed((await page.evaluate("document.body.textContent")) as string);

async function holds(page: Page, texts: readonly string[]): Promise<void> {
  const wanted = texts.map((text) => squeezed(marked(text)));
  const [last = ""] = wanted.toReversed();
  await page.locator("body").filter({ hasText: last }).waitFor();
  const shown = await textOf(page);
  for (const text of wanted) assert.ok(shown.includes(text), `${page.url()} does not show ${text}`);
}

const GROWN = `[String(globalThis.pwned), ...[...document.querySelectorAll(
  "#root :is(script, img, iframe, object, embed, link, meta, base, style, math, template, noscript, video, audio, plaintext, xmp)," +
  "#root svg:not([aria-hidden]), #root :is([onerror], [onload], [onmouseover], [onfocus], [autofocus])," +
  "#root a:not([href^='/']):not([href^='#']):not([href^='http:']), body > :not(#root, script, noscript)")].map((one) => one.outerHTML.slice(0, 200))]`;

async function isHarmless(page: Page): Promise<void> {
  assert.deepEqual(await page.evaluate(GROWN), ["undefined"], page.url());
}

async function openHostile(context: TestContext) {
  const web = await openWeb(context, HOSTILE_PROJECT);
  const page = await web.open("/board", { expected: /4\d\d|503/ });
  page.on("dialog", (dialog) => assert.fail(`a dialog opened: ${dialog.message()}`));
  return { web, page };
}

type Runs = { readonly runs: readonly { readonly id: string; readonly card: string }[] };

const runOf = async (web: WebScene, card: string): Promise<string> =>
  ((await web.get("/v1/runs")) as Runs).runs.find((run) => run.card === card)?.id ?? "";

test("a corpus of hostile texts, from everybody who writes", async (context) => {
  const { web, page } = await openHostile(context);
  await context.test("texts of cards, on the board and on their pages, stay texts", async () => {
    for (const view of ["tree", "table", "kanban"]) {
      await visit(page, `${web.url}/board?view=${view}`);
      await page.getByText("H-0", { exact: true }).waitFor();
      await isHarmless(page);
    }
    for (const [place, text] of HOSTILE.entries()) {
      await page.getByLabel("Find").fill(`H-${place}`);
      await page.getByRole("link", { name: `H-${place}`, exact: true }).click();
      await page.getByRole("complementary", { name: `Card H-${place}` }).waitFor();
      await holds(page, [text]);
      await isHarmless(page);
    }
    await visit(page, `${web.url}/cards/S-1`);
    await holds(page, [NAME, ALL, ...BROKEN.slice(0, 1)]);
    await isHarmless(page);
  });

  await context.test(
    "what a model says and does stays text: replies, calls, results, files, questions, approvals, the driver",
    async () => {
      await web.post("/v1/runs", { card: "waits" });
      await visit(page, `${web.url}/approvals`);
      await holds(page, [HOSTILE[0] ?? "", HOSTILE[16] ?? ""]);
      await isHarmless(page);
      const said = await runOf(web, "said");
      const pages: readonly (readonly [string, readonly string[]])[] = [
        ["/runs", HOSTILE.slice(0, 8)],
        [`/runs/${await runOf(web, "asked")}`, HOSTILE.slice(0, 8)],
        [`/runs/${said}/turns/1`, [ALL, ...BROKEN.slice(0, 1)]],
        [`/runs/${said}?tab=events`, ["run-ended"]],
        [`/runs/${said}?tab=files`, HOSTILE],
        ["/runs/compare?a=&b=", ["said"]],
      ];
      for (const [path, texts] of pages) {
        await visit(page, `${web.url}${path}`);
        await holds(page, texts);
        await isHarmless(page);
      }
      await visit(page, `${web.url}/driver`);
      await page.getByRole("textbox").fill("What is there?");
      await page.getByRole("button", { name: "Send" }).click();
      await holds(page, [ALL]);
      await isHarmless(page);
    },
  );

  await context.test(
    "what a forge and an engine say stays text: pull requests, branches, people, sandboxes, their logs",
    async () => {
      await visit(page, `${web.url}/reviews`);
      await holds(page, HOSTILE);
      await isHarmless(page);
      await visit(page, `${web.url}/reviews/shop/api/1`);
      await holds(page, [NAME, ALL]);
      assert.equal(await page.getByRole("link", { name: "Open in the forge" }).count(), 0);
      await page.route("**/logs*", async (route) =>
        route.fulfill({ json: { logs: [ALL, ...BROKEN].join("\n") } }),
      );
      // As if its engine answered: the log is what is looked at.
      await page.route("**/v1/sandboxes", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ json: { ...(await answer.json()), engine: null } });
      });
      for (const path of ["/sandboxes", `/sandboxes/${SANDBOX}`]) {
        await visit(page, `${web.url}${path}`);
        await holds(page, [NAME, ALL]);
        await isHarmless(page);
      }
      await holds(page, BROKEN);
    },
  );

  await context.test("an address that somebody sent stays an address", async () => {
    const said = await runOf(web, "said");
    for (const text of HOSTILE) {
      const part = encodeURIComponent(text);
      const paths = [
        `/board?q=${part}&card=${part}&view=${part}&epic=${part}&dept=${part}`,
        `/runs/${part}`,
        `/runs?state=${part}&before=${part}`,
        `/runs/${said}?tab=${part}&q=${part}&file=${part}&turn=${part}`,
        `/cards/${part}?build=${part}`,
        `/reviews/${part}/${part}/${part}`,
        `/sandboxes/${part}`,
        `/nowhere/${part}`,
      ];
      for (const path of paths) {
        await page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`);
        await page.getByRole("heading", { level: 1 }).waitFor();
      }
      await isHarmless(page);
    }
    await visit(page, `${web.url}/board`);
    for (const text of ["100% %41 %2541 &a=b #c", ...HOSTILE.slice(16, 20)]) {
      await page.getByLabel("Find").fill(text);
      await page.waitForURL((url) => url.searchParams.get("q") === text);
      await page.reload();
      assert.equal(await page.getByLabel("Find").inputValue(), text);
    }
  });
});

test("signing in leads to no address elsewhere", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/board", { isSignedIn: false, expected: /403/ });
  for (const next of [
    "javascript:globalThis.pwned=1",
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "/.//evil.example/",
  ]) {
    await visit(page, `${web.url}/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel("API key").fill(WEB_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Board" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/board", next);
    await page.context().clearCookies();
  }
});
