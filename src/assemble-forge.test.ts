// The forge out of the settings: none, one, and an address that the token is not sent to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openForge } from "../test/support/forge/open-forge.ts";
import { createSystemClock } from "./adapters/clock/system.ts";
import { openForgeClient } from "./assemble-forge.ts";

const open = (address: string | null, token: string | null) =>
  openForgeClient({
    config: {
      text: () => address,
      secret: () => (token === null ? null : { reveal: () => token }),
    },
    clock: createSystemClock(),
    random: () => 0,
  });

test("there is no forge without an address or a token", () => {
  for (const [address, token] of [
    [null, "word"],
    ["https://forge.test", null],
    ["https://forge.test", " "],
  ] as const)
    assert.deepEqual(open(address, token), { ok: true, value: null });
});

test("an address without TLS is refused unless it is loopback", () => {
  for (const address of ["http://forge.test", "http://127.0.0.1.forge.test", "http://10.0.0.1"]) {
    const opened = open(address, "word");
    assert.equal(opened.ok ? "ok" : opened.error.code, "CONFIG_INVALID");
  }
  assert.equal(open("https://forge.test", "word").ok, true);
});

test("the forge of the settings answers", async (context) => {
  const fake = await openForge(context);
  const opened = open(`${fake.url}/`, fake.addUser("orket-bot").token);
  assert.ok(opened.ok && opened.value !== null);
  const self = await opened.value.self(new AbortController().signal);
  assert.equal(self.ok ? self.value.login : "", "orket-bot");
});
