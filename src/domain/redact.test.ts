// Secrets leave by the name of their member and by their value; everything else stays as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { Json } from "./json.ts";
import { createRedactor, REDACT_DEPTH_MAX, REDACTED, redactLooks, secretsIn } from "./redact.ts";

const byKey = createRedactor({ values: [] }).data;

const ofValues = (text: string, values: readonly string[]): string =>
  createRedactor({ values }).text(text);

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
  const redact = createRedactor({ values: [], keys: ["session-id"] }).data;
  assert.deepEqual(redact({ sessionId: "a", SESSION_ID: 5, session: "b" }), {
    sessionId: REDACTED,
    SESSION_ID: REDACTED,
    session: "b",
  });
});

test("known values are removed inside texts, keys, and in their JSON and URL forms", () => {
  const redact = createRedactor({ values: ['s3cr"t/val', "abcdef", "abcdefgh", "short"] }).data;
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
  assert.equal(ofValues("a (+*$.) b", ["(+*$.)"]), `a ${REDACTED} b`);
  assert.equal(ofValues("text", []), "text");
  assert.equal(ofValues("half \ud800secret", ["\ud800secret"]), `half ${REDACTED}`);
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
  const redact = createRedactor({ values: [secret] }).data;
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

test("a known value goes in hexadecimal and in base64, whatever stands before and after it", () => {
  const value = "näive-p@ssword~1";
  for (const before of ["", "u", "me", "you:", "a:b:c"])
    for (const after of ["", "x", "yy", "zzz"])
      for (const coding of ["base64", "base64url", "hex"] as const) {
        const encoded = Buffer.from(before + value + after).toString(coding);
        const hidden = ofValues(`Basic ${encoded}.`, [value]);
        assert.ok(hidden.startsWith("Basic ") && hidden.includes(REDACTED), `${encoded} ${hidden}`);
        const rest = Buffer.from(hidden.replace(REDACTED, "").slice(6, -1), coding).toString(
          "latin1",
        );
        assert.ok(!rest.includes("ssword"), rest);
      }
  assert.equal(ofValues(Buffer.from(value).toString("hex").toUpperCase(), [value]), REDACTED);
});

test("a known value goes in an address with small letters, in a form, and in JSON within JSON", () => {
  const value = 'a/b c"dé';
  const twice = JSON.stringify({ body: JSON.stringify({ value }) });
  assert.equal(ofValues(twice, [value]), `{"body":"{\\"value\\":\\"${REDACTED}\\"}"}`);
  for (const text of ["a%2fb%20c%22d%c3%a9", "a%2Fb+c%22d%C3%A9"])
    assert.equal(ofValues(text, [value]), REDACTED);
});

test("the beginning of a known value goes where a text was cut, and stays where it was not", () => {
  const values = ["abcdefghijklmnop", "short1"];
  for (const text of [
    "x abcdefgh",
    "x abcdefghijklmno",
    "x abcdefghi…",
    "x abcdefghij\n… cut: 5 more",
  ])
    assert.match(ofValues(text, values), /^x \[redacted\](?:\n?….*)?$/);
  for (const text of ["abcdefgh x", "abcdefg", "short", "abcdefghX…"])
    assert.equal(ofValues(text, values), text);
});

test("what holds no secret is given back as it is, and what does is not changed in place", () => {
  const { json, data } = createRedactor({ values: ["geheimnis"] });
  const clean = { list: [1, "a", null, { deep: true }], text: "b" };
  assert.equal(json(clean), clean);
  assert.equal(data(clean), clean);
  const found = { list: [clean, "geheimnis"], password: "x", pin: 12 };
  const hidden = { list: [clean, REDACTED], password: "x", pin: 12 };
  assert.deepEqual(json(found), hidden);
  assert.equal((json(found) as typeof found).list[0], clean);
  assert.deepEqual(data(found), { ...hidden, password: REDACTED });
  assert.equal(found.list[1], "geheimnis");
});

test("a number that is a known value goes, and what only looks like a secret goes without any known", () => {
  assert.deepEqual(createRedactor({ values: ["99887766"] }).json([99_887_766, 5]), [REDACTED, 5]);
  assert.equal(redactLooks("https://a:b@c"), `https://a:${REDACTED}@c`);
  assert.equal(ofValues("https://a:b@c", ["geheimnis"]), `https://a:${REDACTED}@c`);
});

test("variables with the name of a secret give their values, and those that only tell of one do not", () => {
  const secret = {
    GITHUB_TOKEN: "value-one",
    DB_PASSWORD: "value-two",
    AWS_SECRET_ACCESS_KEY: "value-3!",
  };
  const other = {
    PWD: "/srv/somebody",
    TOKEN_FILE: "/run/secrets/token",
    SECRET_NAME: "production",
    API_TOKEN: "short",
    GONE_TOKEN: undefined,
    HOME: "/srv/somebody",
    MAX_TOKENS: "100000000",
  };
  assert.deepEqual(secretsIn({ ...secret, ...other }), Object.values(secret));
});
