// The log on a real disk: its form, its secrets, its rotation, and that it never stands in the way.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { runCommand } from "../../../test/support/run-command.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { LogSettings } from "./pino.ts";
import { createLog } from "./pino.ts";
import { silentLog } from "./silent.ts";

const SECRET = 'hunter"2\\/päss word';

async function scene(context: TestContext, change: Partial<LogSettings> = {}) {
  const file = join(await tempFolder(context), "logs/orket.jsonl");
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) };
  const log = createLog({
    to: { file },
    level: "info",
    clock,
    secrets: () => [SECRET, "sk-live-1234", ""],
    ...change,
  });
  const lines = () =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { file, log, lines };
}

test("writes one JSON object a line with level, time and message, from its level on", async (context) => {
  const { log, lines, file } = await scene(context);
  log.debug({}, "too fine");
  log.info({ run: "run-1", nested: { count: 2 } }, "100 %s %d done");
  log.error({ err: new Error("broken", { cause: new Error("deeper") }) }, "failed");
  const [first, second] = lines();
  const expected = {
    level: "info",
    at: "2026-01-02T03:04:05.006Z",
    run: "run-1",
    nested: { count: 2 },
    message: "100 %s %d done",
  };
  assert.deepEqual(first, expected);
  assert.equal(second?.["level"], "error");
  assert.match(JSON.stringify(second), /broken.*deeper/);
  assert.equal(lines().length, 2);
  assert.equal(statSync(file).mode & 0o077, 0, "nobody else reads it");
});

test("lets no secret through: in messages, keys, values, errors, URLs, headers, nested JSON and numbers", async (context) => {
  const { log, file, lines } = await scene(context, {
    secrets: () => [SECRET, "sk-live-1234", "sk-live-12345678", "", "99887766"],
  });
  const header = `Basic ${Buffer.from(SECRET).toString("base64")}`;
  log.info({ [SECRET]: 1, deep: { list: [SECRET, { x: `a${SECRET}b` }] } }, `message ${SECRET}`);
  log.info(
    { err: new Error(SECRET), url: `https://x/?k=${encodeURIComponent(SECRET)}`, header },
    "more",
  );
  log.info(
    { body: JSON.stringify({ key: SECRET }), twice: JSON.stringify(JSON.stringify(SECRET)) },
    "json",
  );
  log.info({ pin: 99887766, key: "sk-live-12345678" }, "sk-live-1234");
  const text = readFileSync(file, "utf8");
  for (const piece of [
    "hunter",
    "päss",
    "sk-live",
    "5678",
    "99887766",
    encodeURIComponent(SECRET),
    header.slice(6),
  ]) {
    assert.ok(!text.includes(piece), piece);
  }
  assert.equal(lines().length, 4);
  assert.equal(lines()[0]?.["message"], "message [redacted]");
});

test("writes nothing at all when it cannot know the secrets", async (context) => {
  const { log, file } = await scene(context, {
    secrets: () => {
      throw new Error("no key ring");
    },
  });
  log.info({}, "anything");
  assert.ok(!existsSync(file));
});

test("survives fields that throw, circles, numbers without JSON and endless texts", async (context) => {
  const { log, lines } = await scene(context);
  const circle: Record<string, unknown> = { big: 10n };
  circle["self"] = circle;
  const thrower = {
    get boom(): string {
      throw new Error("no");
    },
  };
  log.info(circle, "circle");
  log.info({ value: thrower, toJSON: 1 }, "thrower");
  log.info(thrower, "direct");
  log.info({ list: Array.from({ length: 100_000 }, (_, index) => index) }, "wide");
  log.info({ text: "x".repeat(5_000_000) }, "endless");
  const written = lines();
  assert.deepEqual(
    written.map((line) => line["message"]),
    ["circle", "thrower", "direct", "wide", "endless"],
  );
  assert.ok(JSON.stringify(written.at(-1)).length < 1000);
});

test("rotates at its limit, keeps five files and loses no line on the way", async (context) => {
  const { file } = await scene(context);
  const { createRotatingFile } = await import("./rotating-file.ts");
  const [one, other] = [
    createRotatingFile(file, { bytesMax: 1000, filesMax: 5 }),
    createRotatingFile(file, { bytesMax: 1000, filesMax: 5 }),
  ];
  for (let count = 0; count < 300; count += 1)
    (count % 2 === 0 ? one : other).write(`${String(count).padStart(9, "0")}\n`);
  const names = ["orket.jsonl", "orket.jsonl.1", "orket.jsonl.2"];
  assert.deepEqual(readdirSync(dirname(file)).sort(), names);
  const all = names
    .toReversed()
    .map((name) => readFileSync(join(dirname(file), name), "utf8"))
    .join("");
  assert.deepEqual(
    all.trim().split("\n").map(Number),
    Array.from({ length: 300 }, (_, index) => index),
  );
  for (let count = 0; count < 3000; count += 1) one.write("123456789\n");
  assert.equal(readdirSync(dirname(file)).length, 5);
  for (const name of readdirSync(dirname(file)))
    assert.ok(statSync(join(dirname(file), name)).size <= 1000);
});

test("goes on after its file was deleted, and appends to one that is there", async (context) => {
  const { log, lines, file } = await scene(context);
  mkdirSync(dirname(file));
  writeFileSync(file, '{"message":"old"}\n');
  log.info({}, "one");
  assert.deepEqual(
    lines().map((line) => line["message"]),
    ["old", "one"],
  );
  rmSync(dirname(file), { recursive: true });
  log.info({}, "two");
  assert.deepEqual(
    lines().map((line) => line["message"]),
    ["two"],
  );
});

test(
  "never throws or hangs where its file cannot be: a folder, a link, a FIFO, a file as its folder",
  { timeout: 5000 },
  async (context) => {
    const folder = await tempFolder(context);
    const clock = { now: () => 0 };
    mkdirSync(join(folder, "folder"));
    writeFileSync(join(folder, "file"), "");
    writeFileSync(join(folder, "target"), "");
    symlinkSync("target", join(folder, "link"));
    await runCommand("mkfifo", join(folder, "fifo"));
    for (const name of ["folder", "file/log", "link", "fifo"]) {
      const log = createLog({
        to: { file: join(folder, name) },
        level: "debug",
        clock,
        secrets: () => [],
      });
      for (let count = 0; count < 3; count += 1) log.error({}, "unheard");
    }
    assert.equal(statSync(join(folder, "target")).size, 0);
    silentLog.error({}, "unheard");
  },
);

test("goes on when the disk is full, and half a line spoils no other", async (context) => {
  const folder = await tempFolder(context);
  const module = new URL("./pino.ts", import.meta.url).href;
  const script = `const { createLog } = await import(${JSON.stringify(module)});
    const log = createLog({ to: { file: process.argv[1] }, level: "info", clock: { now: () => 0 }, secrets: () => [] });
    for (let count = 0; count < 2000; count += 1) log.info({ count }, "x".repeat(100));
    console.log("alive");`;
  const file = join(folder, "log");
  const output = await runCommand(
    "sh",
    "-c",
    `unset NODE_V8_COVERAGE; ulimit -f 64; exec "$@"`,
    "sh",
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
    file,
  );
  assert.equal(output, "alive\n");
  createLog({ to: { file }, level: "info", clock: { now: () => 0 }, secrets: () => [] }).info(
    {},
    "room again",
  );
  const lines = readFileSync(file, "utf8").trim().split("\n");
  assert.ok(lines.length > 100);
  assert.ok(lines.filter((line) => !line.endsWith("}")).length <= 1);
  assert.equal((JSON.parse(lines.at(-1) ?? "") as { message: string }).message, "room again");
});

test("drops lines for a stream that nobody reads or that has ended, instead of gathering them", async () => {
  const stream = new PassThrough({ highWaterMark: 10 });
  const log = createLog({
    to: { stream },
    level: "info",
    clock: { now: () => 0 },
    secrets: () => ["sk-live-1234"],
  });
  for (let count = 0; count < 100; count += 1)
    log.info({ text: "x".repeat(100_000) }, "sk-live-1234");
  assert.ok(stream.writableLength < 2 * 1024 * 1024, String(stream.writableLength));
  const text: string = await new Promise((resolve) =>
    stream.once("data", (chunk: Buffer) => resolve(chunk.toString())),
  );
  assert.ok(!text.includes("sk-live"));
  stream.destroy(new Error("gone"));
  log.info({}, "after the end");
});
