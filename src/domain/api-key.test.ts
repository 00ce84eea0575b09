// Named keys: how their text is read, when they count, what a scope allows.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ApiKey } from "./api-key.ts";
import {
  isSameDigest,
  isUseWorthNoting,
  KEY_NAME_PATTERN,
  keyState,
  keyText,
  mayCall,
  parseKeyText,
  SCOPES,
} from "./api-key.ts";

const SECRET = "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdefghjk";
const NOW = Date.parse("2026-03-01T10:00:00.000Z");
const KEY: ApiKey = {
  id: "1",
  name: "ci",
  scope: "read",
  createdAt: "2026-03-01T00:00:00.000Z",
  createdBy: "me",
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  revokedBy: null,
};

test("R-38 a scope may do what the lesser ones may, and no more", () => {
  const table = SCOPES.map((scope) => SCOPES.map((needed) => mayCall(scope, needed)));
  assert.deepEqual(table, [
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

test("reads the id out of a key's text and out of nothing else", () => {
  const good = keyText("01j9abc", SECRET);
  assert.equal(parseKeyText(good), "01j9abc");
  const bad = [
    "",
    "orket_",
    ` ${good}`,
    `${good}\n`,
    `${good}0`,
    good.slice(0, -1),
    good.toUpperCase(),
    good.replace("orket", "0rket"),
    `${good}\0`,
    good.replace("01j9abc", "01j9ab\u00e9"),
    keyText("a".repeat(33), SECRET),
    keyText("", SECRET),
    "x".repeat(1_000_000),
    `${good}${"\0".repeat(1_000_000)}`,
  ];
  for (const text of bad) assert.equal(parseKeyText(text), null, text.slice(0, 120));
});

test("never throws whatever the text is", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => parseKeyText(text) === null));
});

test("digests are the same only when every character is", () => {
  const digest = "a".repeat(64);
  assert.equal(isSameDigest(digest, digest), true);
  assert.equal(isSameDigest(digest, `${"a".repeat(63)}b`), false);
  assert.equal(isSameDigest(digest, `b${"a".repeat(63)}`), false);
  assert.equal(isSameDigest(digest, "a".repeat(63)), false);
});

test("a key is live until its end, and a revoked one is revoked whenever it would have ended", () => {
  const expiresAt = new Date(NOW).toISOString();
  assert.equal(keyState(KEY, NOW), "live");
  assert.equal(keyState({ ...KEY, expiresAt }, NOW - 1), "live");
  assert.equal(keyState({ ...KEY, expiresAt }, NOW), "expired");
  assert.equal(keyState({ ...KEY, expiresAt, revokedAt: expiresAt }, NOW), "revoked");
});

test("a use is worth a note once an hour, also when the clock was set back", () => {
  const lastUsedAt = new Date(NOW).toISOString();
  assert.equal(isUseWorthNoting(KEY, NOW), true);
  const noted = [0, 3_599_999, 3_600_000, -3_600_000].map((ms) =>
    isUseWorthNoting({ ...KEY, lastUsedAt }, NOW + ms),
  );
  assert.deepEqual(noted, [false, false, true, true]);
});

test("a key's name is short and plain", () => {
  for (const name of ["a", "ci", "backup-2", "a".repeat(40)]) assert.match(name, KEY_NAME_PATTERN);
  for (const name of ["", "-a", "a-", "A", "a_b", "a b", "a\n", "é", "a".repeat(41)])
    assert.doesNotMatch(name, KEY_NAME_PATTERN);
});
