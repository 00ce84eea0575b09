// The colours of the visual language, measured: whatever is read on a surface can be read, in light and in dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const TOKEN = /--([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g;
const tokens = new Map(
  [...css.matchAll(TOKEN)].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]),
);

const channel = (byte: number): number => {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

/** Relative luminance of WCAG. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return 0.2126 * channel(red ?? 0) + 0.7152 * channel(green ?? 0) + 0.0722 * channel(blue ?? 0);
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function colourOf(name: string, theme: "light" | "dark"): string {
  const token = tokens.get(name);
  assert.ok(token !== undefined, name);
  return token[theme];
}

const WORDS = [
  "text",
  "muted",
  "accent",
  "ready",
  "waiting",
  "review",
  "done",
  "unverified",
  "failed",
];
const SURFACES = ["surface", "raised", "hover"];
const THEMES = ["light", "dark"] as const;

function tooFaint(names: readonly string[], on: readonly string[], least: number) {
  return THEMES.flatMap((theme) =>
    names.flatMap((name) =>
      on.flatMap((surface) => {
        const ratio = contrast(colourOf(name, theme), colourOf(surface, theme));
        return ratio < least ? [`${name} on ${surface}, ${theme}: ${ratio.toFixed(2)}`] : [];
      }),
    ),
  );
}

test("every colour of a word has a contrast of 4.5 on each surface", () => {
  assert.deepEqual(tooFaint(WORDS, SURFACES, 4.5), []);
});

test("the edge of a control has a contrast of 3 on each surface", () => {
  assert.deepEqual(tooFaint(["border", "accent"], SURFACES, 3), []);
});

test("text stays readable where a diff colours its lines", () => {
  assert.deepEqual(tooFaint(["text"], ["added", "removed"], 4.5), []);
});

test("the measure is that of the standard", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
});
