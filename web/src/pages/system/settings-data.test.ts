// Settings by section, by words, and by whether somebody set them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Setting } from "../../api/types.ts";
import { findSettings, sectionsOf, valueOf } from "./settings-data.ts";

const one = (key: string, value: unknown, origin = "default"): Setting => ({
  key,
  env: `ORKET_${key.toUpperCase()}`,
  value,
  origin,
  meaning: `What ${key} does`,
  isSecret: false,
});
const ALL = [one("server.host", "127.0.0.1"), one("env", "ci", ".env"), one("prices", { a: 1 })];
const keys = (settings: readonly Setting[]) => settings.map(({ key }) => key);

test("what has no dot is general and stands first", () => {
  assert.deepEqual(
    sectionsOf(ALL).map(({ name, settings }) => [name, keys(settings)]),
    [
      ["general", ["env", "prices"]],
      ["server", ["server.host"]],
    ],
  );
});

test("every word occurs somewhere, in any case", () => {
  const find = (words: string, isOnlySet = false) => keys(findSettings(ALL, { words, isOnlySet }));
  assert.deepEqual(find(""), ["server.host", "env", "prices"]);
  assert.deepEqual(find("SERVER 127"), ["server.host"]);
  assert.deepEqual(find("", true), ["env"]);
  assert.deepEqual(find("server", true), []);
});

test("values read as a person writes them", () => {
  assert.deepEqual(
    [null, "", "x", 7, false, { a: 1 }].map((value) => valueOf({ value })),
    ["none", "none", "x", "7", "false", '{"a":1}'],
  );
});
