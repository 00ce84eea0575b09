// Secrets out of files: which files are taken, where their value stands among the others, and what the summary tells of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempFolder } from "../test/support/temp-folder.ts";
import type { ConfigInput } from "./config.ts";
import { loadConfig } from "./config.ts";
import { SETTINGS } from "./config-settings.ts";
import { summarizeConfig } from "./config-summary.ts";
import { readSecretFile } from "./secret-file.ts";

const SECRET = "3f9a0c77e21bd58460f1a2c9d4e7b833";

test("takes a file that is its owner's alone, without the line end", async (context) => {
  const path = join(await tempFolder(context), "key");
  writeFileSync(path, `${SECRET}\n`, { mode: 0o600 });
  assert.deepEqual(readSecretFile(path), { ok: true, value: SECRET });
});

test("refuses what others can read or write, and what is no plain file with one line", async (context) => {
  const folder = await tempFolder(context);
  const file = (name: string, text: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    execFileSync("chmod", [mode.toString(8), path]);
    return path;
  };
  const good = file("good", SECRET, 0o600);
  const link = join(folder, "link");
  symlinkSync(good, link);
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", ["-m", "600", fifo]);
  mkdirSync(join(folder, "folder"), { mode: 0o700 });
  const refused: readonly (readonly [string, RegExp])[] = [
    [file("group", SECRET, 0o640), /mode 0640/],
    [file("world", SECRET, 0o604), /mode 0604/],
    [file("written", SECRET, 0o602), /mode 0602/],
    [file("empty", "", 0o600), /empty/],
    [file("blank", " \n\n", 0o600), /empty/],
    [file("lines", "one\ntwo", 0o600), /several lines/],
    [file("nul", "one\0two", 0o600), /several lines/],
    [file("long", "x".repeat(70_000), 0o600), /long/],
    [link, /a link/],
    [fifo, /no regular file/],
    [join(folder, "folder"), /no regular file/],
    [join(folder, "missing"), /ENOENT/],
  ];
  for (const [path, found] of refused) {
    const read = readSecretFile(path);
    assert.ok(!read.ok, path);
    assert.match(read.error.found, found);
    assert.ok(!JSON.stringify(read).includes(SECRET));
  }
});

const load = (input: Partial<ConfigInput>) => {
  const loaded = loadConfig({
    env: {},
    readSecretFile: (path) => ({ ok: true, value: `secret of ${path}` }),
    ...input,
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
};
const file = { server: { api_key_file: "api.key" } };

test("each secret can be named by a file, and a variable goes before it", () => {
  for (const { key, env = "", secret } of SETTINGS) {
    if (secret !== true) continue;
    const nested = `${key}_file`
      .split(".")
      .toReversed()
      .reduce<unknown>((inner, name) => ({ [name]: inner }), "a");
    const config = load({ file: nested });
    assert.equal(config.secret(key)?.reveal(), "secret of a");
    assert.equal(config.rows.find((row) => row.key === key)?.origin, "secret file");
    assert.deepEqual(config.secrets(), ["secret of a"]);
    assert.equal(
      load({ file: nested, env: { [env]: "mine" } })
        .secret(key)
        ?.reveal(),
      "mine",
    );
  }
});

test("a bad file is told even where a variable goes before, and a path that is no text too", () => {
  const readSecretFile = () =>
    ({ ok: false, error: { found: "a link", expected: "a file" } }) as const;
  const loaded = loadConfig({ env: { ORKET_API_KEY: SECRET }, file, readSecretFile });
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.error.map(({ source, name }) => [source, name]),
    [["secret file", "server.api_key_file"]],
  );
  assert.equal(loadConfig({ env: {}, file: { server: { api_key_file: 5 } } }).ok, false);
  assert.equal(loadConfig({ env: {}, file }).ok, false);
});

test("the summary for the log tells secrets apart and shows none, nor what could be tried out", () => {
  const summary = (key: string) => summarizeConfig(load({ env: { ORKET_API_KEY: key } }));
  const one = summary(SECRET);
  assert.deepEqual(Object.keys(one), ["server.api_key"]);
  assert.match(JSON.stringify(one), /"set, fingerprint [0-9a-f]{8}","origin":"environment"/);
  assert.ok(!JSON.stringify(one).includes(SECRET.slice(0, 8)));
  assert.deepEqual(one, summary(SECRET));
  assert.notDeepEqual(one, summary(`${SECRET}x`));
  assert.match(JSON.stringify(summary("short")), /"value":"set"/);
  const both = load({ env: { GITEA_TOKEN: SECRET, ORKET_API_KEY: SECRET, ORKET_PORT: "1" } });
  const values = Object.values(summarizeConfig(both)) as readonly { readonly value: unknown }[];
  assert.equal(new Set(values.map(({ value }) => value)).size, 3);
  assert.deepEqual(summarizeConfig(load({})), {});
});
