// Every page of the dashboard opened with something in it, in light and dark: one heading, no finding of axe, a picture kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TRACKED } from "../support/pull-request-samples.ts";
import { epicFile, simpleScript } from "../support/project.ts";
import type { TestEngine } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { stringify } from "yaml";
import { visit } from "../support/web-visit.ts";

const BAD = "<b>api</b>\u202e";

const REJECTION = { review: 1, reviewer: "rita", headSha: "a".repeat(40), cycle: 1, reason: BAD };

async function fill({ engine, run }: TestEngine): Promise<void> {
  await run({ card: "work" });
  const row = { ...TRACKED, cycles: 1, title: BAD, rejections: [REJECTION] };
  await engine.store.transaction(async ({ pullRequests }) => pullRequests.insert(row));
}

const PAGES: readonly (readonly [path: string, heading: string, says: RegExp])[] = [
  ["/cards/api", "Card api", /Comments 0/],
  ["/runs", "Runs", /Done/],
  ["/system", "Health", /Runs in flight/],
];

test("each page shows what there is, as text, without a finding, in light and dark", async (context) => {
  const web = await openWeb(context, {
    files: {
      "model/core/epics/work.yaml": epicFile([{ id: "api", summary: "Answer" }]),
      "script.yaml": stringify(simpleScript(["api"])),
    },
    prepare: fill,
  });
  for (const theme of ["light", "dark"] as const) {
    const page = await web.open("/board", { theme });
    for (const [path, heading, says] of PAGES) {
      await visit(page, `${web.url}${path}`);
      await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
      await page.getByText(says).first().waitFor();
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, path);
      assert.deepEqual(await violationsOf(page), [], `${path} ${theme}`);
      const name = path.slice(1).replaceAll("/", "-");
      await web.shoot(page, `page-${name}-${theme}`);
    }
    await visit(page, `${web.url}/reviews/shop/api/12`);
    await page.getByText("<b>api</b>[U+202E]").first().waitFor();
    await page
      .getByText("approvals-missing")
      .or(page.getByText("No reason against it"))
      .first()
      .waitFor();
  }
});

test("what a page is not allowed or cannot find is said with its code", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/cards/none", { expected: /404/ });
  await page.getByText("CARD_UNKNOWN").waitFor();
  await visit(page, `${web.url}/reviews/a/b/1`);
  await page.getByText("PULL_REQUEST_UNKNOWN").waitFor();
  assert.deepEqual(await violationsOf(page), []);
});
