// The posture: each rule with a setting that is well, one that is worth a warning, and what production does not start with.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Environment, PostureCheck, PostureFacts, SecretFacts } from "./posture.ts";
import { isLoopback, judgePosture, secretFacts } from "./posture.ts";

const STRONG: SecretFacts = { bytes: 64, isWellKnown: false };
const SAFE: PostureFacts = {
  env: "local",
  apiHost: "127.0.0.1",
  apiKey: STRONG,
  allowsInsecure: false,
  allowedHosts: [],
  allowedOrigins: [],
  webhookHost: "localhost",
  webhookSecrets: [],
  testEndpoint: { isOn: false, token: null },
  containment: { isAvailable: true, found: "bwrap", remedy: "", isOff: false },
  isRoot: false,
  exposedFiles: [],
  gitFolders: [],
  forgeUrl: null,
  traces: null,
  secretVariables: [],
};
const box = SAFE.containment;
const NO_BOX = { isAvailable: false, found: "none", remedy: "Install it.", isOff: false };
const on = (token: SecretFacts | null) => ({ isOn: true, token });

const judged = (more: Partial<PostureFacts>): readonly PostureCheck[] =>
  judgePosture({ ...SAFE, ...more }).filter(({ verdict }) => verdict !== "ok");
const told = (env: Environment, more: Partial<PostureFacts>): readonly string[] =>
  judged({ ...more, env }).map(({ name, verdict }) => `${name} ${verdict}`);

test("a safe installation has no finding in any environment", () => {
  for (const env of ["local", "ci", "production"] as const) assert.deepEqual(told(env, {}), []);
  const more: Partial<PostureFacts> = {
    allowedHosts: ["orket.example"],
    allowedOrigins: ["https://orket.example", "http://localhost:3000", "http://[::1]:3000"],
    webhookSecrets: [STRONG, STRONG],
    forgeUrl: "https://forge.example",
    traces: { url: "http://collector.example", holdContent: false },
  };
  assert.deepEqual(told("production", more), []);
  assert.deepEqual(told("production", { forgeUrl: "http://127.0.0.1:3000" }), []);
  const traces = { url: "http://127.0.0.1:4318", holdContent: true };
  assert.deepEqual(told("production", { traces }), []);
});

const UNSAFE: readonly (readonly [name: string, facts: Partial<PostureFacts>])[] = [
  ["api-key", { apiKey: null, allowsInsecure: true }],
  ["api-key-strength", { apiKey: { bytes: 15, isWellKnown: false } }],
  ["api-key-strength", { apiKey: { bytes: 64, isWellKnown: true } }],
  ["allowed-hosts", { allowedHosts: ["a", "*"] }],
  ["allowed-origins", { allowedOrigins: ["*"] }],
  ["allowed-origins", { allowedOrigins: ["null"] }],
  ["webhook-secret", { webhookSecrets: [{ bytes: 31, isWellKnown: false }] }],
  ["webhook-secret", { webhookSecrets: [STRONG, { bytes: 40, isWellKnown: true }] }],
  ["webhook-test-endpoint", { testEndpoint: on(STRONG) }],
  ["webhook-test-endpoint", { testEndpoint: on(null) }],
  ["containment", { containment: { ...box, isOff: true } }],
  ["state-files", { exposedFiles: [{ path: ".env", others: "read" }] }],
  ["state-files", { exposedFiles: [{ path: ".orket", others: "write" }] }],
  ["workspace-git", { gitFolders: ["workspaces/a"] }],
  ["forge-address", { forgeUrl: "http://forge.example/git" }],
  ["traces", { traces: { url: "http://collector.example:4318", holdContent: true } }],
];

test("what is unsafe is a warning in local and ci, and stops production", () => {
  for (const [name, facts] of UNSAFE) {
    assert.deepEqual(told("local", facts), [`${name} warn`]);
    assert.deepEqual(told("ci", facts), [`${name} warn`]);
    assert.deepEqual(told("production", facts), [`${name} refuse`]);
  }
});

test("root without containment has no user to run commands as", () => {
  const facts = { isRoot: true, containment: NO_BOX };
  assert.deepEqual(told("local", facts), ["containment warn", "root warn"]);
  assert.deepEqual(told("production", facts), ["containment warn", "root refuse"]);
  assert.deepEqual(told("production", { isRoot: true }), ["root warn"]);
});

test("R-38 R-44 what lets strangers in stops every environment", () => {
  for (const env of ["local", "ci", "production"] as const) {
    for (const apiHost of ["0.0.0.0", "::", "192.168.1.4", "orket.example", "127.0.0.1.example"]) {
      const found = told(env, { apiHost, apiKey: null, allowsInsecure: true });
      assert.ok(found.includes("api-key refuse"), `${apiHost} ${found.join()}`);
    }
    const open = told(env, { webhookHost: "0.0.0.0", testEndpoint: on(STRONG) });
    assert.ok(open.includes("webhook-test-endpoint refuse"));
  }
});

test("what is only worth a look is a warning in production too", () => {
  const warned: readonly (readonly [string, Partial<PostureFacts>])[] = [
    ["api-key", { apiKey: null }],
    ["api-address", { apiHost: "0.0.0.0", allowedHosts: ["orket.example"] }],
    ["api-address", { webhookHost: "0.0.0.0" }],
    ["allowed-origins", { allowedOrigins: ["http://orket.example"] }],
    ["containment", { containment: NO_BOX }],
    ["secret-variables", { secretVariables: ["ORKET_API_KEY"] }],
    ["traces", { traces: { url: "https://collector.example", holdContent: true } }],
  ];
  for (const [name, facts] of warned) assert.deepEqual(told("production", facts), [`${name} warn`]);
  const noHost = ["api-address warn", "allowed-hosts warn"];
  assert.deepEqual(told("production", { apiHost: "0.0.0.0" }), noHost);
  assert.deepEqual(told("local", { secretVariables: ["ORKET_API_KEY"] }), []);
});

test("each finding has a reason and a remedy, and none names a secret", () => {
  for (const [, facts] of UNSAFE)
    for (const { reason, remedy } of judged(facts)) {
      assert.match(reason, /\.$/);
      assert.ok((remedy ?? "").length > 10);
    }
  const files = Array.from({ length: 9 }, (_, place) => `it's ${place}`);
  const exposedFiles = files.map((path) => ({ path, others: "read" as const }));
  const [check] = judged({ exposedFiles });
  assert.match(check?.reason ?? "", /it's 4 and 4 more/);
  assert.match(check?.remedy ?? "", /chmod go-rwx 'it'\\''s 0'/);
  assert.deepEqual(
    judgePosture(SAFE).filter(({ remedy }) => remedy !== null),
    [],
  );
});

test("R-38 loopback is told by the text of an address", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "::1", "[::1]"])
    assert.equal(isLoopback(host), true, host);
  for (const host of ["", "0.0.0.0", "::", "127.0.0.1.example", "10.0.0.1", "localhost.example"])
    assert.equal(isLoopback(host), false, host);
});

test("words of examples and endless repetitions are told from chance", () => {
  for (const word of [
    "changeme-changeme-changeme-changeme",
    "my-webhook-secret-my-webhook-secret",
    "your-secret-here-your-secret-here",
    "a".repeat(64),
    "abab".repeat(20),
  ])
    assert.equal(secretFacts(word).isWellKnown, true, word);
  assert.deepEqual(secretFacts("3f9a0c77e21bd58460f1a2c9d4e7b83355aa01fe"), {
    bytes: 40,
    isWellKnown: false,
  });
  assert.equal(secretFacts("é".repeat(3)).bytes, 6);
});
