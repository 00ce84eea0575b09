// The forge out of the settings: none, one, and an address that the token is not sent to.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openForge } from "../test/support/forge/open-forge.ts";
import { tempFolder } from "../test/support/temp-folder.ts";
import { openTlsFront } from "../test/support/tls-front.ts";
import { createSystemClock } from "./adapters/clock/system.ts";
import { createGitRemote } from "./adapters/git-remote/git.ts";
import { createProcesses } from "./adapters/process/spawn.ts";
import { openForgeClient } from "./assemble-forge.ts";

const NEVER = new AbortController().signal;
const REPOSITORY = { owner: "orket", name: "demo" };

const open = (address: string | null, token: string | null, authorities: string | null = null) =>
  openForgeClient({
    config: {
      text: (key) => (key === "gitea.ca_file" ? authorities : address),
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

test("a forge with a certificate of its own is reached where its authority is named, by calls and by git", async (context) => {
  const fake = await openForge(context);
  const { token, ...owner } = fake.addUser("orket");
  fake.addRepository({ owner: { token, ...owner }, name: "demo", files: { a: "a" } });
  const front = await openTlsFront(context, fake.url);
  const other = await openTlsFront(context, fake.url);
  const ask = async (authorities: string | null): Promise<readonly string[]> => {
    const client = open(front.url, token, authorities);
    assert.ok(client.ok && client.value !== null);
    const self = await client.value.self(NEVER);
    const remote = createGitRemote({
      processes: createProcesses(),
      searchPath: process.env["PATH"] ?? "",
      baseUrl: front.url,
      token: () => token,
      authoritiesFile: authorities,
      scratchDir: await tempFolder(context),
    });
    const head = await remote.head(REPOSITORY, { kind: "branch", name: "main" }, NEVER);
    return [self, head].map((result) => (result.ok ? "ok" : result.error.code));
  };
  assert.deepEqual(await ask(front.file), ["ok", "ok"]);
  const before = fake.requests.length;
  for (const authorities of [null, other.file])
    assert.deepEqual(await ask(authorities), ["FORGE_UNAVAILABLE", "FORGE_UNAVAILABLE"]);
  assert.equal(fake.requests.length, before);
});

test("an authority file that is none is said before anything is sent", async (context) => {
  const folder = await tempFolder(context);
  writeFileSync(join(folder, "empty.pem"), "nothing");
  for (const [path, words] of [
    ["authority.pem", /no whole path/],
    [join(folder, "missing.pem"), /cannot be read \(ENOENT\)/],
    [join(folder, "empty.pem"), /no certificate/],
  ] as const) {
    const opened = open("https://forge.test", "word", path);
    assert.equal(opened.ok ? "ok" : opened.error.code, "CONFIG_INVALID");
    assert.match(opened.ok ? "" : opened.error.message, words);
  }
});
