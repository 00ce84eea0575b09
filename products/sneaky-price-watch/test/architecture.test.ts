// iDesign's rule of calls, executed. To change the rule, change this table and say why.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

type Source = { readonly path: string; readonly text: string };

/** What each layer may import from the product besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  controllers: ["managers", "schemas", "utils"], // translate, and decide nothing
  managers: ["engines", "accessors", "schemas", "utils"], // the order of things
  engines: ["accessors", "schemas", "utils"], // decisions; courtesy asks for robots.txt and what is kept of a host
  accessors: ["schemas", "utils"], // the world
  schemas: [],
  utils: ["schemas"],
  "compose.ts": ["managers", "engines", "accessors", "schemas", "utils"], // exactly one place
  "main.ts": ["compose.ts", "controllers", "managers", "utils"], // process and environment
};
/** The engines that only count and compare. */
const PURE = ["engines", "schemas"];
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bprocess\.\w|\bfetch\(|\bset(?:Timeout|Interval)\(|"node:/;
const IMPORT = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

const source = join(import.meta.dirname, "..", "src");
const files: readonly Source[] = globSync("**/*.ts", { cwd: source })
  .filter((path) => !path.endsWith(".test.ts"))
  .map((path) => ({ path, text: readFileSync(join(source, path), "utf8") }));

const layerOf = (path: string): string => path.split("/")[0] ?? "";
const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

function findBreaches({ path, text }: Source): readonly string[] {
  const layer = layerOf(path);
  const allowed = MAY_IMPORT[layer];
  if (allowed === undefined) return [`${path} belongs to no layer`];
  return [...text.matchAll(IMPORT)].flatMap(([, specifier = ""]) => {
    if (!specifier.startsWith("."))
      return specifier.startsWith("/") ? [`${path}: ${specifier}`] : [];
    const target = normalize(join(dirname(path), specifier));
    const to = layerOf(target);
    return !target.startsWith("..") && (to === layer || allowed.includes(to))
      ? []
      : [`${path}: ${specifier}`];
  });
}

test("every import follows the rule of calls", () => {
  assert.ok(files.length > 25);
  assert.deepEqual(files.flatMap(findBreaches), []);
});

test("engines and schemas know no clock, chance, process, network or file", () => {
  const impure = files.filter(
    ({ path, text }) => PURE.includes(layerOf(path)) && IMPURE.test(withoutComments(text)),
  );
  assert.deepEqual(
    impure.map(({ path }) => path),
    [],
  );
});

test("every package that is imported is one of its own", () => {
  const { dependencies } = JSON.parse(readFileSync(join(source, "../package.json"), "utf8")) as {
    dependencies: object;
  };
  const named = files.flatMap(({ text }) =>
    [...text.matchAll(IMPORT)].map(([, name = ""]) => name),
  );
  const foreign = named.filter((name) => !/^(?:\.|node:)/.test(name) && !(name in dependencies));
  assert.deepEqual(foreign, []);
});

test("the checks see what they are there for", () => {
  const breaches: readonly (readonly [path: string, code: string])[] = [
    ["engines/a.ts", 'import { m } from "../managers/m.ts";'],
    ["accessors/a.ts", 'import type { E } from "../engines/e.ts";'],
    ["accessors/a.ts", 'const e = await import("../engines/e.ts");'],
    ["controllers/a.ts", 'import { d } from "../accessors/d.ts";'],
    ["controllers/a.ts", 'export { d } from "../engines/d.ts";'],
    ["utils/a.ts", 'import "../controllers/c.ts";'],
    ["managers/a.ts", 'import { c } from "../controllers/c.ts";'],
    ["managers/a.ts", 'import { root } from "../../../../src/config.ts";'],
    ["helpers/a.ts", ""],
  ];
  for (const [path, text] of breaches)
    assert.equal(findBreaches({ path, text }).length, 1, `${path}: ${text}`);
  assert.deepEqual(
    findBreaches({ path: "managers/a.ts", text: 'import { e } from "../engines/e.ts";' }),
    [],
  );
  assert.match("const now = Date.now();", IMPURE);
});
