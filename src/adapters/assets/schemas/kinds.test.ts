// The published JSON Schemas say what the loader does.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { isValid } from "../../../../test/support/json-schema.ts";
import { checkAliases } from "../check-aliases.ts";
import { checkValue } from "../check-value.ts";
import { isRecord } from "../findings.ts";
import { parseText } from "../parse-text.ts";
import type { AssetKind } from "./kinds.ts";
import { ASSET_KINDS, jsonSchemaOf } from "./kinds.ts";

const examplesDir = fileURLToPath(new URL("../../../../examples/init/", import.meta.url));

type Example = { readonly kind: AssetKind; readonly value: unknown };
const read = (kind: AssetKind, file: string): Example => {
  const parsed = parseText(readFileSync(join(examplesDir, file), "utf8"), "yaml");
  assert.ok(parsed.ok);
  return { kind, value: parsed.value };
};

const shipped: readonly Example[] = [
  read("organization", "config/organization.yaml"),
  ...ASSET_KINDS.flatMap((kind) =>
    globSync(`model/*/${kind}s/*.yaml`, { cwd: examplesDir }).map((file) => read(kind, file)),
  ),
];

/** One example with every key in use, so that a change anywhere is held against both. */
const full: readonly Example[] = [
  ...shipped,
  {
    kind: "department",
    value: { name: "Sales", parent: "core", policy: { any: 1 }, default_llm: "ollama:x" },
  },
  {
    kind: "issue",
    value: {
      id: "x",
      summary: "x",
      labels: ["a"],
      references: ["docs/x.md"],
      depends_on: ["y"],
      max_retries: 1,
      verification: {
        fixture_path: "verification/a.py",
        command: { argv: ["node"], exit_code: [0], stdout: { contains: "x" } },
        scenarios: [{ id: "s", input_data: { a: [1] }, expected_output: null }],
      },
      metrics: { score: 1, grade: "A", shippability_threshold: 7 },
    },
  },
  {
    kind: "organization",
    value: {
      name: "a",
      vision: "b",
      ethos: "c",
      branding: { fonts: ["x"], design_dos: ["y"] },
      contact: { email: "a@b" },
      architecture: { idesign: { categories: ["a"], enabled: false } },
      process_rules: {
        pr_review_policy: { max_cycles: 5, auto_merge: false, labels: [] },
        plan: "x",
      },
      bottleneck_thresholds: { wip_limit_per_seat: 2 },
    },
  },
  {
    kind: "rock",
    value: {
      task: "x",
      epics: [{ epic: "a", department: "core", depends_on: [] }],
      lessons_learned: [{ date: "x" }],
    },
  },
];

/** Held against the schemas alone; what only the loader knows (priority words, models by role) is left out below. */
const loaderAccepts = ({ kind, value }: Example): boolean =>
  checkValue(kind, value).findings.length === 0 &&
  !checkAliases(kind, value).some(({ code }) => code === "key-missing");

test("every kind has a schema with a title, and every key in it says what it means", () => {
  for (const kind of ASSET_KINDS) {
    const schema = jsonSchemaOf(kind);
    assert.equal(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert.match(schema["title"] as string, new RegExp(`^Orket ${kind}$`));
    assert.equal(schema["additionalProperties"], false);
    for (const [key, member] of Object.entries(
      schema["properties"] as Record<string, { description?: string }>,
    )) {
      assert.ok(member.description !== undefined && member.description !== "", `${kind}.${key}`);
    }
  }
});

test("R-67 each shipped asset is valid by the loader and by the published schema", () => {
  assert.ok(shipped.length >= 8);
  for (const example of full) {
    assert.deepEqual(checkValue(example.kind, example.value).findings, []);
    assert.ok(isValid(jsonSchemaOf(example.kind), example.value), example.kind);
  }
});

type Place = {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string | number;
};

function placesIn(value: unknown): Place[] {
  if (Array.isArray(value))
    return value.flatMap((item, key) => [{ parent: value as unknown[], key }, ...placesIn(item)]);
  if (!isRecord(value)) return [];
  const parent = value as Record<string, unknown>;
  return Object.entries(parent).flatMap(([key, member]) => [{ parent, key }, ...placesIn(member)]);
}

test("loader and published schema refuse the same unknown, missing and wrong values", () => {
  const wrong = fc.constantFrom<unknown>(7, -1, "", "text", true, null, [], {}, ["text"], {
    text: 1,
  });
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...full),
      fc.nat(),
      fc.record({ change: fc.constantFrom("delete", "add", "set"), junk: wrong }),
      ({ kind, value }, pick, { change, junk }) => {
        const copy: unknown = structuredClone(value);
        const places = placesIn(copy);
        const place = places[pick % places.length];
        if (place === undefined || ["priority", "params"].includes(String(place.key))) return;
        const { parent, key } = place as {
          parent: Record<string | number, unknown>;
          key: string | number;
        };
        if (change === "add" && !Array.isArray(parent)) parent["zzz"] = junk;
        else if (change === "delete" && !Array.isArray(parent)) delete parent[key];
        else parent[key] = junk;
        const example = { kind, value: copy };
        const accepted = loaderAccepts(example);
        if (!accepted) refused += 1;
        assert.equal(isValid(jsonSchemaOf(kind), copy), accepted, JSON.stringify(example));
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(refused > 500);
});
