// What a stranger can do to the webhook listener: too much, too slowly, too often; and that the forge is served meanwhile.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { readRaw, sendRaw } from "../support/raw-http.ts";
import {
  HOOK,
  openWebhook,
  sampleOf,
  samples,
  SECRET,
  signatureOf,
  signed,
} from "../support/webhook-scene.ts";

const MIB_8 = 8_388_608;
const opened = sampleOf("01");
const HOST = "Host: 127.0.0.1\r\n";

test("R-40 a body of 8 MiB is read, and one byte more is 413, counted or announced, signed or not", async (context) => {
  const scene = await openWebhook(context);
  const most = Buffer.alloc(MIB_8, " ");
  const headers = { "x-gitea-signature": signatureOf(most) };
  assert.equal((await scene.send({ body: most, headers })).status, 400);
  const more = Buffer.alloc(MIB_8 + 1, " ");
  for (const isChunked of [false, true])
    for (const signature of [signatureOf(more), "", "x"]) {
      const answer = await scene.send({
        body: more,
        headers: { "x-gitea-signature": signature },
        isChunked,
      });
      assert.deepEqual([answer.status, answer.json["code"]], [413, "BODY_TOO_LARGE"]);
    }
  assert.deepEqual(await scene.stored(), []);
  assert.equal((await scene.send({ ...opened, isChunked: true })).status, 202);
});

test("a body that is only announced to be too large is refused before it is sent", async (context) => {
  const { port } = await openWebhook(context, { limits: { lingerMs: 1 } });
  const answer = await sendRaw(port, [
    `POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: ${MIB_8 + 1}\r\n\r\n`,
  ]);
  assert.deepEqual(readRaw(answer), [413, "BODY_TOO_LARGE"]);
  assert.match(answer, /connection: close/i);
});

test("R-40 after sixty unsigned deliveries a minute the others wait, and a signed one is accepted", async (context) => {
  const scene = await openWebhook(context);
  const answers = [];
  for (let number = 0; number < 65; number += 1)
    answers.push(
      await scene.send(
        number % 2 === 0
          ? { body: "{}" }
          : { body: "{}", headers: { "x-gitea-signature": "0".repeat(64) } },
      ),
    );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [...Array.from({ length: 60 }, () => 401), ...Array.from({ length: 5 }, () => 429)],
  );
  const retryAfter = Number(answers.at(-1)?.headers["retry-after"]);
  assert.ok(retryAfter >= 1 && retryAfter <= 60);
  for (const sample of samples()) assert.equal((await scene.send(sample)).status, 202);
});

test("R-40 one repository too many times a minute is 429 with Retry-After, before its shape is looked at; another is not", async (context) => {
  const scene = await openWebhook(context, { perMinute: 3 });
  const of = (repository: number, number: number) =>
    signed({
      ref: `refs/heads/${number}`,
      before: "0",
      after: "1",
      repository: { id: repository, full_name: "a/b" },
    });
  for (let number = 0; number < 3; number += 1)
    assert.equal((await scene.send(of(7, number))).status, 202);
  const refused = await scene.send(of(7, 3));
  assert.deepEqual([refused.status, refused.json["code"]], [429, "RATE_LIMITED"]);
  assert.match(String(refused.headers["retry-after"]), /^\d+$/);
  assert.equal((await scene.send(signed({ repository: { id: 7 } }))).status, 429);
  assert.equal((await scene.send(of(8, 0))).status, 202);
  assert.equal((await scene.send(signed("no JSON"))).status, 400);
  assert.equal((await scene.stored()).length, 4);
});

test("a body that comes too slowly is 408, and so is a header; others are served meanwhile", async (context) => {
  const scene = await openWebhook(context, {
    limits: { requestMs: 300, headersMs: 200, checkMs: 20 },
  });
  const slowBody = sendRaw(scene.port, [
    `POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n{`,
  ]);
  const slowHead = sendRaw(scene.port, [`POST ${HOOK} HTTP/1.1\r\n${HOST}X-Slow: `]);
  assert.equal((await scene.send(opened)).status, 202);
  assert.deepEqual(readRaw(await slowBody), [408, "REQUEST_SLOW"]);
  assert.deepEqual(readRaw(await slowHead), [408, "REQUEST_SLOW"]);
});

test("what is no HTTP, or has too large a head, is answered in the one shape of errors", async (context) => {
  const { port } = await openWebhook(context);
  assert.deepEqual(readRaw(await sendRaw(port, ["nonsense\r\n\r\n"])), [400, "REQUEST_INVALID"]);
  const large = `GET /health HTTP/1.1\r\n${HOST}X-Large: ${"x".repeat(20_000)}\r\n\r\n`;
  assert.deepEqual(readRaw(await sendRaw(port, [large])), [431, "HEADERS_TOO_LARGE"]);
  const two = `POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`;
  assert.deepEqual(readRaw(await sendRaw(port, [two])), [400, "REQUEST_INVALID"]);
});

test("when too much is arriving at once the largest goes, and a delivery of the usual size does not", async (context) => {
  const scene = await openWebhook(context, {
    limits: { arrivingBytesMax: 300_000, lingerMs: 1 },
  });
  const hold = async (bytes: number): Promise<{ socket: Socket; answer: Promise<string> }> => {
    const socket = connect(scene.port, "127.0.0.1");
    let text = "";
    const answer = new Promise<string>((resolve) => {
      socket.setEncoding("latin1").on("data", (part: string) => (text += part));
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
    });
    await once(socket, "connect");
    socket.write(`POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: 8000000\r\n\r\n`);
    socket.write(Buffer.alloc(bytes, 97));
    return { socket, answer };
  };
  const large = await hold(250_000);
  const larger = await hold(260_000);
  const gone = await Promise.race([large.answer, larger.answer]);
  assert.deepEqual(readRaw(gone), [503, "DELIVERY_NOT_KEPT"]);
  for (const sample of samples()) assert.equal((await scene.send(sample)).status, 202);
  large.socket.destroy();
  larger.socket.destroy();
});

test("a sender that goes away in the middle leaves nothing behind", async (context) => {
  const scene = await openWebhook(context);
  for (let number = 0; number < 5; number += 1) {
    const socket = connect(scene.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\n{"a"`);
    socket.destroy();
    await once(socket, "close");
  }
  assert.equal((await scene.send(opened)).status, 202);
  assert.equal((await scene.stored()).length, 1);
});

test("a stop refuses new deliveries, lets one under way end, and does not wait longer than it may", async (context) => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const scene = await openWebhook(context, {
    store: (store) => ({
      ...store,
      transaction: async (work, fence) => {
        begun.resolve();
        await release.promise;
        return store.transaction(work, fence);
      },
    }),
  });
  const under = scene.send(opened);
  await begun.promise;
  const stopped = scene.server.stop(60_000);
  await assert.rejects(scene.send(sampleOf("02")));
  release.resolve();
  assert.equal((await under).status, 202);
  await stopped;
  assert.equal((await scene.stored()).length, 1);
  const hanging = await openWebhook(context);
  const socket = connect(hanging.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`POST ${HOOK} HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\n{`);
  socket.on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await hanging.server.stop(20);
  await closed;
});

test("nothing that a stranger sent is in the log, and no secret", async (context) => {
  const lines: string[] = [];
  const note = (fields: unknown, words: string): void => {
    lines.push(JSON.stringify([fields, words]));
  };
  const log = { debug: note, info: note, warn: note, error: note };
  const scene = await openWebhook(context, { replace: { log, clock: createSystemClock() } });
  const canary = "canary-of-a-stranger";
  await scene.send({
    body: `{"${canary}":1}`,
    headers: { "x-gitea-signature": canary, authorization: canary, "x-gitea-delivery": canary },
  });
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines.join("\n"), new RegExp(`${canary}|${SECRET}`));
});
