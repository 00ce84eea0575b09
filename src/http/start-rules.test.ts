// What a server starts with, case by case.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decideStart, hostsOf, isLoopback, listenAddress } from "./start-rules.ts";

const stateOf = (host: string, apiKey: string | null, allowInsecure: boolean): string => {
  const start = decideStart({ host, apiKey, allowInsecure });
  return start.ok ? `${start.value.keys} ${start.value.warnings.length}` : start.error.code;
};

test("a key is enough on every address, and makes the flag a word without effect", () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "::", "10.0.0.1"])
    for (const flag of [true, false]) assert.equal(stateOf(host, "key", flag), "key 0");
});

test("without a key loopback alone is served, and only by explicit wish to everybody", () => {
  for (const key of [null, "", " \t"]) {
    assert.equal(stateOf("127.0.0.1", key, true), "open 1");
    assert.equal(stateOf("::1", key, false), "closed 1");
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "orket.example", "127.0.0.1.evil.example"])
      for (const flag of [true, false])
        assert.equal(stateOf(host, key, flag), "SERVER_UNSAFE", host);
  }
});

test("loopback is told by its text", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "::1", "[::1]"])
    assert.ok(isLoopback(host), host);
  for (const host of ["", "0.0.0.0", "1127.0.0.1", "127.0.0.1x", "localhost.example", "::ffff:1"])
    assert.ok(!isLoopback(host), host);
});

test("the server answers to loopback, to its own address and to what the settings name", () => {
  const names = hostsOf("fe80::1", ["Orket.Example"]);
  assert.deepEqual(names, ["localhost", "127.0.0.1", "[::1]", "[fe80::1]", "orket.example"]);
});

test("localhost is listened on without asking where it leads", () => {
  const asked = ["localhost", "LocalHost", "[::1]", "::1", "10.0.0.1", "orket.example"];
  const taken = ["127.0.0.1", "127.0.0.1", "::1", "::1", "10.0.0.1", "orket.example"];
  assert.deepEqual(asked.map(listenAddress), taken);
});
