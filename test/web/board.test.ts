// The board in a real browser: signing in, real cards, a run that moves them while somebody looks, and a server that is
// killed and comes back in the middle of it.
import assert from "node:assert/strict";
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
  const page = await web.open("/board");
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
  await web.start();
  await page.getByText("Live", { exact: true }).waitFor();
  await column("Done").getByText("Keep what was said <b>bold</b>").waitFor();
  await column("Done").getByText("Answer the first call").waitFor();
  await web.shoot(page, "board-done");

  const dark = await web.open("/board", { theme: "dark" });
  await dark.getByText("Answer the first call").waitFor();
  assert.deepEqual(await violationsOf(dark), []);
  await web.shoot(dark, "board-dark");
});
