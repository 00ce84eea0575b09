// The driver in a real browser: words in, a plan out, its files as they would be, applied by a decision in the inbox; and what
// the page does when the model cannot be asked.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const EPIC = "model/core/epics/work.yaml";
const WORK =
  "summary: Work\nteam: core\nenvironment: local\nissues:\n  - id: api\n    summary: The api\n    seat: coder\n";
const SUMMARY = "Notes <b>of</b> the day";

const filesOf = (summary: string) => ({
  [EPIC]: WORK,
  "orket.yaml": { model: "scripted:driver.yaml" },
  "driver.yaml": stringify({
    version: 1,
    cards: {
      driver: {
        driver: [
          {
            text: JSON.stringify({
              answer: `Let us write \u001b[31mnotes\u202e. <img src=x onerror=alert(1)>`,
              actions: [
                {
                  action: "create_issue",
                  epic: "work",
                  issue: { id: "NOTE-1", summary, seat: "coder" },
                },
              ],
            }),
          },
        ],
      },
    },
  }),
});

test("a plan is asked for, seen as what it changes, applied in the inbox, and its card is on the board", async (context) => {
  const web = await openWeb(context, { files: filesOf(SUMMARY) });
  const page = await web.open("/driver");
  await page.getByText("Say what should change in the backlog.").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "driver-empty");
  await page.getByLabel("What should change?").fill("Plan the <i>notes</i>");
  await page.keyboard.press("Control+Enter");
  const said = page.getByRole("article", { name: "Exchange" });
  await said.getByText("Plan the <i>notes</i>").waitFor();
  await said
    .getByText("Let us write [U+001B][31mnotes[U+202E]. <img src=x onerror=alert(1)>")
    .waitFor();
  const changes = said.getByLabel(/^Changes of .*work\.yaml$/);
  await changes.locator(".added", { hasText: SUMMARY }).waitFor();
  assert.equal(await changes.locator(".removed").count(), 0);
  assert.equal(await page.getByLabel("What should change?").inputValue(), "");
  assert.equal(await readFile(join(web.dir, EPIC), "utf8"), WORK);
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, `driver-plan-${theme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });

  await said.getByRole("link", { name: "It waits for you" }).click();
  const asked = page.getByRole("article", { name: "A plan of the driver" });
  await asked
    .getByLabel(/^Changes of .*work\.yaml$/)
    .locator(".added", { hasText: SUMMARY })
    .waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "approvals-plan");
  await page.getByLabel("Kind").selectOption("calls of agents");
  await page.getByText("1 of another kind does.").waitFor();
  assert.match(page.url(), /kind=tool/);
  await page.getByRole("button", { name: "Show all" }).click();
  // By the keyboard alone.
  await asked.waitFor();
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("a");
  await page.getByRole("dialog", { name: "Apply this plan?" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing waits for you.").waitFor();
  assert.match(await readFile(join(web.dir, EPIC), "utf8"), /NOTE-1/);

  // What was said is still there, and knows that it is over.
  await page.getByRole("link", { name: "Driver", exact: true }).click();
  await said.getByText("It waits no longer").waitFor();
  await said.getByRole("link", { name: "See the board" }).click();
  await page.getByRole("region", { name: "Ready", exact: true }).getByText(SUMMARY).waitFor();
  await page.reload();
  await visit(page, `${web.url}/driver`);
  await page.getByText("Say what should change in the backlog.").waitFor();
});

test("a plan whose files changed meanwhile says so, and is not applied", async (context) => {
  const web = await openWeb(context, { files: filesOf("Notes") });
  const page = await web.open("/driver", { expected: /412/, width: 360 });
  await page.getByLabel("What should change?").fill("Plan the notes");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("link", { name: "It waits for you" }).waitFor();
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  await web.shoot(page, "driver-narrow");
  await writeFile(join(web.dir, EPIC), `${WORK}# mine\n`);
  await page.getByRole("link", { name: "It waits for you" }).click();
  await page.getByText("FILE_STALE").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  await web.shoot(page, "approvals-stale-narrow");
  await page.getByRole("button", { name: "Deny…" }).click();
  await page.getByLabel("Why not").fill("Mine is newer.");
  await page.getByRole("button", { name: "Deny", exact: true }).click();
  await page.getByText("Nothing waits for you.").waitFor();
  assert.equal(await readFile(join(web.dir, EPIC), "utf8"), `${WORK}# mine\n`);
});

test("a model that cannot be asked is told with its code, and what was written is kept", async (context) => {
  const empty = stringify({ version: 1, cards: {} });
  const web = await openWeb(context, { files: { ...filesOf("Notes"), "driver.yaml": empty } });
  const page = await web.open("/driver", { expected: /502|ERR_CONNECTION_REFUSED/ });
  const message = page.getByLabel("What should change?");
  await message.fill("Plan the notes");
  await page.getByRole("button", { name: "Send" }).click();
  const failure = page.getByRole("alert");
  await failure.getByText(/^MODEL_/).waitFor();
  assert.equal(await message.inputValue(), "Plan the notes");
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "driver-down");
  // It is kept over a visit to another page, and over a server that is gone.
  await message.fill("Plan the notes, please");
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor();
  await page.getByRole("link", { name: "Driver", exact: true }).click();
  await failure.getByText(/^MODEL_/).waitFor();
  assert.equal(await message.inputValue(), "Plan the notes, please");
  await web.kill();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("UNREACHABLE").waitFor();
  assert.equal(await message.inputValue(), "Plan the notes, please");
  const held = (await page.evaluate(
    "JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }])",
  )) as string;
  assert.ok(!held.includes("Plan the notes"));
});
