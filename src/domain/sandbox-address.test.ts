// Which addresses an HTTP scenario reaches: those of its own sandbox.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sandboxAddress } from "./sandbox-address.ts";

const BASE = "http://127.0.0.1:8001";

test("a path is asked for at the sandbox, with its query", () => {
  for (const [base, endpoint, address] of [
    [BASE, "/", "http://127.0.0.1:8001/"],
    [`${BASE}/ignored?x`, "/health?full=1", "http://127.0.0.1:8001/health?full=1"],
    ["http://[::1]:8001", "/a/../b", "http://[::1]:8001/b"],
    ["https://127.0.0.1:8001", "/@evil", "https://127.0.0.1:8001/@evil"],
  ] as const) {
    const answer = sandboxAddress(base, endpoint);
    assert.equal(answer.ok && answer.value, address);
  }
});

test("an endpoint that names another place is refused", () => {
  for (const endpoint of [
    "//evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "@evil.example",
    ":80@evil.example",
    "http://evil.example/",
    "http://169.254.169.254/latest",
    "http:evil",
    "",
    "health",
    "?x",
    "#x",
    " /x",
    "/x y",
    "/\t/evil.example",
    "/\n/evil.example",
    "/x\0",
    "/ü",
    "javascript:alert(1)",
    "file:///etc/passwd",
  ]) {
    const answer = sandboxAddress(BASE, endpoint);
    assert.equal(answer.ok ? answer.value : answer.error.code, "SANDBOX_INVALID", endpoint);
  }
});

test("a sandbox that is not on the loopback interface, or is known by a name, is refused", () => {
  for (const base of [
    "http://localhost:8001",
    "http://evil.example",
    "http://127.0.0.1.nip.example:8001",
    "http://169.254.169.254",
    "http://[::ffff:169.254.169.254]:80",
    "http://0.0.0.0:8001",
    "ftp://127.0.0.1",
    "127.0.0.1:8001",
    "",
  ])
    assert.equal(sandboxAddress(base, "/").ok, false, base);
});

test("whatever the endpoint is, what is asked is the sandbox", () => {
  const parts = fc.constantFrom(
    "/",
    "\\",
    "@",
    ":",
    "evil.example",
    "http",
    "..",
    "%2f",
    "#",
    "?",
    "[::1]",
    "\t",
    ";",
    "a",
  );
  const endpoints = fc.oneof(
    fc.string(),
    fc.array(parts).map((list) => `/${list.join("")}`),
  );
  fc.assert(
    fc.property(endpoints, (endpoint) => {
      const answer = sandboxAddress(BASE, endpoint);
      if (answer.ok) assert.equal(new URL(answer.value).origin, BASE);
    }),
  );
});
