// What a target's elements say. The function runs in two worlds, in Chromium's page and on a document without scripts, and
// Chromium is sent its source: it may use nothing from outside of itself.

/** A label seldom holds the price itself; this many elements further out it may stand. */
export const CLIMB_MAX = 3;
export const ELEMENTS_MAX = 20;

/** The texts of the first elements; with `climb`, of the nearest one around each that holds a digit. */
export function readTexts(
  elements: readonly Element[],
  bounds: { climb: number; count: number },
): string[] {
  const textOf = (element: Element): string => {
    const shown =
      "innerText" in element && typeof element.innerText === "string" ? element.innerText : "";
    return (shown.trim() === "" ? (element.textContent ?? "") : shown)
      .replaceAll(/\s+/g, " ")
      .trim()
      .slice(0, 2000);
  };
  return elements.slice(0, bounds.count).map((element) => {
    let around: Element | null = element;
    for (let level = 0; level <= bounds.climb && around !== null; level += 1) {
      const text = textOf(around);
      if (/\p{Nd}/u.test(text)) return text;
      around = around.parentElement;
    }
    return textOf(element);
  });
}
