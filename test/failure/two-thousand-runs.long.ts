// What a server keeps of runs that have ended: nothing. And what listeners who only listen cost a run: nothing either.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { WebSocket } from "ws";
import { SILENT_WATCHER } from "../../src/app/engine.ts";
import type { HttpScene } from "../support/http-scene.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";
import { approve, say, script, write } from "../support/project.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const SCENE = {
  // What tests look at afterwards would be kept for each run.
  options: { replace: { watcher: SILENT_WATCHER } },
  issues: [{ id: "good" }],
  script: script({
    good: { coder: [write("src/engines/good_engine.ts", "1\n"), say("Done.")], guard: [approve] },
  }),
};

const ended = async ({ ask }: HttpScene): Promise<void> => {
  for (;;) {
    const { json } = await ask({ path: "/v1/system/heartbeat", key: KEYS.read });
    if (json["active_tasks"] === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

async function submit(scene: HttpScene, from: number, count: number): Promise<void> {
  const one = async (index: number): Promise<void> => {
    const body = { card: "work", build: `build-${index}` };
    const { status } = await scene.ask({
      path: "/v1/runs",
      method: "POST",
      key: KEYS.operate,
      body,
    });
    assert.equal(status, 202);
  };
  await Promise.all(Array.from({ length: count }, async (_, at) => one(from + at)));
  await ended(scene);
}

type Held = { readonly heapMiB: number; readonly handles: number };

/** After the garbage is gone, and whatever closes by itself has closed. */
async function held(): Promise<Held> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    collect();
  }
  const handles = process.getActiveResourcesInfo().length;
  return { heapMiB: process.memoryUsage().heapUsed / 2 ** 20, handles };
}

test("after two thousand runs the heap and the handles are what they were after the first two hundred", async (context) => {
  const scene = await openHttp(context, SCENE);
  await submit(scene, 0, 200);
  const before = await held();
  for (let from = 200; from < 2200; from += 200) await submit(scene, from, 200);
  const after = await held();
  context.diagnostic(JSON.stringify({ before, after }));
  const runs = await scene.engine.store.read(async (store) => store.runs.list({ limit: 5000 }));
  assert.equal(runs.filter(({ status }) => status === "done").length, 2200);
  // Two thousand runs that were kept would be tens of MiB: each had a snapshot, a backlog, prompts and replies.
  assert.ok(after.heapMiB - before.heapMiB < 12, `${JSON.stringify({ before, after })}`);
  assert.ok(after.handles <= before.handles + 2, `${JSON.stringify({ before, after })}`);
});

test("five hundred who listen, and one who does not read, get every event and hold no run up", async (context) => {
  const scene = await openHttp(context, { ...SCENE, follows: true });
  const { port } = await scene.server.listen({ host: "127.0.0.1", port: 0 });
  const headers = { "x-api-key": KEYS.read };
  const stream = async (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ port, path: "/v1/events?after=0", headers, agent: false }, resolve).once(
        "error",
        reject,
      );
    });
  const socket = async (): Promise<WebSocket> => {
    const opened = new WebSocket(`ws://127.0.0.1:${port}/ws/events?after=0`, { headers });
    await once(opened, "open");
    return opened;
  };
  const last = new Map<number, number>();
  const note = (listener: number, seq: number): void => {
    assert.equal(seq, (last.get(listener) ?? 0) + 1, `a gap or a double for ${listener}`);
    last.set(listener, seq);
  };
  const streams = await Promise.all(Array.from({ length: 250 }, stream));
  const sockets = await Promise.all(Array.from({ length: 250 }, socket));
  const slow = await stream();
  slow.pause();
  for (const [listener, response] of streams.entries()) {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = `${text}${chunk}`.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const [, seq] = /^id: (\d+)\ndata: /.exec(part) ?? [];
        if (seq !== undefined) note(listener, Number(seq));
      }
    });
  }
  for (const [listener, one] of sockets.entries())
    one.on("message", (data: Buffer) => {
      const { seq, type } = JSON.parse(data.toString()) as { seq: number; type: string };
      if (type !== "quiet") note(250 + listener, seq);
    });
  assert.equal(scene.api.streams.count(), 501);
  await submit(scene, 0, 20);
  const head = await scene.engine.store.read(async ({ events }) => events.lastSeq());
  const isBehind = (): boolean => [...last.values()].some((seq) => seq < head) || last.size < 500;
  while (isBehind()) await new Promise((resolve) => setTimeout(resolve, 10));
  const runs = await scene.engine.store.read(async (store) => store.runs.list({ limit: 100 }));
  assert.ok(runs.every(({ status }) => status === "done"));
  slow.destroy();
  for (const one of streams) one.destroy();
  for (const one of sockets) one.terminate();
  while (scene.api.streams.count() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
});
