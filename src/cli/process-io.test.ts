import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Streams } from "./process-io.ts";
import { createProcessIo } from "./process-io.ts";

/** Streams that say they are a terminal, or that they are none. */
function streamsOf(isTTY: boolean, env: Readonly<Record<string, string>> = {}) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const streams = { env, cwd: "/", stdin, stdout, stderr } as unknown as Streams;
  return { stdin, stdout, stderr, streams };
}

test("NO_COLOR takes the colours and leaves the live view; a dumb terminal has neither", () => {
  const look = (env: Readonly<Record<string, string>>, isTTY = true) => {
    const { color, screen, ask } = createProcessIo(streamsOf(isTTY, env).streams);
    return [color, screen !== null, ask !== null];
  };
  assert.deepEqual(look({}), [true, true, true]);
  assert.deepEqual(look({ NO_COLOR: "1" }), [false, true, true]);
  assert.deepEqual(look({ NO_COLOR: "" }), [true, true, true]);
  assert.deepEqual(look({ TERM: "dumb" }), [false, false, true]);
  assert.deepEqual(look({}, false), [false, false, false]);
});

test("a question takes one line, and an input that ends is an empty answer", async () => {
  const said = streamsOf(true);
  const answer = createProcessIo(said.streams).ask?.("Really? ");
  said.stdin.write("yes\n");
  assert.equal(await answer, "yes");
  assert.ok(String(said.stderr.read()).includes("Really? "));
  assert.equal(said.stdout.read(), null);
  const ended = streamsOf(true);
  const none = createProcessIo(ended.streams).ask?.("Really? ");
  ended.stdin.end();
  assert.equal(await none, "");
});

test("when nobody reads any more, whoever listens is told once and nothing more is written", () => {
  const { stdout, stderr, streams } = streamsOf(false);
  const io = createProcessIo(streams);
  let told = 0;
  const forget = io.onSignal(() => {
    told += 1;
  });
  const gone = Object.assign(new Error("gone"), { code: "EPIPE" });
  stdout.emit("error", gone);
  stdout.emit("error", gone);
  stderr.emit("error", gone);
  io.out("lost");
  assert.deepEqual([told, stdout.read()], [1, null]);
  forget();
});
