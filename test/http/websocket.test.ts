// The websocket on real sockets: the same door and the same events as the stream, and an end with a reason.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import { newEvent } from "../support/store-records.ts";
import type { HttpScene } from "../support/http-scene.ts";
import { KEYS, openHttp } from "../support/http-scene.ts";

type Scene = HttpScene & { readonly port: number };
type Message = { readonly seq: number; readonly type: string } & Readonly<Record<string, unknown>>;

async function openScene(context: TestContext): Promise<Scene> {
  const scene = await openHttp(context, { follows: true });
  const { port } = await scene.server.listen({ host: "127.0.0.1", port: 0 });
  return { ...scene, port };
}

const write = async ({ api }: Scene, count: number, more: { run?: string; card?: string } = {}) => {
  await api.engine.store.transaction(async ({ events }) =>
    events.append(Array.from({ length: count }, () => newEvent(more))),
  );
  api.feed.nudge();
};

type Opening = {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const dial = (
  { port }: Scene,
  { path = "/ws/events?after=0", headers = { "x-api-key": KEYS.read } }: Opening = {},
): WebSocket => new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });

/** 101 when it opened, else the status of the refusal with its body. */
const knock = async (scene: Scene, opening: Opening): Promise<readonly [number, string]> =>
  new Promise((resolve, reject) => {
    const socket = dial(scene, opening);
    socket.once("open", () => {
      socket.terminate();
      resolve([101, ""]);
    });
    socket.once("unexpected-response", (request, response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => {
        request.destroy();
        resolve([response.statusCode ?? 0, text]);
      });
    });
    socket.once("error", reject);
  });

/** Messages until there are so many; the connection is broken off then. */
async function take(scene: Scene, opening: Opening, count: number): Promise<readonly Message[]> {
  const socket = dial(scene, opening);
  const messages: Message[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("message", (data: Buffer) => {
    if (messages.length < count) messages.push(JSON.parse(data.toString()) as Message);
    if (messages.length === count) resolve();
  });
  socket.once("error", reject);
  await promise;
  socket.terminate();
  return messages;
}

const closing = async (socket: WebSocket): Promise<number> => {
  const [code] = (await once(socket, "close")) as [number];
  return code;
};

const seqs = (messages: readonly Message[]): readonly number[] => messages.map(({ seq }) => seq);
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("gives each event in the envelope of the stream, from the cursor on, filtered by run and card", async (context) => {
  const scene = await openScene(context);
  await write(scene, 2, { run: "r1", card: "a" });
  await write(scene, 2, { run: "r2", card: "a" });
  const [first] = await take(scene, {}, 1);
  assert.deepEqual(
    [first?.["v"], first?.seq, first?.type, first?.["run"], first?.["card"]],
    [1, 1, "card-moved", "r1", "a"],
  );
  assert.deepEqual(seqs(await take(scene, { path: "/ws/events?after=3" }, 1)), [4]);
  assert.deepEqual(
    seqs(await take(scene, { path: "/ws/events?after=0&run=r2&card=a" }, 2)),
    [3, 4],
  );
});

test("ten thousand events over five broken sockets: no gap, no duplicate", async (context) => {
  const scene = await openScene(context);
  const writing = (async () => {
    for (let written = 0; written < 10_000; written += 100) await write(scene, 100);
  })();
  const all: number[] = [];
  for (const goal of [1, 2500, 4000, 7777, 9000, 10_000]) {
    const path = `/ws/events?after=${all.at(-1) ?? 0}`;
    all.push(...seqs(await take(scene, { path }, goal - all.length)));
  }
  await writing;
  assert.deepEqual(all, range(1, 10_000));
});

test("says resync for a cursor that the log does not hold, and where it is while nothing fits", async (context) => {
  const scene = await openScene(context);
  await write(scene, 3);
  const [resync] = await take(scene, { path: "/ws/events?after=99" }, 1);
  assert.deepEqual(resync, { v: 1, type: "resync", seq: 3 });
  const [quiet] = await take(scene, { path: "/ws/events?after=0&run=nothing" }, 1);
  assert.deepEqual(quiet, { v: 1, type: "quiet", seq: 3 });
});

test("R-37 passes the door before anything is upgraded", async (context) => {
  const scene = await openScene(context);
  const path = "/ws/events?after=0";
  const refusals: readonly (readonly [Opening, number, string])[] = [
    [{ path, headers: {} }, 403, "KEY_REFUSED"],
    [{ path, headers: { "x-api-key": "wrong" } }, 403, "KEY_REFUSED"],
    [{ path: `${path}&x-api-key=${KEYS.read}`, headers: {} }, 403, "KEY_REFUSED"],
    [{ path: `${path}&ticket=guessed`, headers: {} }, 403, "KEY_REFUSED"],
    [
      { headers: { "x-api-key": KEYS.read, origin: "https://evil.example" } },
      403,
      "ORIGIN_REFUSED",
    ],
    [{ headers: { "x-api-key": KEYS.read, host: "evil.example" } }, 421, "HOST_REFUSED"],
    [{ path: "/ws/nothing", headers: {} }, 403, "KEY_REFUSED"],
    [{ path: "/ws/nothing" }, 404, "ROUTE_UNKNOWN"],
    [{ path: "/v1/runs" }, 404, "ROUTE_UNKNOWN"],
    [{ path: "/ws/events?after=-1" }, 400, "REQUEST_INVALID"],
    [{ path: "/ws/events?what=this" }, 400, "REQUEST_INVALID"],
  ];
  for (const [opening, status, code] of refusals) {
    const [found, text] = await knock(scene, opening);
    assert.equal(found, status, JSON.stringify(opening));
    const problem = JSON.parse(text) as Readonly<Record<string, unknown>>;
    assert.deepEqual([problem["status"], problem["code"]], [status, code]);
  }
  const bearer = { authorization: `Bearer ${KEYS.operate}` };
  assert.equal((await knock(scene, { headers: bearer }))[0], 101);
  const issued = await scene.ask({ method: "POST", path: "/v1/tickets", key: KEYS.read, body: {} });
  const ticket = { path: `${path}&ticket=${String(issued.json["ticket"])}`, headers: {} };
  assert.equal((await knock(scene, ticket))[0], 101);
  assert.equal((await knock(scene, ticket))[0], 403);
  const refused = await scene.engine.store.read(async ({ events }) => events.list({ limit: 1000 }));
  const routes = refused
    .filter(({ type }) => type === "key-refused")
    .map(({ data }) => data["route"]);
  assert.ok(routes.includes("/ws/events") && routes.includes(null));
});

test("is closed with 4401 when its key is revoked or its session ends, and with 1001 by a stop", async (context) => {
  const scene = await openScene(context);
  await write(scene, 1);
  const login = await scene.ask({
    method: "POST",
    path: "/v1/login",
    headers: { origin: "http://127.0.0.1" },
    body: { key: KEYS.operate },
  });
  const cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
  const byKey = dial(scene);
  const bySession = dial(scene, { headers: { cookie } });
  const stays = dial(scene, { headers: { "x-api-key": KEYS.admin } });
  const ends = [closing(byKey), closing(bySession)];
  const stopped = closing(stays);
  await Promise.all([byKey, bySession, stays].map(async (socket) => once(socket, "message")));
  assert.equal(scene.api.streams.count(), 3);
  scene.keys.delete(KEYS.read);
  const headers = { cookie, origin: "http://127.0.0.1" };
  await scene.ask({ method: "POST", path: "/v1/logout", headers, body: {} });
  assert.deepEqual(await Promise.all(ends), [4401, 4401]);
  await scene.server.stop(5000);
  assert.equal(await stopped, 1001);
  assert.equal(scene.api.streams.count(), 0);
});

test("what a client says is not read, and a frame of over 64 KiB ends it", async (context) => {
  const scene = await openScene(context);
  await write(scene, 1);
  const socket = dial(scene);
  await once(socket, "message");
  socket.send("x".repeat(65_536));
  const next = once(socket, "message");
  await write(scene, 1);
  assert.match(String((await next)[0]), /"seq":2/);
  const closed = closing(socket);
  socket.send("x".repeat(65_537));
  assert.equal(await closed, 1009);
});

test("an upgrade to anything else, a broken handshake and a client that goes leave nothing open", async (context) => {
  const scene = await openScene(context);
  const say = async (lines: readonly string[]): Promise<string> => {
    const socket = connect(scene.port, "127.0.0.1");
    socket.end(
      `${["GET /ws/events HTTP/1.1", "host: 127.0.0.1", `x-api-key: ${KEYS.read}`, ...lines].join("\r\n")}\r\n\r\n`,
    );
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += chunk as string;
    return text;
  };
  assert.match(
    await say(["connection: upgrade", "upgrade: h2c"]),
    /^HTTP\/1\.1 400 .*REQUEST_INVALID/s,
  );
  assert.match(await say(["connection: upgrade", "upgrade: websocket"]), /^HTTP\/1\.1 4\d\d /);
  const gone = connect(scene.port, "127.0.0.1");
  gone.write("GET /ws/events HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  gone.destroy();
  await once(gone, "close");
  const [status] = await knock(scene, {});
  assert.equal(status, 101);
  while (scene.api.streams.count() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("R-61 a client that does not read is cut, and holds up nobody", async (context) => {
  const scene = await openScene(context);
  const slow = dial(scene);
  await once(slow, "open");
  slow.pause();
  const quick = take(scene, {}, 20_000);
  for (let written = 0; written < 20_000; written += 500) await write(scene, 500);
  assert.deepEqual(seqs(await quick), range(1, 20_000));
  while (scene.api.streams.count() > 0) await new Promise((resolve) => setImmediate(resolve));
  slow.terminate();
});
