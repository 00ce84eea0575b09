// Somebody without a mouse: goes from stop to stop with Tab, and every stop must be seen.
import assert from "node:assert/strict";
import type { Page } from "playwright-core";

export type Stop = {
  readonly name: string;
  readonly tag: string;
  readonly isSeen: boolean;
  readonly isInSight: boolean;
};

/** The words of its label without what it chooses from; else its own. */
const NAME = `(element) => element.getAttribute("aria-label") ?? (element.matches("select, input, textarea")
  ? [...element.labels].flatMap((label) => [...label.childNodes])
      .filter((part) => !(part instanceof Element) || part.matches("span")).map((part) => part.textContent).join("")
  : element.matches("body") ? "" : element.textContent)`;

const STOP = `(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return {
    name: (${NAME})(element).trim(),
    tag: element.tagName,
    isSeen: element.matches(":focus-visible") && style.outlineStyle !== "none" &&
      Number.parseFloat(style.outlineWidth) >= 2,
    isInSight: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
  };
})()`;

/** Where the focus is. */
export const stopOf = async (page: Page): Promise<Stop> => (await page.evaluate(STOP)) as Stop;

const STOPS_MAX = 250;

async function step(page: Page): Promise<Stop> {
  await page.keyboard.press("Tab");
  const stop = await stopOf(page);
  if (stop.tag === "BODY") return stop;
  assert.ok(stop.isSeen, `the focus is not seen on ${stop.tag} ${stop.name} at ${page.url()}`);
  assert.ok(stop.isInSight, `out of sight: ${stop.tag} ${stop.name} at ${page.url()}`);
  return stop;
}

/** Presses Tab until the focus is on what has that name. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  while (passed.length < STOPS_MAX) {
    const stop = await step(page);
    if (typeof name === "string" ? stop.name === name : name.test(stop.name)) return;
    passed.push(stop.name);
  }
  assert.fail(`${String(name)} is not among the stops: ${passed.slice(0, 40).join(" | ")}`);
}

/** Every stop from the top of the page to its end, where the focus leaves it. */
export async function walk(page: Page): Promise<readonly Stop[]> {
  const stops: Stop[] = [];
  while (stops.length < STOPS_MAX) {
    const stop = await step(page);
    if (stop.tag === "BODY") return stops;
    stops.push(stop);
  }
  return assert.fail(`the focus never leaves ${page.url()}`);
}
