// Secrets leave by the name of their member and by their value; everything else stays as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { Json } from "./json.ts";
import { createRedactor, REDACT_DEPTH_MAX, REDACTED, redactText } from "./redact.ts";

const byKey = createRedactor({ values: [] });

test("members with the name of a secret are hidden, however the name is written", () => {
  for (const key of [
    "password",
    "PASSWORD",
    "userPassword",
    "api_key",
    "apiKey",
    "API-KEY",
    "x-api-key",
    "apikey",
    "token",
    "accessToken",
    "refresh_token",
    "Authorization",
    "client_secret",
    "privateKey",
    "credentials",
    "Set-Cookie",
    "token_value",
    "secretKey",
  ])
    assert.deepEqual(byKey({ [key]: "abc" }), { [key]: REDACTED }, key);
});

test("members that only sound like secrets stay", () => {
  for (const key of [
    "inputTokens",
    "tokens",
    "key",
    "primary_key",
    "author",
    "keyboard",
    "tokenizer",
    "passing",
  ])
    assert.deepEqual(byKey({ [key]: "abc" }), { [key]: "abc" }, key);
});

test("numbers and containers are hidden too, but counts about tokens, flags and nothing are not", () => {
  assert.deepEqual(byKey({ password: 123_456, secret: { a: 1 }, token: ["x"] }), {
    password: REDACTED,
    secret: REDACTED,
    token: REDACTED,
  });
  const plain = { token_count: 5, tokenLimit: 9, password: null, secret: true, 5: 5 };
  assert.deepEqual(byKey(plain), plain);
});

test("further names can be given", () => {
  const redact = createRedactor({ values: [], keys: ["session-id"] });
  assert.deepEqual(redact({ sessionId: "a", SESSION_ID: 5, session: "b" }), {
    sessionId: REDACTED,
    SESSION_ID: REDACTED,
    session: "b",
  });
});

test("known values are removed inside texts, keys, and in their JSON and URL forms", () => {
  const redact = createRedactor({ values: ['s3cr"t/val', "abcdef", "abcdefgh", "short"] });
  assert.deepEqual(
    redact({
      a: ['x s3cr"t/val y', JSON.stringify({ q: 's3cr"t/val' })],
      abcdef: "?k=s3cr%22t%2Fval",
    }),
    {
      a: [`x ${REDACTED} y`, `{"q":"${REDACTED}"}`],
      [REDACTED]: `?k=${REDACTED}`,
    },
  );
  assert.equal(redact("abcdefgh abcdef"), `${REDACTED} ${REDACTED}`);
  assert.equal(redact("short"), "short", "a value of less than six characters is a word");
  assert.equal(redactText("a (+*$.) b", ["(+*$.)"]), `a ${REDACTED} b`);
  assert.equal(redactText("text", []), "text");
  assert.equal(redactText("half \ud800secret", ["\ud800secret"]), `half ${REDACTED}`);
});

test("the value itself stays as it was, and a member called __proto__ is data", () => {
  const value = Object.freeze(JSON.parse('{"__proto__":{"password":"x"},"password":"y"}')) as Json;
  const before = JSON.stringify(value);
  assert.equal(
    JSON.stringify(byKey(value)),
    `{"__proto__":{"password":"${REDACTED}"},"password":"${REDACTED}"}`,
  );
  assert.equal(JSON.stringify(value), before);
});

test("what is nested too deep is hidden whole", () => {
  let value: Json = "deep";
  for (let depth = 0; depth < 100_000; depth += 1) value = [value];
  let seen: Json = byKey(value);
  let depth = 0;
  for (; Array.isArray(seen); depth += 1) seen = (seen as readonly Json[])[0] ?? null;
  assert.equal(seen, REDACTED);
  assert.equal(depth, REDACT_DEPTH_MAX);
});

testSeeded("no known value survives anywhere in any JSON", (seed) => {
  const secret = "p@ss/w0rd\\x";
  const redact = createRedactor({ values: [secret] });
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.string()).map(([head, tail]) => head + secret + tail),
  );
  const tree = fc.object({
    key: text,
    values: [text, fc.integer(), fc.constant(null)],
    maxDepth: 4,
  });
  fc.assert(
    fc.property(tree, (value) => {
      assert.ok(
        !JSON.stringify(redact(value as Json)).includes(JSON.stringify(secret).slice(1, -1)),
      );
    }),
    { seed, numRuns: 200 },
  );
});
