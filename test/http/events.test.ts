// The event stream on real sockets: every event once, over broken connections too, and only to whoever may read.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { newEvent } from "../support/store-records.ts";
import type { HttpScene, SceneOptions } from "../support/http-scene.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";

type Scene = HttpScene & { readonly port: number };

async function openScene(context: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const scene = await openHttp(context, { ...options, follows: true });
  const { port } = await scene.server.listen({ host: "127.0.0.1", port: 0 });
  return { ...scene, port };
}

const write = async ({ api }: Scene, count: number, more: { run?: string; card?: string } = {}) => {
  await api.engine.store.transaction(async ({ events }) =>
    events.append(Array.from({ length: count }, () => newEvent(more))),
  );
  api.feed.nudge();
};

type Frame = { readonly id: number | null; readonly event: string; readonly data: unknown };

const frameOf = (text: string): Frame => {
  const field = (name: string): string | null =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null;
  const id = field("id");
  const data = field("data");
  return {
    id: id === null ? null : Number(id),
    event: field("event") ?? "message",
    data: data === null ? null : (JSON.parse(data) as unknown),
  };
};

type Opening = {
  readonly port: number;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const open = ({ port, path = "/v1/events?after=0", headers = {} }: Opening) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const request = get({ port, path, headers: { "x-api-key": KEYS.read, ...headers } }, resolve);
    request.once("error", reject);
  });

/** Frames until there are so many that carry data; the connection is broken off then. */
async function take(opening: Opening, count: number): Promise<readonly Frame[]> {
  const response = await open(opening);
  assert.equal(response.statusCode, 200);
  const frames: Frame[] = [];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk as string;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    frames.push(...parts.map(frameOf).filter(({ data }) => data !== null));
    if (frames.length >= count) break;
  }
  response.destroy();
  return frames;
}

const seqs = (frames: readonly Frame[]): readonly unknown[] =>
  frames.map(({ data }) => (data as { readonly seq: number }).seq);
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("gives each event with its number, in the envelope of `orket run --json`", async (context) => {
  const scene = await openScene(context);
  await write(scene, 2, { run: "run-1", card: "api" });
  const response = await open(scene);
  assert.match(response.headers["content-type"] ?? "", /^text\/event-stream/);
  assert.equal(response.headers["cache-control"], "no-store");
  response.destroy();
  const [first, second] = await take(scene, 2);
  assert.deepEqual([first?.id, second?.id], [1, 2]);
  const { v, type, run, card } = (first?.data ?? {}) as Record<string, unknown>;
  assert.deepEqual([v, type, run, card], [1, "card-moved", "run-1", "api"]);
});

test("10,000 events over five broken connections: no gap, no duplicate", async (context) => {
  const scene = await openScene(context);
  const writing = (async () => {
    for (let written = 0; written < 10_000; written += 100) await write(scene, 100);
  })();
  const all: number[] = [];
  for (const goal of [1, 2500, 4000, 7777, 9000, 10_000]) {
    const last = all.at(-1);
    const headers: Record<string, string> =
      last === undefined ? {} : { "last-event-id": String(last) };
    const frames = await take({ ...scene, headers }, goal - all.length);
    all.push(...(seqs(frames) as number[]));
  }
  await writing;
  assert.deepEqual(all.slice(0, 10_000), range(1, 10_000));
});

test("the header says where to go on, the query where it does not, and neither means from now on", async (context) => {
  const scene = await openScene(context);
  await write(scene, 5);
  const both = { path: "/v1/events?after=1", headers: { "last-event-id": "3" } };
  assert.deepEqual(seqs(await take({ ...scene, ...both }, 2)), [4, 5]);
  assert.deepEqual(seqs(await take({ ...scene, path: "/v1/events?after=4" }, 1)), [5]);
  const nonsense = { path: "/v1/events?after=4", headers: { "last-event-id": "none" } };
  assert.deepEqual(seqs(await take({ ...scene, ...nonsense }, 1)), [5]);
  const response = await open({ ...scene, path: "/v1/events" });
  await once(response.setEncoding("utf8"), "data");
  const next = once(response, "data");
  await write(scene, 1);
  assert.match(String((await next)[0]), /^id: 6$/m);
  response.destroy();
});

test("filters by run and card, and says where it is while nothing fits", async (context) => {
  const scene = await openScene(context);
  await write(scene, 2, { run: "r1", card: "a" });
  await write(scene, 2, { run: "r2", card: "a" });
  await write(scene, 2, { run: "r2", card: "b" });
  const path = "/v1/events?after=0&run=r2&card=a";
  assert.deepEqual(seqs(await take({ ...scene, path }, 2)), [3, 4]);
  const response = await open({ ...scene, path: "/v1/events?after=0&run=r9" });
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk as string;
    if (text.includes("nothing new")) break;
  }
  assert.match(text, /id: 6\n: nothing new/);
});

test("says resync for a cursor that the log does not hold", async (context) => {
  const scene = await openScene(context);
  await write(scene, 3);
  const [frame] = await take({ ...scene, path: "/v1/events?after=99" }, 1);
  assert.deepEqual(frame, { id: 3, event: "resync", data: { seq: 3 } });
});

test("R-37 is open to keys, sessions and a ticket once, and to nobody else", async (context) => {
  const scene = await openScene(context);
  await write(scene, 1);
  const statusOf = async (opening: Partial<Opening>): Promise<number> => {
    const response = await open({ ...scene, ...opening });
    response.destroy();
    return response.statusCode ?? 0;
  };
  const path = "/v1/events?after=0";
  assert.equal(await statusOf({ path, headers: { "x-api-key": "wrong" } }), 403);
  assert.equal(await statusOf({ path, headers: { origin: "https://evil.example" } }), 403);
  assert.equal(
    await statusOf({ path: `${path}&x-api-key=${KEYS.read}`, headers: { "x-api-key": "" } }),
    403,
  );
  const issued = await scene.ask({ method: "POST", path: "/v1/tickets", key: KEYS.read, body: {} });
  const ticket = String(issued.json["ticket"]);
  const bare = (given: string): Promise<number> =>
    new Promise((resolve, reject) => {
      get({ port: scene.port, path: `${path}&ticket=${given}` }, (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      }).once("error", reject);
    });
  assert.equal(await bare("guessed"), 403);
  assert.equal(await bare(ticket), 200);
  assert.equal(await bare(ticket), 403);
});

test("ends when its key is revoked, and when the server stops", async (context) => {
  const scene = await openScene(context);
  await write(scene, 1);
  const revoked = await open(scene);
  const other = await open({ ...scene, headers: { "x-api-key": KEYS.operate } });
  const [first, second] = [once(revoked, "close"), once(other, "close")];
  revoked.resume();
  other.resume();
  scene.keys.delete(KEYS.read);
  await first;
  assert.equal(scene.api.streams.count(), 1);
  await scene.server.stop(1000);
  await second;
  assert.equal(scene.api.streams.count(), 0);
});

test("R-61 a client that does not read holds up nobody and keeps nothing in memory", async (context) => {
  const scene = await openScene(context);
  const slow = await open(scene);
  slow.pause();
  const quick = take(scene, 20_000);
  for (let written = 0; written < 20_000; written += 500) await write(scene, 500);
  assert.deepEqual(seqs(await quick).slice(0, 20_000), range(1, 20_000));
  slow.destroy();
});
