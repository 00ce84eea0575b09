import assert from "node:assert/strict";
import { test } from "node:test";
import type { Head } from "./heads.ts";
import { createHeads } from "./heads.ts";

const HEAD: Head = { commit: "c", tree: "t", entries: new Map() };

test("of the heads only those used last are kept", () => {
  const heads = createHeads(2);
  for (const gitDir of ["a", "b"]) heads.set(gitDir, HEAD);
  assert.equal(heads.get("a"), HEAD);
  heads.set("c", HEAD);
  assert.deepEqual(
    ["a", "b", "c"].map((gitDir) => heads.get(gitDir) !== null),
    [true, false, true],
  );
});

test("a head that is not to be trusted any more is forgotten", () => {
  const heads = createHeads(2);
  heads.set("a", HEAD);
  heads.set("a", null);
  assert.equal(heads.get("a"), null);
});
