// Runs, turns and approvals in a real browser: a decision in the page frees the run, a run is canceled there, and what an agent
// did is read turn by turn.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PATCH, promote } from "../support/approval-scene.ts";
import { approve, call, epicFile, say, script, write } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const HOSTILE = "Be brief. <img src=x onerror=alert(1)>\u202e";

const filesOf = (delayMs: number) => ({
  "model/core/epics/work.yaml": epicFile([{ id: "api", summary: "Answer" }]),
  "script.yaml": script({
    api: {
      coder: [
        promote(HOSTILE),
        write("docs/api.md", "1\n"),
        { ...(say("Done.") as object), delayMs },
      ],
      guard: [approve],
    },
  }),
});

test("a decision in the inbox frees the run, and its page and turns show what happened", async (context) => {
  const web = await openWeb(context, { files: filesOf(0) });
  const page = await web.open("/approvals", { expected: /409/ });
  await page.getByText("Nothing waits for you.").waitFor();
  await web.shoot(page, "approvals-empty");
  await web.post("/v1/runs", { card: "work" });
  const asked = page.getByRole("article", { name: "promote_prompt" });
  await asked.waitFor();
  await asked.getByText("<img src=x onerror=alert(1)>[U+202E]").waitFor();
  assert.match(await page.title(), /^\(1\)/);
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "approvals");
  // By the keyboard alone: the dialog begins with leaving it.
  await asked.getByRole("button", { name: "Allow this call…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Allow promote_prompt?" });
  await dialog.waitFor();
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Cancel");
  assert.deepEqual(await violationsOf(page), []);
  assert.equal(existsSync(join(web.dir, PATCH)), false);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing waits for you.").waitFor();

  await visit(page, `${web.url}/runs`);
  await page.getByText("Done", { exact: true }).first().waitFor();
  assert.ok(existsSync(join(web.dir, PATCH)));
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "runs");
  await page.getByRole("link", { name: /^run-/ }).click();
  await page.getByRole("region", { name: "Turns" }).getByText("guard (review)").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  const head = await page.getByText("What came of it").boundingBox();
  const first = await page.getByRole("region", { name: "Turns" }).boundingBox();
  assert.ok(
    head !== null && first !== null && first.y - head.y < 60,
    "the head stands on the rows",
  );
  await web.shoot(page, "run");
  await page.getByRole("button", { name: "Events" }).click();
  await page.getByText("run-ended").waitFor();
  await page.getByLabel("Find in all events").fill("approval-decided");
  await page.getByText("run-ended").waitFor({ state: "detached" });
  assert.match(page.url(), /tab=events&q=approval-decided/);
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole("button", { name: "Files" }).click();
  await page.getByText("docs/api.md", { exact: true }).click();
  await page.locator(".added").getByText("+1", { exact: true }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "run-files");
  await page.getByRole("button", { name: /^Turns/ }).click();
  await page.getByRole("region", { name: "Turns" }).getByRole("link", { name: "1" }).click();
  await page.getByRole("heading", { name: "Turn 1" }).waitFor();
  await page.getByRole("heading", { name: "promote_prompt" }).waitFor();
  await page.getByText("Allowed by the gate").first().waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "turn");
  const id = /run-[^/]+/.exec(page.url())?.[0] ?? "";
  await page.keyboard.press("]");
  await page.getByRole("heading", { name: "Turn 2" }).waitFor();
  await page.keyboard.press("[");
  await page.getByRole("heading", { name: "Turn 1" }).waitFor();
  await page.getByRole("button", { name: "Fork from here…" }).click();
  await page.getByLabel("Name of the build").fill("build-work");
  await page.getByRole("button", { name: "Start the fork" }).click();
  await page.getByText("BUILD_EXISTS").waitFor();
  await page.getByLabel("Name of the build").fill("second");
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "fork");
  await page.getByRole("button", { name: "Start the fork" }).click();
  await page.getByRole("link", { name: "fork of turn 1" }).waitFor();
  const { runs } = (await web.get("/v1/runs")) as { runs: readonly { builds: string[] }[] };
  assert.deepEqual(runs[0]?.builds, ["second"]);
  await visit(page, `${web.url}/runs/compare?a=${id}&b=${id}`);
  await page.getByRole("rowheader", { name: "Turns" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "compare");
  const dark = await web.open("/runs", { theme: "dark" });
  await dark.getByRole("link", { name: /^run-/ }).first().waitFor();
  assert.deepEqual(await violationsOf(dark), []);
});

test("a denial says why, and the agent is told", async (context) => {
  const web = await openWeb(context, { files: filesOf(0) });
  const page = await web.open("/approvals");
  await web.post("/v1/runs", { card: "work" });
  await page.getByRole("button", { name: "Deny…" }).click();
  await page.getByLabel("Why not").fill("Not now.");
  await page.getByRole("button", { name: "Deny", exact: true }).click();
  await page.getByText("Nothing waits for you.").waitFor();
  await visit(page, `${web.url}/runs`);
  await page.getByText("Done", { exact: true }).first().waitFor();
  assert.equal(existsSync(join(web.dir, PATCH)), false);
  await page.getByRole("link", { name: /^run-/ }).click();
  await page.getByRole("region", { name: "Turns" }).getByRole("link", { name: "1" }).click();
  await page.getByText("Not now.").first().waitFor();
});

test("the page of a turn grows with it, and says what the gate refused and why", async (context) => {
  const files = {
    ...filesOf(0),
    "script.yaml": script({
      api: {
        coder: [
          {
            ...(call("run_command", { argv: ["rm", "-rf", "."] }) as object),
            delayMs: 3000,
          },
          { ...(say("Done.") as object), delayMs: 120_000 },
        ],
        guard: [approve],
      },
    }),
  };
  const web = await openWeb(context, { files });
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  const page = await web.open(`/runs/${run.id}`);
  await page.getByRole("region", { name: "Turns" }).getByRole("link", { name: "1" }).click();
  await page.getByText("At work", { exact: true }).waitFor();
  await page.getByText("The model has not answered yet.").waitFor();
  await page.getByText(/^Refused by the gate, run_command may not start "rm"/).waitFor();
  await page.getByText("The model has not answered yet.").waitFor({ state: "detached" });
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "turn-live");
  assert.equal(await page.getByRole("button", { name: "Fork from here…" }).count(), 0);
  await web.post(`/v1/runs/${run.id}/cancel`, {});
  await page.getByText("At work", { exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Fork from here…" }).waitFor();
});

test("a run is canceled from its page, after a question", async (context) => {
  const files = {
    ...filesOf(0),
    "script.yaml": script({
      api: { coder: [{ ...(say("Done.") as object), delayMs: 120_000 }], guard: [approve] },
    }),
  };
  const web = await openWeb(context, { files });
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  const page = await web.open(`/runs/${run.id}`);
  await page.getByText("Running", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("dialog", { name: "Cancel this run?" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await page.getByRole("button", { name: "Leave it" }).click();
  assert.equal(
    ((await web.get(`/v1/runs/${run.id}`)) as { run: { status: string } }).run.status,
    "running",
  );
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await page.getByText("Canceled: requested").waitFor();
  await web.shoot(page, "run-canceled");
});

test("the list of runs stands still while somebody reads it; what began since is one press away", async (context) => {
  const web = await openWeb(context, { files: filesOf(120_000) });
  const begun = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  await web.post(`/v1/runs/${begun.run.id}/cancel`, {});
  const page = await web.open("/runs");
  await page.getByText("Canceled: requested").waitFor();
  const rows = page.getByRole("region", { name: "Runs" }).getByRole("link");
  await web.post("/v1/runs", { card: "work" });
  const fresh = page.getByRole("button", { name: "1 new run" });
  await fresh.waitFor();
  assert.equal(await rows.count(), 1);
  assert.deepEqual(await violationsOf(page), []);
  await fresh.click();
  assert.equal(await rows.count(), 2);
  await fresh.waitFor({ state: "hidden" });
});

test("a run that there is not says so, with its code", async (context) => {
  const web = await openWeb(context, { files: filesOf(0) });
  const page = await web.open("/runs/run-nowhere", { expected: /404/ });
  await page.getByText("RUN_UNKNOWN").waitFor();
  assert.deepEqual(await violationsOf(page), []);
});
