// Requests that a browser was made to send, and targets that hide where they go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName } from "../../src/http/door.ts";
import type { HttpScene, Question } from "../support/http-scene.ts";
import { API_KEY, KEYS, openHttp } from "../support/http-scene.ts";

const VERSION: Question = { path: "/v1/version", key: API_KEY };

test("only the names of the server are answered to, whichever key comes with them", async (context) => {
  const { ask } = await openHttp(context);
  const statusOf = async (host: string | readonly string[], path = "/v1/version") =>
    (await ask({ path, key: API_KEY, headers: { host } })).status;
  for (const host of [
    "localhost",
    "LOCALHOST:8082",
    "127.0.0.1:1",
    "[::1]:8082",
    "orket.example",
    "orket.example.:443",
  ])
    assert.equal(await statusOf(host), 200, host);
  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example:8082",
    "[::2]",
    "0.0.0.0",
    "localhost@evil.example",
    "localhost, evil.example",
    "localhost:port",
    "localhost:123456",
  ]) {
    assert.equal(await statusOf(host), 421, host);
    assert.equal(await statusOf(host, "/health"), 421, `${host}, health`);
  }
  assert.equal(await statusOf(["localhost", "localhost"]), 400);
  assert.equal(hostName("a b"), null);
});

test("a page of another origin is refused, with every key and on every route", async (context) => {
  const { ask } = await openHttp(context, { origins: ["https://dashboard.example"] });
  const from = async (origin: string | readonly string[], question: Question = VERSION) => {
    const answer = await ask({ ...question, headers: { host: "localhost:8082", origin } });
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
    return [answer.status, answer.json["code"] ?? null];
  };
  assert.deepEqual(await from("http://localhost:8082"), [200, null]);
  assert.deepEqual(await from("https://localhost:8082"), [200, null], "a proxy ended the TLS");
  assert.deepEqual(await from("https://dashboard.example"), [200, null]);
  for (const origin of [
    "null",
    "",
    "http://evil.example",
    "http://localhost",
    "http://localhost:8083",
    "http://localhost:8082.evil.example",
    "https://dashboard.example.evil.example",
    "http://dashboard.example",
    "file://",
  ]) {
    assert.deepEqual(await from(origin), [403, "ORIGIN_REFUSED"], origin);
    assert.deepEqual(await from(origin, { path: "/health" }), [403, "ORIGIN_REFUSED"], origin);
  }
  const twice = ["http://localhost:8082", "http://localhost:8082"];
  assert.deepEqual(await from(twice), [403, "ORIGIN_REFUSED"]);
  const login = { path: "/v1/login", method: "POST", body: { key: API_KEY } };
  assert.deepEqual(await from("http://evil.example", login), [403, "ORIGIN_REFUSED"]);
});

test("bodies that a form or a plain text can carry are refused, and nothing is unpacked", async (context) => {
  const { ask } = await openHttp(context);
  const send = async (headers: Question["headers"], body = '{"card":"work"}') => {
    const question = { path: "/v1/runs", method: "POST", key: API_KEY, body };
    return (await ask({ ...question, headers: { ...headers } })).status;
  };
  for (const type of [
    "text/plain",
    "text/plain; a=application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/json, text/plain",
    "",
  ])
    assert.equal(await send({ "content-type": type }), 415, type);
  assert.equal(await send({ "content-encoding": "gzip" }), 415);
  for (const second of ["text/plain", "application/json"])
    assert.equal(await send({ "content-type": ["application/json", second] }), 415, second);
  const noBody = { path: "/v1/runs/none/pause", method: "POST", key: API_KEY };
  const plain = { "content-type": "text/plain" };
  assert.equal((await ask({ ...noBody, headers: plain })).status, 415, "also without a body");
  assert.equal((await ask(noBody)).status, 404);
  assert.equal((await ask({ ...noBody, body: {} })).status, 404);
  assert.equal((await ask({ ...noBody, body: { admin: true } })).status, 400);
});

test("what is no JSON, and JSON that is too deep, too long or more than was asked for, is a 400 or 413", async (context) => {
  const { ask } = await openHttp(context);
  const send = async (body: string) => {
    const answer = await ask({ path: "/v1/runs", method: "POST", key: API_KEY, body });
    assert.match(String(answer.headers["content-type"]), /problem\+json/);
    assert.doesNotMatch(answer.text, /node_modules|\.ts:|at Object|SyntaxError|sesam/);
    return [answer.status, answer.json["code"]];
  };
  const invalid = [400, "REQUEST_INVALID"];
  for (const body of [
    "",
    "{",
    "null",
    "[]",
    "42",
    '"text"',
    "{}",
    '{"card":""}',
    '{"card":7}',
    '{"card":"work","surplus":1}',
    '{"card":"work","__proto__":{"admin":true}}',
    '{"card":"work","constructor":{"prototype":{"admin":true}}}',
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `{"card":${"[".repeat(1000)}${"]".repeat(1000)}}`,
    `{"card":"${"x".repeat(5000)}"}`,
    '{"card":"work","budget":{"tokensMax":-1}}',
    '{"card":"work","budget":{"tokensMax":1e400}}',
  ])
    assert.deepEqual(await send(body), invalid, body.slice(0, 60));
  const large = `{"card":"${"x".repeat(1_048_576)}"}`;
  assert.deepEqual(await send(large), [413, "BODY_TOO_LARGE"]);
});

async function logIn({ ask }: HttpScene, key: string): Promise<string> {
  const answer = await ask({ path: "/v1/login", method: "POST", body: { key } });
  assert.deepEqual([answer.status, answer.json], [200, { ok: true }]);
  const set = String(answer.headers["set-cookie"]);
  assert.match(set, /; HttpOnly; SameSite=Strict$/);
  assert.doesNotMatch(set, new RegExp(key));
  return set.split(";")[0] ?? "";
}

test("a session reads by its cookie, changes things only from a page of its own, and ends by logout", async (context) => {
  const scene = await openHttp(context);
  const { ask } = scene;
  const cookie = await logIn(scene, API_KEY);
  assert.equal((await ask({ path: "/v1/version", headers: { cookie } })).status, 200);
  const pause = { path: "/v1/runs/none/pause", method: "POST" };
  const own = { cookie, host: "localhost:8082", origin: "http://localhost:8082" };
  assert.equal((await ask({ ...pause, headers: own })).status, 404);
  const without = await ask({ ...pause, headers: { cookie } });
  assert.deepEqual([without.status, without.json["code"]], [403, "ORIGIN_REFUSED"]);
  for (const origin of ["null", "http://evil.example"])
    assert.equal((await ask({ ...pause, headers: { ...own, origin } })).status, 403);
  const twice = `${cookie}; ${cookie}`;
  assert.equal((await ask({ path: "/v1/version", headers: { cookie: twice } })).status, 403);
  const out = await ask({ path: "/v1/logout", method: "POST", headers: own });
  assert.match(String(out.headers["set-cookie"]), /^orket_session=; Path=\/; Max-Age=0;/);
  assert.equal((await ask({ path: "/v1/version", headers: { cookie } })).status, 403);
});

test("a session may what its key may, and a login with a wrong key looks like any other refusal", async (context) => {
  const scene = await openHttp(context);
  const cookie = await logIn(scene, KEYS.read);
  const origin = "http://127.0.0.1";
  const pause = { path: "/v1/runs/none/pause", method: "POST", headers: { cookie, origin } };
  assert.equal((await scene.ask(pause)).json["code"], "SCOPE_MISSING");
  for (const key of ["", "wrong", "schlüssel", "k".repeat(4000)]) {
    const refused = await scene.ask({ path: "/v1/login", method: "POST", body: { key } });
    assert.equal(refused.status, 403);
    assert.equal(refused.json["detail"], "Could not validate credentials");
    assert.equal(refused.headers["set-cookie"], undefined);
  }
  const tls = { origin: "https://127.0.0.1" };
  const login = { path: "/v1/login", method: "POST", body: { key: API_KEY }, headers: tls };
  assert.match(String((await scene.ask(login)).headers["set-cookie"]), /; Secure$/);
});
