// A person's browser, to look at our own page.
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { chromiumArguments, findChromium } from "../../src/accessors/browser-accessor.ts";

export async function openBrowser(context: TestContext): Promise<Browser> {
  const executablePath = findChromium(null);
  if (executablePath === null) throw new Error("These tests need Chromium.");
  const browser = await chromium.launch({
    executablePath,
    args: [...chromiumArguments(process.getuid?.() === 0)],
  });
  context.after(() => browser.close());
  return browser;
}
