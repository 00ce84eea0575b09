// Deciding where others decide too: two tabs at once have one effect and the loser is told, and so is who answers a turn that
// has ended.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { PATCH, promote, work } from "../support/approval-scene.ts";
import { approve, epicFile, script } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

async function openAsking(context: TestContext) {
  const web = await openWeb(context, {
    files: {
      "model/core/epics/work.yaml": epicFile([
        { id: "api" },
        { id: "ui", depends_on: ["api"] },
        { id: "docs", depends_on: ["ui"] },
      ]),
      "script.yaml": script({
        api: { coder: [promote("Be brief. \u001b[8m\u202e"), ...work("api")], guard: [approve] },
        ui: { coder: work("ui"), guard: [approve] },
        docs: { coder: work("docs"), guard: [approve] },
      }),
    },
  });
  const page = await web.open("/approvals", { expected: /409/ });
  const { run } = (await web.post("/v1/runs", { card: "work" })) as { run: { id: string } };
  await page.getByRole("article", { name: "promote_prompt" }).waitFor();
  return { web, page, run: run.id };
}

test("of two tabs that decide at once one is told that it came too late", async (context) => {
  const { web, page, run } = await openAsking(context);
  const other = await web.open("/approvals", { theme: "dark", expected: /409/ });
  const asked = page.getByRole("article", { name: "promote_prompt" });
  await asked.getByText("Waiting behind it").waitFor();
  assert.match(await asked.innerText(), /Waiting behind it: api, ui, docs/);
  await asked.getByText(String.raw`\u001b[8m[U+202E]`).waitFor();
  assert.match(await asked.innerText(), /sha256 [0-9a-f]{12}/);
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "approvals-one");
  await page.getByRole("button", { name: "Allow this call…" }).click();
  await other.getByRole("button", { name: "Deny…" }).click();
  await other.getByLabel("Why not").fill("Not now.");
  await Promise.all([
    page.getByRole("dialog").getByRole("button", { name: "Allow", exact: true }).click(),
    other.getByRole("dialog").getByRole("button", { name: "Deny", exact: true }).click(),
  ]);
  const late = "No effect: somebody decided before you";
  const loser = await Promise.race(
    [page, other].map(async (tab) => {
      await tab.getByRole("dialog", { name: late }).waitFor();
      return tab;
    }),
  );
  await loser.getByText(/was (allowed|denied) by human:.* that stands/).waitFor();
  assert.deepEqual(await violationsOf(loser), []);
  await web.shoot(loser, "approvals-too-late");
  const winner = loser === page ? other : page;
  await winner.getByText("Nothing waits for you.").waitFor();
  assert.equal(await winner.getByRole("dialog").count(), 0);
  await loser.getByRole("button", { name: "Close" }).click();
  await loser.getByText("Nothing waits for you.").waitFor();
  await visit(page, `${web.url}/runs/${run}`);
  await page.getByText("Done", { exact: true }).first().waitFor();
  assert.equal(existsSync(join(web.dir, PATCH)), winner === page);
});

test("a decision after the turn has ended says that it has no effect", async (context) => {
  const { web, page, run } = await openAsking(context);
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("x");
  await page.getByLabel("Why not").fill("Not now.");
  await web.post(`/v1/runs/${run}/cancel`, {});
  await page.getByText("Nothing waits for you.").waitFor();
  // The question in hand is not taken away by what happens meanwhile.
  await page.getByRole("dialog").getByRole("button", { name: "Deny", exact: true }).click();
  await page.getByRole("dialog", { name: "No effect: the turn had ended" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "approvals-void");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(existsSync(join(web.dir, PATCH)), false);
});
