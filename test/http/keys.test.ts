// Who is let in: every wrong way of showing a key looks the same, whatever is asked for, and a good one is good at once and
// no longer than it is one.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { createSimulatedClock } from "../../src/adapters/clock/simulated.ts";
import { EngineError } from "../../src/domain/errors.ts";
import { FAILURES_MAX } from "../../src/http/failure-limit.ts";
import { createAudit, REFUSALS_PER_MINUTE_MAX } from "../../src/http/audit.ts";
import type { Route } from "../../src/http/route.ts";
import { route } from "../../src/http/route.ts";
import type { Question } from "../support/http-scene.ts";
import { API_KEY, KEYS, openHttp } from "../support/http-scene.ts";

const WRONG: Readonly<Record<string, Question["headers"]>> = {
  none: {},
  empty: { "x-api-key": "" },
  wrong: { "x-api-key": "wrong" },
  "in other letters": { "x-api-key": API_KEY.toUpperCase() },
  "a part of it": { "x-api-key": API_KEY.slice(0, -1) },
  "with more behind": { "x-api-key": `${API_KEY}x` },
  doubled: { "x-api-key": [API_KEY, API_KEY] },
  "in a list": { "x-api-key": `${API_KEY}, ${API_KEY}` },
  "said in two headers": { "x-api-key": API_KEY, authorization: `Bearer ${API_KEY}` },
  "not ASCII": { "x-api-key": "schlüssel" },
  "very long": { "x-api-key": "k".repeat(5000) },
  "as basic": { authorization: `Basic ${API_KEY}` },
  "as bare authorization": { authorization: API_KEY },
  "empty bearer": { authorization: "Bearer " },
  "in a foreign cookie": { cookie: `orket_session=${API_KEY}` },
  "a wrong key beside a cookie": { "x-api-key": "wrong", cookie: "orket_session=token-1" },
};

const ASKED: readonly Question[] = [
  { path: "/v1/version" },
  { path: "/v1" },
  { path: "/v1/" },
  { path: "/v1/nothing/there" },
  { path: "/v1/version", method: "POST", body: {} },
  { path: "/v1/version", method: "DELETE" },
  { path: "/v1/version", method: "OPTIONS" },
  { path: "/v1/version", method: "HEAD" },
  { path: "/v1/runs", method: "POST", body: "{ not json" },
  { path: "/v1/runs", method: "POST", body: { surplus: true } },
  { path: "/v1/%zz" },
  { path: "/v1/cards/%c0%ae" },
  { path: `/v1/cards/${"x".repeat(3000)}` },
  { path: "/ws/events" },
  { path: `/v1/version?key=${API_KEY}` },
  { path: "/openapi.json" },
];

test("R-38 whatever is wrong with the key and whatever is asked for, the answer is the same 403", async (context) => {
  const { ask } = await openHttp(context);
  const bodies = new Set<string>();
  for (const [name, headers = {}] of Object.entries(WRONG))
    for (const question of ASKED) {
      const what = `${question.method ?? "GET"} ${question.path.slice(0, 40)}, key ${name}`;
      const answer = await ask({ ...question, headers: { ...headers } });
      assert.equal(answer.status, 403, what);
      assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/, what);
      assert.equal(answer.headers["allow"], undefined, what);
      if (question.method === "HEAD") continue;
      const { requestId, ...rest } = answer.json;
      assert.match(String(requestId), /^req-/);
      bodies.add(JSON.stringify(rest));
    }
  assert.deepEqual(
    [...bodies],
    [
      JSON.stringify({
        type: "urn:orket:error:key-refused",
        title: "No valid key came with the call.",
        status: 403,
        detail: "Could not validate credentials",
        code: "KEY_REFUSED",
      }),
    ],
  );
});

test("a good key is let in by both headers, and after the door unknown paths, methods and bodies are told apart", async (context) => {
  const { ask } = await openHttp(context);
  const get = async (question: Question) => {
    const { status, json, headers } = await ask({ key: API_KEY, ...question });
    return [status, json["code"], headers["allow"]];
  };
  assert.deepEqual((await ask({ path: "/v1/version", key: API_KEY })).json, {
    version: "1.2.3",
    api: "v1",
  });
  const bearer = { headers: { authorization: `bEaReR  ${API_KEY}` } };
  assert.equal((await ask({ path: "/v1/version", ...bearer })).status, 200);
  assert.deepEqual(await get({ path: "/v1/nothing" }), [404, "ROUTE_UNKNOWN", undefined]);
  assert.deepEqual(await get({ path: "/v1/version/" }), [404, "ROUTE_UNKNOWN", undefined]);
  assert.deepEqual(await get({ path: "/v1/runs", method: "DELETE" }), [
    405,
    "METHOD_REFUSED",
    "GET, POST",
  ]);
  assert.deepEqual(await get({ path: "/v1/cards/api/move" }), [405, "METHOD_REFUSED", "POST"]);
  assert.deepEqual(await get({ path: "/v1/%zz" }), [400, "REQUEST_INVALID", undefined]);
  const long = `/v1/cards/${"x".repeat(3000)}`;
  assert.deepEqual(await get({ path: long }), [404, "ROUTE_UNKNOWN", undefined]);
  assert.deepEqual((await ask({ path: "/nothing" })).json["code"], "ROUTE_UNKNOWN");
});

test("without a key everything is refused, also what a named key would open; by explicit wish everybody is let in", async (context) => {
  for (const apiKey of [null, "", "  "]) {
    const closed = await openHttp(context, { apiKey });
    for (const key of ["", "  ", "undefined", "null", KEYS.read, KEYS.operate, API_KEY])
      assert.equal((await closed.ask({ path: "/v1/version", key })).status, 403, `${key}`);
    assert.equal((await closed.ask({ path: "/health" })).status, 200);
  }
  const open = await openHttp(context, { apiKey: null, isOpen: true });
  assert.equal((await open.ask({ path: "/v1/version" })).status, 200);
  const keyed = await openHttp(context, { isOpen: true });
  assert.equal(
    (await keyed.ask({ path: "/v1/version" })).status,
    403,
    "with a key it has no effect",
  );
});

test("a revoked key is refused at once, with the session and the ticket that stand for it", async (context) => {
  const { ask, keys } = await openHttp(context);
  const read = { path: "/v1/version", key: KEYS.read };
  assert.equal((await ask(read)).status, 200);
  const login = await ask({ path: "/v1/login", method: "POST", body: { key: KEYS.read } });
  const cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
  const bySession = { path: "/v1/version", headers: { cookie } };
  assert.equal((await ask(bySession)).status, 200);
  keys.delete(KEYS.read);
  assert.equal((await ask(read)).status, 403);
  assert.equal((await ask(bySession)).status, 403);
});

test("R-38 after many wrong keys from one place new ones are refused unseen, and keys that were good go on", async (context) => {
  const { ask } = await openHttp(context);
  assert.equal((await ask({ path: "/v1/version", key: KEYS.read })).status, 200);
  for (let count = 0; count < FAILURES_MAX; count += 1)
    assert.equal((await ask({ path: "/v1/version", key: `guess-${count}` })).status, 403);
  assert.equal((await ask({ path: "/v1/version", key: KEYS.read })).status, 200, "was good before");
  assert.equal((await ask({ path: "/v1/version", key: API_KEY })).status, 403, "never seen before");
  const login = { path: "/v1/login", method: "POST", body: { key: API_KEY } };
  const refused = await ask(login);
  assert.deepEqual([refused.status, refused.json["code"]], [403, "KEY_REFUSED"]);
});

test("each call that changes something and each refused one stands in the event log, and a flood does not", async (context) => {
  const { ask, engine } = await openHttp(context);
  const logged = async (type: "key-used" | "key-refused") =>
    engine.store.read(async ({ events }) => events.list({ types: [type], limit: 1000 }));
  await ask({ path: "/v1/version", key: API_KEY });
  await ask({ path: "/v1/runs/none/pause", method: "POST", key: KEYS.operate });
  const [used, more] = await logged("key-used");
  assert.equal(more, undefined, "a look changes nothing");
  assert.equal(used?.actor, "human:operate-key");
  const { requestId, ...data } = used?.data ?? {};
  assert.ok(typeof requestId === "string" && requestId.startsWith("req-"));
  assert.deepEqual(data, {
    key: "operate-key",
    method: "POST",
    route: "/v1/runs/:id/pause",
    address: "127.0.0.1",
    verdict: "operate",
    unwritten: 0,
  });
  const login = { path: "/v1/login", method: "POST" };
  await ask({ ...login, body: { key: "a-wrong-one" } });
  await ask({ ...login, body: { key: API_KEY } });
  const [, second] = await logged("key-used");
  assert.deepEqual([second?.actor, second?.data["route"]], ["human:ORKET_API_KEY", "/v1/login"]);
  await ask({ path: "/v1/runs/none/pause", method: "POST", key: KEYS.read });
  for (let count = 0; count < 3 * REFUSALS_PER_MINUTE_MAX; count += 1)
    await ask({ path: "/v1/secret-in-a-path" });
  const refused = await logged("key-refused");
  assert.equal(refused.length, REFUSALS_PER_MINUTE_MAX);
  assert.deepEqual(
    refused.slice(0, 3).map(({ data: { verdict, route, key } }) => [verdict, route, key]),
    [
      ["KEY_REFUSED", "/v1/login", null],
      ["SCOPE_MISSING", "/v1/runs/:id/pause", null],
      ["KEY_REFUSED", null, null],
    ],
  );
  assert.doesNotMatch(JSON.stringify(refused), /secret-in-a-path|a-wrong-one/);
});

test("R-37 a ticket opens one stream once, and nothing else", async (context) => {
  const stream = (all: readonly Route[]): Route[] => [
    ...all,
    route({
      method: "GET",
      path: "/v1/stream",
      about: "A stream",
      auth: "read",
      errors: [],
      takesTicket: true,
      answer: z.object({ by: z.string() }),
      handle: async ({ caller }) => ({ ok: true, value: { by: caller.id } }),
    }),
  ];
  const { ask } = await openHttp(context, { routes: stream });
  const buy = async (headers: Question["headers"] = { "x-api-key": KEYS.read }) => {
    const { json } = await ask({ path: "/v1/tickets", method: "POST", headers: { ...headers } });
    return String(json["ticket"]);
  };
  const open = async (path: string, headers: Question["headers"] = {}) => {
    const { status, json } = await ask({ path, headers: { ...headers } });
    return status === 200 ? json["by"] : status;
  };
  const ticket = await buy();
  assert.equal(await open(`/v1/version?ticket=${ticket}`), 403, "another route");
  assert.equal(await open(`/v1/stream?ticket=${ticket}`), "read-key");
  assert.equal(await open(`/v1/stream?ticket=${ticket}`), 403, "used");
  assert.equal(await open("/v1/stream?ticket="), 403);
  assert.equal(await open(`/v1/stream?key=${KEYS.read}`), 403, "a key has no place in a query");
  assert.equal(await open(`/v1/stream?ticket=${KEYS.read}`), 403);
  const fresh = await buy();
  assert.equal(await open(`/v1/stream?ticket=${fresh}&ticket=${fresh}`), 403, "said twice");
  const evil = { origin: "http://evil.example" };
  assert.equal(await open(`/v1/stream?ticket=${fresh}`, evil), 403);
  assert.equal(await open(`/v1/stream?ticket=${fresh}`), 403, "used up by the attempt");
});

test("a key that cannot be looked up lets nobody in, and what cannot be written down is not done", async (context) => {
  let works = true;
  const scene = await openHttp(context, {
    authenticate: async () => {
      throw new EngineError("STORE_BUSY", "locked: /srv/orket.db");
    },
    store: (store) => ({
      ...store,
      transaction: async (...asked) => {
        if (!works) throw new EngineError("STORE_FULL", "no room: /srv/orket.db");
        return store.transaction(...asked);
      },
    }),
  });
  const { ask, engine } = scene;
  for (const path of ["/v1/version", "/v1/%zz"]) {
    const busy = await ask({ path, key: "any" });
    assert.deepEqual([busy.status, busy.json["code"]], [503, "STORE_BUSY"], path);
    assert.doesNotMatch(busy.text, /srv/);
  }
  works = false;
  const call = { path: "/v1/runs", method: "POST", key: API_KEY, body: { card: "work" } };
  const full = await ask(call);
  assert.deepEqual([full.status, full.json["code"]], [507, "STORE_FULL"]);
  assert.deepEqual(await engine.store.read(async ({ runs }) => runs.list({ limit: 9 })), []);
  assert.equal((await ask({ path: "/v1/version" })).status, 403, "a refusal stays one");
  assert.equal((await ask({ path: "/health" })).status, 200);
});

test("refusals that were left out are counted in the next one that is written", async (context) => {
  const { engine } = await openHttp(context);
  const clock = createSimulatedClock(0);
  const audit = createAudit({ ...engine, clock });
  const raw = { socket: { remoteAddress: "10.0.0.1" } };
  const request = { method: "GET", id: "req-1", raw } as unknown as FastifyRequest;
  const refuse = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) await audit.refused(request, "KEY_REFUSED");
  };
  await refuse(REFUSALS_PER_MINUTE_MAX + 5);
  await clock.advance(59_999);
  await refuse(2);
  await clock.advance(1);
  await refuse(2);
  const written = await engine.store.read(async ({ events }) =>
    events.list({ types: ["key-refused"], limit: 1000 }),
  );
  const leftOut = written.map(({ data }) => data["unwritten"]);
  assert.equal(leftOut.length, REFUSALS_PER_MINUTE_MAX + 2);
  assert.deepEqual(leftOut.slice(-3), [0, 7, 0]);
});
