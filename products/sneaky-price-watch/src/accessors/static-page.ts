// Finds a target in HTML without a browser: the same four kinds of target, on what the server sent. No script of the page runs
// and nothing it names is loaded.
import { computeAccessibleName, getRole } from "dom-accessibility-api";
import { JSDOM, VirtualConsole } from "jsdom";
import type { Target } from "../schemas/watch.ts";
import { CLIMB_MAX, ELEMENTS_MAX, readTexts } from "../utils/find-texts.ts";

/** Throws for a query that is none. */
export function findStaticTexts(html: string, url: string, target: Target): readonly string[] {
  const { window } = new JSDOM(html, { url, virtualConsole: new VirtualConsole() });
  try {
    for (const silent of window.document.querySelectorAll("script, style, noscript, template"))
      silent.remove();
    const climb = target.kind === "text" ? CLIMB_MAX : 0;
    return readTexts(findElements(window.document, target), { climb, count: ELEMENTS_MAX });
  } finally {
    window.close();
  }
}

function findElements(document: Document, target: Target): readonly Element[] {
  switch (target.kind) {
    case "css":
      return [...document.querySelectorAll(target.query)];
    case "xpath":
      return byXPath(document, target.query);
    case "role":
      return everyElement(document).filter(
        (element) => getRole(element) === target.role && hasName(element, target.name),
      );
    case "text":
      return everyElement(document).filter(
        (element) =>
          says(element, target.text) &&
          ![...element.children].some((child) => says(child, target.text)),
      );
  }
}

const everyElement = (document: Document): readonly Element[] => [
  ...document.body.querySelectorAll("*"),
];

function byXPath(document: Document, query: string): readonly Element[] {
  const ORDERED_SNAPSHOT = 7;
  const found = document.evaluate(query, document, null, ORDERED_SNAPSHOT, null);
  const nodes = Array.from({ length: Math.min(found.snapshotLength, ELEMENTS_MAX) }, (_, at) =>
    found.snapshotItem(at),
  );
  return nodes.filter((node): node is Element => node?.nodeType === 1);
}

const plain = (text: string): string => text.replaceAll(/\s+/g, " ").trim().toLowerCase();
const says = (element: Element, text: string): boolean =>
  plain(element.textContent ?? "").includes(plain(text));
const hasName = (element: Element, name: string | null): boolean =>
  name === null || plain(computeAccessibleName(element)).includes(plain(name));
