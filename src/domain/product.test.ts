// Names of products, moves that were cut off, and what a clean-up leaves alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FolderFacts, FolderKind, PublishedState } from "./product.ts";
import {
  archivePlace,
  isArchivePlace,
  nameProducts,
  PUBLISHED_STATES,
  settledState,
  slugOf,
  whyNotArchived,
  whyNotDeleted,
} from "./product.ts";

test("a slug is lower case, hyphens for the rest, and never empty", () => {
  const slugs = [
    ["shop", "shop"],
    ["My Shop_v2.0", "my-shop-v2-0"],
    ["--a--b--", "a-b"],
    ["Ünï", "n"],
    ["***", "project"],
    ["", "project"],
  ] as const;
  for (const [folder, slug] of slugs) assert.equal(slugOf(folder), slug);
});

test("R-72 a slug of any name is one part of an address, and so is the place it is put away at", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (folder) => {
      assert.match(slugOf(folder), /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      assert.ok(isArchivePlace(archivePlace(folder, 1_700_000_000_123)));
    }),
  );
});

test("R-72 two folders that get one name are refused together, and so is a name that no repository has", () => {
  assert.deepEqual(nameProducts(["Shop", "api"], "x-"), {
    ok: true,
    value: [
      { project: "Shop", name: "x-shop" },
      { project: "api", name: "x-api" },
    ],
  });
  const clash = nameProducts(["my shop", "my-shop", "api"], "");
  assert.ok(!clash.ok);
  assert.equal(clash.error.code, "PRODUCT_INVALID");
  assert.deepEqual(clash.error.details["problems"], [
    {
      name: "my shop and my-shop",
      found: "one name for both, my-shop",
      expected: "folders whose names differ in letters or digits",
    },
  ]);
  for (const prefix of ["../", "a/", "-", "x".repeat(100)])
    assert.equal(nameProducts(["shop"], prefix).ok, false, prefix);
});

test("a move that was cut off is settled by where the folder is", () => {
  const settled = (state: PublishedState, isAtPlace: boolean, place: string | null = "archive/x") =>
    settledState({ state, place }, isAtPlace);
  assert.deepEqual(
    PUBLISHED_STATES.map((state) => [settled(state, true), settled(state, false)]),
    [
      ["archived", "present"],
      ["archived", "present"],
      ["archived", "archived"],
      ["deleting", "present"],
      ["deleting", "deleting"],
      ["deleted", "deleted"],
    ],
  );
  assert.equal(settled("present", true, null), "present");
});

const DAY = 24 * 3_600_000;
const NOW = Date.parse("2026-06-01T00:00:00.000Z");
const LIMITS = { nowMs: NOW, archiveDays: 45, deleteDays: 90 };
const TREE = "a".repeat(40);
const sound: FolderFacts = {
  kind: "folder",
  tree: TREE,
  committedMs: NOW - 45 * DAY,
  isClean: true,
  holdsIgnored: true,
};

test("R-73 a folder is put away once it is proven, clean, unchanged and 45 days old", () => {
  const why = (facts: Partial<FolderFacts>, parity = true) =>
    whyNotArchived({ parity, tree: TREE }, { ...sound, ...facts }, LIMITS);
  assert.equal(why({}), null);
  assert.equal(why({}, false), "unproven");
  for (const kind of ["missing", "link", "outside", "file"] as const)
    assert.equal(why({ kind }), kind);
  assert.equal(why({ isClean: false }), "not-clean");
  assert.equal(why({ tree: null }), "changed");
  assert.equal(why({ tree: "b".repeat(40) }), "changed");
  assert.equal(why({ committedMs: null }), "changed");
  assert.equal(why({ committedMs: NOW - 45 * DAY + 1 }), "young");
});

test("R-73 what was put away is deleted once it was there for 90 days", () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const why = (
    archivedAt: string | null,
    { kind = "folder", parity = true }: { kind?: FolderKind; parity?: boolean } = {},
  ) => whyNotDeleted({ parity, archivedAt }, kind, LIMITS);
  const old = at(NOW - 90 * DAY);
  assert.equal(why(old), null);
  assert.equal(why(old, { parity: false }), "unproven");
  assert.equal(why(null), "unproven");
  assert.equal(why(old, { kind: "link" }), "link");
  assert.equal(why(at(NOW - 90 * DAY + 1)), "young");
});

test("a place in the archive is one plain folder there", () => {
  const place = archivePlace("My Shop", NOW);
  assert.equal(place, "archive/my-shop-20260601T000000000Z");
  assert.equal(isArchivePlace(place), true);
  const hostile = [
    "",
    "archive",
    "archive/",
    "archive/..",
    "../x",
    "/etc",
    "archive/x",
    "archive/a/b",
  ];
  for (const other of [...hostile, `${place}/..`, `${place}/x`, `/${place}`, `x/${place}`, "."])
    assert.equal(isArchivePlace(other), false, other);
});
