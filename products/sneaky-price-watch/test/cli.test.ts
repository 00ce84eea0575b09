// The program as a person starts it: a process of its own, from another folder, with a database that lasts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { offer, openShop } from "./support/shop.ts";

const MAIN = join(import.meta.dirname, "../src/main.ts");

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function openFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "prices-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Nothing of our environment: it needs none. */
function start(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
    cwd: folder,
    env,
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said.out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said.err += chunk));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code) => resolve({ code, ...said })),
  );
  return { child, said, ended };
}
const run = (folder: string, ...args: readonly string[]): Promise<Ended> =>
  start(folder, args).ended;

test("watch, list, check, history and remove, over processes", async (context) => {
  const folder = openFolder(context);
  const shop = await openShop(context, { "/lamp": offer("1.234,56 €") });
  const open = ["--allow-private", shop.host, "--host-gap", "0"];
  const added = await run(
    folder,
    "watch",
    shop.url("/lamp"),
    "--css",
    "#price",
    "--name",
    "A \u001b[31mlamp",
    "--reader",
    "http",
  );
  assert.equal(added.code, 0, added.err);
  const [id = ""] = added.out.split(" ");
  assert.equal(statSync(join(folder, "sneaky-price-watch.db")).mode & 0o777, 0o600);
  const checked = await run(folder, "check", id, ...open);
  assert.deepEqual([checked.code, checked.err], [0, ""]);
  assert.match(checked.out, /€1,234\.56/);
  shop.pages.set("/lamp", offer("900,00 €"));
  const dropped = await run(folder, "check", id, ...open);
  assert.match(dropped.out, /^▼ A .*lamp: 1234\.56 → 900\.00 EUR, 27\.1 % less\./);
  const list = await run(folder, "list");
  assert.match(list.out, /baseline €1,234\.56/);
  assert.ok(!list.out.includes("\u001b"));
  const history = JSON.parse((await run(folder, "history", id, "--json")).out) as {
    polls: unknown[];
    alerts: { deliveredAt: number | null }[];
  };
  assert.deepEqual(
    [history.polls.length, history.alerts.map(({ deliveredAt }) => deliveredAt !== null)],
    [2, [true]],
  );
  assert.equal((await run(folder, "remove", id)).code, 0);
  assert.equal((await run(folder, "history", id)).code, 1);
});

test("check URL reads once and keeps nothing; a page without a price ends with 3", async (context) => {
  const folder = openFolder(context);
  const shop = await openShop(context, { "/lamp": offer("$5") });
  const once = await run(
    folder,
    "check",
    shop.url("/lamp"),
    "--role",
    "status",
    "--allow-private",
    shop.host,
  );
  assert.match(once.out, /\$5\.00/);
  const closed = await run(
    folder,
    "check",
    shop.url("/lamp"),
    "--text",
    "price",
    "--reader",
    "http",
  );
  assert.equal(closed.code, 3);
  assert.match(closed.out, /private address: --allow-private/);
  assert.throws(() => statSync(join(folder, "sneaky-price-watch.db")));
});

test("what is misspelt, missing or too much ends with 2 and says what", async (context) => {
  const folder = openFolder(context);
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [["wach"], /no command wach/],
    [["list", "--colour"], /colour/],
    [["watch", "https://shop.example/"], /exactly one of/],
    [["watch", "https://shop.example/", "--css", "a", "--text", "b"], /exactly one of/],
    [["watch", "https://shop.example/", "--css", "a", "--drop", "a lot"], /dropPercent/],
    [["check"], /takes one id/],
    [["serve", "--memory", "--database", "a.db"], /Either/],
    [["serve", "--port", "70000"], /port/],
  ];
  for (const [args, says] of wrong) {
    const { code, err } = await run(folder, ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, says);
  }
  assert.match((await run(folder)).out, /watch URL TARGET/);
});

test("serve polls what is due, shows it, hears of watches that others add, and stops when told", async (context) => {
  const folder = openFolder(context);
  const shop = await openShop(context, { "/lamp": offer("$100") });
  const server = start(folder, [
    "serve",
    "--port",
    "0",
    "--allow-private",
    shop.host,
    "--host-gap",
    "0",
  ]);
  context.after(() => server.child.kill("SIGKILL"));
  const hear = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (let waited = 0; waited < 20_000; waited += 50) {
      const found = pattern.exec(server.said.out);
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${String(pattern)} in ${server.said.out}${server.said.err}`);
  };
  const [, site = ""] = await hear(/shown at (http:\S+)/);
  await run(folder, "watch", shop.url("/lamp"), "--css", "#price");
  await hear(/\$100\.00/);
  assert.match(await (await fetch(site)).text(), /\$100\.00/);
  server.child.kill("SIGTERM");
  const { code, err } = await server.ended;
  assert.deepEqual([code, err], [0, ""]);
});

test("a database of another version is not touched", async (context) => {
  const folder = openFolder(context);
  const path = join(folder, "sneaky-price-watch.db");
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 7");
  db.close();
  const { code, err } = await run(folder, "list");
  assert.equal(code, 1);
  assert.match(err, /of version 7, this program knows 1/);
});
