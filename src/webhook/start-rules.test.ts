// What the webhook listener may start with.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebhookSettings } from "./start-rules.ts";
import { decideWebhookStart } from "./start-rules.ts";

const GOOD = "3f0c9a7be1d24856b7f0a1c2d3e4f5a6";
const SAMPLE = "orket-test-webhook-secret-do-not-use";

const decide = (more: Partial<WebhookSettings> = {}) =>
  decideWebhookStart({
    host: "127.0.0.1",
    secret: GOOD,
    previousSecret: null,
    isProduction: false,
    testEndpoint: false,
    testToken: null,
    ...more,
  });

const codeOf = (more: Partial<WebhookSettings>): string => {
  const decided = decide(more);
  return decided.ok ? "ok" : decided.error.code;
};

test("without a secret the listener stays closed, and says so where something else is set for it", () => {
  for (const secret of [null, "", "   "])
    assert.deepEqual(decide({ secret }), { ok: true, value: { secrets: null, warnings: [] } });
  const asked = decide({ secret: null, testEndpoint: true, host: "0.0.0.0" });
  assert.ok(asked.ok && asked.value.secrets === null);
  assert.match(asked.value.warnings.join(), /closed/);
});

test("a secret that is short or guessable is refused, the one before it too, and is not shown", () => {
  const bad = [
    "short",
    GOOD.slice(1),
    "a".repeat(64),
    "abcdefgh".repeat(8),
    "please-change-me-please-change-me-now",
    "your-very-own-webhook-secret-0123456789",
    "0123456789abcdef0123456789abcdef",
  ];
  for (const secret of bad) {
    const decided = decide({ secret });
    assert.ok(!decided.ok && decided.error.code === "SERVER_UNSAFE", secret);
    assert.ok(secret === "short" || !decided.error.message.includes(secret));
    assert.equal(codeOf({ previousSecret: secret }), "SERVER_UNSAFE", secret);
  }
  assert.deepEqual(decide({ previousSecret: `${GOOD}-old` }), {
    ok: true,
    value: { secrets: [GOOD, `${GOOD}-old`], warnings: [] },
  });
});

test("the secret of published samples is a warning, and refused in production", () => {
  const decided = decide({ secret: SAMPLE });
  assert.ok(decided.ok && decided.value.warnings.length === 1);
  assert.equal(codeOf({ secret: SAMPLE, isProduction: true }), "SERVER_UNSAFE");
});

test("R-44 the test endpoint is open on loopback alone, and a warning says that it is", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"]) {
    const decided = decide({ testEndpoint: true, testToken: "t", host });
    assert.ok(decided.ok && /nobody signed/.test(decided.value.warnings.join()), host);
  }
  for (const host of ["0.0.0.0", "::", "192.168.1.2", "127.0.0.1.example", "forge.example"])
    assert.equal(codeOf({ testEndpoint: true, testToken: "t", host }), "SERVER_UNSAFE", host);
  assert.equal(codeOf({ host: "0.0.0.0" }), "ok");
  const nobody = decide({ testEndpoint: true });
  assert.ok(nobody.ok && /lets nobody in/.test(nobody.value.warnings.join()));
});
