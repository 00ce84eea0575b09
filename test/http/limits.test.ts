// The server on a real socket: what is malformed, too large, too slow or too many, and how it stops.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import { route } from "../../src/http/route.ts";
import { z } from "zod";
import { API_KEY, openHttp } from "../support/http-scene.ts";
import { readRaw, sendRaw } from "../support/raw-http.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const HOST = "Host: 127.0.0.1\r\n";
const END = "Connection: close\r\n\r\n";

test("what is no proper request is answered as a problem, and the next caller is served", async (context) => {
  const { server } = await openHttp(context);
  const { port } = await server.listen(LOCAL);
  const send = async (...parts: readonly string[]) => readRaw(await sendRaw(port, parts));
  const key = `X-API-Key: ${API_KEY}\r\n`;
  const invalid = [400, "REQUEST_INVALID"];
  const cases: readonly (readonly [expected: readonly unknown[], text: string])[] = [
    [invalid, "nonsense\r\n\r\n"],
    [invalid, "GET /health HTTP/9.9\r\n\r\n"],
    [invalid, `GET http://127.0.0.1/health HTTP/1.1\r\n${HOST}${END}`],
    [invalid, `GET http://evil.example/v1/version HTTP/1.1\r\n${HOST}${key}${END}`],
    [invalid, `OPTIONS * HTTP/1.1\r\n${HOST}${END}`],
    [invalid, `GET /health HTTP/1.1\r\n${HOST}${HOST}${END}`],
    [invalid, `GET /health HTTP/1.1\r\n${HOST}Host: evil.example\r\n${END}`],
    [invalid, `GET /health HTTP/1.0\r\n${END}`],
    [[421, "HOST_REFUSED"], `GET /health HTTP/1.1\r\nHost:\r\n${END}`],
    [[403, "KEY_REFUSED"], `GET /v1/version HTTP/1.1\r\n${HOST}${key}${key}${END}`],
    [
      [403, "KEY_REFUSED"],
      `GET /v1/version HTTP/1.1\r\n${HOST}X-API-Key: schl\u00fcssel\r\n${END}`,
    ],
    [
      [431, "HEADERS_TOO_LARGE"],
      `GET /health HTTP/1.1\r\n${HOST}X: ${"x".repeat(20_000)}\r\n${END}`,
    ],
    [
      invalid,
      `POST /v1/runs HTTP/1.1\r\n${HOST}${key}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
  ];
  for (const [expected, text] of cases)
    assert.deepEqual(await send(text), expected, text.slice(0, 60));
  const health = await sendRaw(port, [`GET /health HTTP/1.1\r\n${HOST}${END}`]);
  assert.match(health, /^HTTP\/1\.1 200 OK[\s\S]*\{"status":"ok","organization":"The test"\}$/);
});

test("a body over the limit is refused while it streams, and one of a stranger is not read", async (context) => {
  const { server } = await openHttp(context);
  const { port } = await server.listen(LOCAL);
  const type = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
  const key = `X-API-Key: ${API_KEY}\r\n`;
  const large = await sendRaw(port, [
    `POST /v1/runs HTTP/1.1\r\n${HOST}${key}${type}`,
    ...Array.from({ length: 20 }, () => chunk),
  ]);
  assert.deepEqual(readRaw(large), [413, "BODY_TOO_LARGE"]);
  // It never ends its body; the server ends the connection.
  const stranger = await sendRaw(port, [`POST /v1/runs HTTP/1.1\r\n${HOST}${type}`, chunk]);
  assert.deepEqual(readRaw(stranger), [403, "KEY_REFUSED"]);
  assert.match(stranger, /connection: close/i);
});

test("a caller who sends slowly is answered 408 while others are served", async (context) => {
  const limits = { headersMs: 200, requestMs: 400, checkMs: 50 };
  const { server, ask } = await openHttp(context, { limits });
  const { port } = await server.listen(LOCAL);
  const key = `X-API-Key: ${API_KEY}\r\n`;
  const type = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n";
  const slow = [
    sendRaw(port, ["GET /health HTTP/1.1\r\nHost:"]),
    sendRaw(port, [`POST /v1/runs HTTP/1.1\r\n${HOST}${key}${type}{"card"`]),
  ];
  assert.equal((await ask({ path: "/health" })).status, 200);
  for (const answer of slow) assert.deepEqual(readRaw(await answer), [408, "REQUEST_SLOW"]);
});

test("more connections than the limit are closed, and those within it are served", async (context) => {
  const { server } = await openHttp(context, { limits: { connectionsMax: 3 } });
  const { port } = await server.listen(LOCAL);
  const listener = server.app.server;
  const accepted: Socket[] = [];
  const full = new Promise<void>((resolve) =>
    listener.on("connection", (socket) => {
      if (accepted.push(socket) === 3) resolve();
    }),
  );
  const open = Array.from({ length: 3 }, () => connect(port, "127.0.0.1"));
  context.after(() => open.forEach((socket) => socket.destroy()));
  await full;
  assert.equal(await sendRaw(port, [`GET /health HTTP/1.1\r\n${HOST}${END}`]), "");
  const left = once(accepted[0] ?? listener, "close");
  accepted[0]?.destroy();
  await left;
  assert.match(await sendRaw(port, [`GET /health HTTP/1.1\r\n${HOST}${END}`]), /^HTTP\/1\.1 200/);
});

test("a failure inside says its code and the request's id, and nothing else, on every route", async (context) => {
  const secret = "a-secret-of-the-inside";
  const { routes, ask } = await openHttp(context, {
    routes: (all) =>
      all.map((one) => ({
        ...one,
        schemas: { ...one.schemas, params: null, query: null, body: null },
        handle: async () => {
          throw new Error(`${secret} in /srv/orket/store.ts`);
        },
      })),
  });
  for (const { method, path } of routes) {
    const call = { method, path: path.replaceAll(/:\w+/g, "x"), key: API_KEY };
    const answer = await ask(method === "GET" ? call : { ...call, body: {} });
    assert.equal(answer.status, 500, path);
    assert.doesNotMatch(answer.text, /secret|srv|stack/, path);
    assert.deepEqual(Object.keys(answer.json), [
      "type",
      "title",
      "status",
      "detail",
      "code",
      "requestId",
    ]);
    assert.equal(answer.json["code"], "INTERNAL");
  }
});

test("an answer that does not fit its schema, and words of a code that was not declared, stay inside", async (context) => {
  const { ask } = await openHttp(context, {
    routes: (all) => [
      ...all,
      route({
        method: "GET",
        path: "/v1/broken",
        about: "Answers what it should not",
        auth: "read",
        errors: [],
        answer: z.object({ count: z.int() }),
        handle: async () => ({ ok: true, value: { count: "a-secret" as never } }),
      }),
      route({
        method: "GET",
        path: "/v1/surprise",
        about: "Refuses in words that it did not declare",
        auth: "read",
        errors: [],
        answer: z.object({}),
        handle: async () => ({
          ok: false,
          error: { code: "RUN_STATE", message: "a-secret", details: {} },
        }),
      }),
      route({
        method: "GET",
        path: "/v1/surplus",
        about: "Answers more than it declares",
        auth: "read",
        errors: [],
        answer: z.object({ count: z.int() }),
        handle: async () => ({ ok: true, value: { count: 1, more: "a-secret" } as never }),
      }),
    ],
  });
  const broken = await ask({ path: "/v1/broken", key: API_KEY });
  assert.deepEqual([broken.status, broken.json["code"]], [500, "INTERNAL"]);
  const surprise = await ask({ path: "/v1/surprise", key: API_KEY });
  assert.deepEqual([surprise.status, surprise.json["code"]], [409, "RUN_STATE"]);
  const surplus = await ask({ path: "/v1/surplus", key: API_KEY });
  assert.deepEqual([surplus.status, surplus.json], [200, { count: 1 }]);
  for (const { text } of [broken, surprise, surplus]) assert.doesNotMatch(text, /a-secret/);
});

test("a stop ends streams, lets calls under way finish, refuses new ones, and is bounded", async (context) => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const scene = await openHttp(context, {
    routes: (all) => [
      ...all,
      route({
        method: "GET",
        path: "/v1/slow",
        about: "Answers when it is let",
        auth: "read",
        errors: [],
        answer: z.object({}),
        handle: async () => {
          begun.resolve();
          await release.promise;
          return { ok: true, value: {} };
        },
      }),
    ],
  });
  const { server, api } = scene;
  const { port } = await server.listen(LOCAL);
  // A call that has begun to arrive: its connection is not idle, and stays.
  const accepted = once(server.app.server, "connection");
  const arriving = connect(port, "127.0.0.1");
  const answered = new Promise<string>((resolve) => {
    let text = "";
    arriving.setEncoding("latin1").on("data", (part: string) => (text += part));
    arriving.on("close", () => resolve(text));
  });
  const head = `GET /health HTTP/1.1\r\n${HOST}`;
  arriving.write(head);
  const [socket] = (await accepted) as [Socket];
  while (socket.bytesRead < head.length) await new Promise((resolve) => setImmediate(resolve));
  let streams = 0;
  api.streams.add(() => (streams += 1));
  const forget = api.streams.add(() => (streams += 1));
  forget();
  const key = `X-API-Key: ${API_KEY}\r\n`;
  const slow = sendRaw(port, [`GET /v1/slow HTTP/1.1\r\n${HOST}${key}${END}`]);
  await begun.promise;
  const stopped = server.stop(60_000);
  assert.equal(streams, 1);
  arriving.write("\r\n");
  assert.deepEqual(readRaw(await answered), [503, "SERVER_STOPPING"]);
  release.resolve();
  assert.match(await slow, /^HTTP\/1\.1 200/);
  await stopped;
  await assert.rejects(fetch(`http://127.0.0.1:${port}/health`));
});

test("a stop does not wait longer than it may for a call that hangs", async (context) => {
  const begun = Promise.withResolvers<void>();
  const { server } = await openHttp(context, {
    routes: (all) => [
      ...all,
      route({
        method: "GET",
        path: "/v1/hanging",
        about: "Never answers",
        auth: "read",
        errors: [],
        answer: z.object({}),
        handle: async () => {
          begun.resolve();
          return new Promise<never>(() => {});
        },
      }),
    ],
  });
  const { port } = await server.listen(LOCAL);
  const key = `X-API-Key: ${API_KEY}\r\n`;
  const hanging = sendRaw(port, [`GET /v1/hanging HTTP/1.1\r\n${HOST}${key}\r\n`]);
  await begun.promise;
  await server.stop(20);
  assert.equal(await hanging, "");
});
