// The command line as a process: keys are shown once, listed without their text, revoked; and what the server is told of them.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Engine } from "../../src/app/engine.ts";
import { addKey, authenticateKey, listKeys, revokeKey } from "../../src/app/keys.ts";
import { createRandomIds } from "../../src/adapters/ids/random.ts";
import { silentLog } from "../../src/adapters/log/silent.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { parseKeyText } from "../../src/domain/api-key.ts";
import { runOrket } from "../support/orket.ts";
import { makeProject } from "../support/project.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** As the server asks: with what is left of a text. */
const authenticate = async (
  engine: Parameters<typeof authenticateKey>[0] & Pick<Engine, "ids">,
  text: string,
) => authenticateKey(engine, { id: parseKeyText(text), digest: engine.ids.digest(text) });

const NOW = Date.parse("2026-03-01T10:00:00.000Z");
const DAY_MS = 24 * 3_600_000;

async function openScene(context: TestContext) {
  let nowMs = NOW;
  const clock = { now: () => nowMs, monotonic: () => nowMs, sleep: async () => {} };
  const path = join(await tempFolder(context), "orket.db");
  const store = await openSqliteStore({ path, clock });
  context.after(async () => store.close());
  const ids = createRandomIds({ clock });
  const engine = { store, clock, ids, log: silentLog };
  const add = async (name: string, expiresDays: number | null = null) =>
    addKey(engine, { name, scope: "operate", expiresDays, person: "me" });
  const textOf = async (name: string, expiresDays: number | null = null) => {
    const added = await add(name, expiresDays);
    assert.ok(added.ok);
    return added.value.text;
  };
  return { engine, path, add, textOf, setNow: (ms: number) => (nowMs = ms) };
}

test("R-38 knows a key by its text, and refuses it from the moment it is revoked, in another process too", async (context) => {
  const { engine, path, textOf } = await openScene(context);
  const text = await textOf("ci");
  const owner = { id: "ci", scope: "operate" };
  assert.deepEqual(await authenticate(engine, text), owner);
  const other = await openSqliteStore({ path, clock: engine.clock });
  context.after(async () => other.close());
  assert.deepEqual(await authenticate({ ...engine, store: other }, text), owner);
  assert.ok((await revokeKey({ ...engine, store: other }, { key: "ci", person: "me" })).ok);
  assert.equal(await authenticate(engine, text), null);
});

test("R-38 whatever is no key is refused: empty, huge, binary, near misses, another key's secret", async (context) => {
  const { engine, textOf } = await openScene(context);
  const [one, two] = [await textOf("one"), await textOf("two")];
  const swapped = `${one.slice(0, one.lastIndexOf("_"))}${two.slice(two.lastIndexOf("_"))}`;
  const last = one.endsWith("0") ? "1" : "0";
  const bad = [
    "",
    "\0",
    "é".repeat(90),
    "x".repeat(1_000_000),
    `${one}${"x".repeat(1_000_000)}`,
    `${one}\0`,
    ` ${one}`,
    one.toUpperCase(),
    `${one.slice(0, -1)}${last}`,
    swapped,
    one.replace(/_[0-9a-z]+_/, "_0123456789abcdefghjkm_"),
    `orket_${engine.ids.digest(one)}`,
  ];
  for (const text of bad) assert.equal(await authenticate(engine, text), null, text.slice(0, 99));
  assert.notEqual(await authenticate(engine, one), null);
});

test("a key ends by itself", async (context) => {
  const { engine, textOf, setNow } = await openScene(context);
  const text = await textOf("ci", 2);
  setNow(NOW + 2 * DAY_MS - 1);
  assert.notEqual(await authenticate(engine, text), null);
  setNow(NOW + 2 * DAY_MS);
  assert.equal(await authenticate(engine, text), null);
  assert.deepEqual(
    (await listKeys(engine)).keys.map(({ state }) => state),
    ["expired"],
  );
});

test("two keys of a name work side by side, a third is refused, and an ended one leaves room", async (context) => {
  const { engine, add, textOf } = await openScene(context);
  const [first, second] = [await textOf("ci"), await textOf("ci")];
  for (const text of [first, second]) assert.notEqual(await authenticate(engine, text), null);
  const third = await add("ci");
  assert.equal(third.ok ? "" : third.error.code, "KEY_LIMIT");
  const [id = ""] = /(?<=^orket_)[0-9a-z]+/.exec(first) ?? [];
  assert.ok((await revokeKey(engine, { key: id, person: "me" })).ok);
  assert.equal(await authenticate(engine, first), null);
  assert.notEqual(await authenticate(engine, second), null);
  assert.ok((await add("ci")).ok);
  const all = await revokeKey(engine, { key: "ci", person: "me" });
  assert.equal(all.ok ? all.value.length : 0, 2);
  const again = await revokeKey(engine, { key: "ci", person: "me" });
  assert.equal(again.ok ? "" : again.error.code, "KEY_UNKNOWN");
});

test("of many adds of one name at once two succeed", async (context) => {
  const { add } = await openScene(context);
  const added = await Promise.all(Array.from({ length: 20 }, async () => add("ci")));
  assert.equal(added.filter(({ ok }) => ok).length, 2);
});

test("the last use is noted once an hour, and a store that cannot write refuses no good key", async (context) => {
  const { engine, textOf, setNow } = await openScene(context);
  const text = await textOf("ci");
  const usedAt = async () => (await listKeys(engine)).keys[0]?.lastUsedAt;
  await authenticate(engine, text);
  setNow(NOW + 60_000);
  await authenticate(engine, text);
  assert.equal(await usedAt(), new Date(NOW).toISOString());
  setNow(NOW + 3_600_000);
  const transaction = async (): Promise<never> => Promise.reject(new Error("full"));
  const store = { ...engine.store, transaction };
  assert.notEqual(await authenticate({ ...engine, store }, text), null);
  await authenticate(engine, text);
  assert.equal(await usedAt(), new Date(NOW + 3_600_000).toISOString());
});

test("adding and revoking are events, and nothing of the secret is in the database or in any file", async (context) => {
  const project = await makeProject({});
  context.after(project.remove);
  const orket = async (...args: readonly string[]) =>
    runOrket(args, { cwd: project.dir, env: { USER: "me" } });
  const added = await orket("keys", "add", "ci", "--scope", "read", "--json");
  assert.equal(added.code, 0, added.err);
  const { key } = JSON.parse(added.out) as { key: { text: string; id: string } };
  assert.match(key.text, /^orket_[0-9a-z]+_[0-9a-z]{52}$/);
  const shown = await orket("keys", "add", "ci", "--scope", "read", "--expires-days", "7");
  assert.match(shown.out, /^orket_\S+\n$/);
  assert.match(shown.err, new RegExp(`orket keys revoke ${key.id}`));
  const listed = await orket("keys", "list");
  assert.match(listed.out, /^id .*\n\S+ +ci +read +live .*\n\S+ +ci +read +live .*never/);
  assert.equal((await orket("keys", "revoke", key.id)).code, 0);
  assert.equal((await orket("keys", "revoke", key.id)).code, 2);
  const secrets = [key.text, shown.out.trim()].map((text) => text.slice(text.lastIndexOf("_") + 1));
  const folder = join(project.dir, ".orket");
  for (const name of await readdir(folder, { recursive: true })) {
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    for (const secret of secrets) assert.ok(!bytes.includes(secret), name);
  }
  for (const { out } of [listed, await orket("keys", "list", "--json")])
    for (const secret of secrets) assert.ok(!out.includes(secret));
  assert.equal((await orket("events", "verify")).code, 0);
});

test("keys are refused without a scope, with a bad name, scope or end", async (context) => {
  const project = await makeProject({});
  context.after(project.remove);
  for (const args of [
    ["ci"],
    ["ci", "--scope", "root"],
    ["CI", "--scope", "read"],
    ["", "--scope", "read"],
    ["ci", "--scope", "read", "--expires-days", "0"],
    ["ci", "--scope", "read", "--expires-days", "1.5"],
    ["ci", "--scope", "read", "--expires-days", "9999"],
  ]) {
    const { code, out } = await runOrket(["keys", "add", ...args], { cwd: project.dir });
    assert.deepEqual([code, out], [2, ""], args.join(" "));
  }
});
