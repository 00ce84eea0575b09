// The server as strangers meet it: over real sockets, with every header that a trick needs.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { openScene } from "./support/scene.ts";
import { offer, openShop } from "./support/shop.ts";
import { openSite } from "./support/site.ts";

type Asked = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
};
type Answer = {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
};

/** Not `fetch`: it sets Host and Origin as it likes. */
const ask = (
  url: string,
  { method = "GET", headers = {}, body = "" }: Asked = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on("error", reject).end(body);
  });

const JSON_TYPE = { "content-type": "application/json" };
const LAMP = { target: { kind: "css", query: "#price" }, reader: "http" };

test("watches are added, listed, checked, shown and removed", async (context) => {
  const shop = await openShop(context, { "/lamp": offer("$12.99") });
  const site = await openSite(context, openScene(context, { allowPrivate: [shop.host] }));
  const api = `${site}/api/watches`;
  assert.deepEqual(JSON.parse((await ask(`${site}/health`)).text), { status: "ok" });
  assert.match((await ask(site)).text, /Nothing is watched yet/);
  const added = await ask(api, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ ...LAMP, url: shop.url("/lamp") }),
  });
  assert.equal(added.status, 201, added.text);
  const { id } = JSON.parse(added.text) as { id: string };
  assert.equal((JSON.parse((await ask(api)).text) as unknown[]).length, 1);
  const checked = JSON.parse((await ask(`${api}/${id}/check`, { method: "POST" })).text) as {
    poll: { price: object };
  };
  assert.deepEqual(checked.poll.price, { amountMilli: 12_990, currency: "USD" });
  assert.match((await ask(`${site}/watches/${id}`)).text, /\$12\.99/);
  const history = JSON.parse((await ask(`${api}/${id}`)).text) as { polls: unknown[] };
  assert.equal(history.polls.length, 1);
  assert.equal((await ask(`${api}/${id}`, { method: "DELETE" })).status, 204);
  for (const path of [`${api}/${id}`, `${site}/watches/${id}`, `${api}/x/y`, `${site}/nothing`])
    assert.equal((await ask(path)).status, 404, path);
});

test("another site's page reaches nothing: foreign names, origins and bodies are refused", async (context) => {
  const scene = openScene(context, {});
  const site = await openSite(context, scene, { listen: "127.0.0.1", hostNames: ["prices.lan"] });
  const body = JSON.stringify({ ...LAMP, url: "https://shop.example/" });
  const post = (headers: Record<string, string>): Promise<Answer> =>
    ask(`${site}/api/watches`, { method: "POST", headers, body });
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost:1:2", "[::2]"])
    assert.ok([400, 421].includes((await ask(site, { headers: { host } })).status), host);
  for (const host of ["localhost:7070", "prices.lan", "LOCALHOST"])
    assert.equal((await ask(site, { headers: { host } })).status, 200, host);
  for (const origin of ["http://evil.example", "null", `${site}.evil.example`]) {
    assert.equal((await post({ ...JSON_TYPE, origin })).status, 403, origin);
    assert.equal((await ask(`${site}/api/watches`, { headers: { origin } })).status, 403, origin);
  }
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
  ])
    assert.equal((await post({ "content-type": type })).status, 415, type);
  assert.deepEqual(scene.watches.listWatches(), []);
  assert.equal((await post({ ...JSON_TYPE, origin: site })).status, 201);
});

test("what does not fit is refused with what is wrong, and nothing is kept", async (context) => {
  const scene = openScene(context, {});
  const site = await openSite(context, scene);
  const post = (body: string): Promise<Answer> =>
    ask(`${site}/api/watches`, { method: "POST", headers: JSON_TYPE, body });
  const fine = { ...LAMP, url: "https://shop.example/" };
  const wrong: readonly (readonly [change: object, says: RegExp])[] = [
    [{ url: "file:///etc/passwd" }, /url/],
    [{ url: "javascript:alert(1)" }, /url/],
    [{ url: "https://me:secret@shop.example/" }, /password/],
    [{ dropPercent: 0 }, /dropPercent/],
    [{ everyMinutes: 1 }, /everyMinutes/],
    [{ target: { kind: "regex", query: "." } }, /target/],
    [{ target: { kind: "css", query: "" } }, /query/],
    [{ currency: "euro" }, /currency/],
    [{ colour: "red" }, /colour/],
  ];
  for (const [change, says] of wrong) {
    const { status, text } = await post(JSON.stringify({ ...fine, ...change }));
    assert.equal(status, 400, JSON.stringify(change));
    assert.match(text, says);
  }
  assert.equal((await post("{")).status, 400);
  assert.equal((await post(JSON.stringify({ ...fine, name: "x".repeat(20_000) }))).status, 413);
  assert.deepEqual(scene.watches.listWatches(), []);
});

test("there is room for two hundred watches", async (context) => {
  const scene = openScene(context, {});
  const site = await openSite(context, scene);
  for (let count = 0; count < 200; count += 1) scene.add({ url: "https://shop.example/" });
  const body = JSON.stringify({ ...LAMP, url: "https://shop.example/" });
  assert.equal(
    (await ask(`${site}/api/watches`, { method: "POST", headers: JSON_TYPE, body })).status,
    409,
  );
});

test("beyond loopback it shows and changes nothing", async (context) => {
  const scene = openScene(context, {});
  const { id } = scene.add({ url: "https://shop.example/" });
  const site = await openSite(context, scene, { listen: "0.0.0.0", hostNames: [] });
  assert.equal((await ask(site)).status, 200);
  assert.equal((await ask(`${site}/api/watches/${id}`, { method: "DELETE" })).status, 403);
  assert.equal((await ask(`${site}/api/watches/${id}/check`, { method: "POST" })).status, 403);
  assert.equal(scene.watches.listWatches().length, 1);
});

test("every answer forbids scripts, frames and guessing", async (context) => {
  const site = await openSite(context, openScene(context, {}));
  for (const path of ["/", "/style.css", "/health", "/nothing", "/api/watches"]) {
    const { headers } = await ask(site + path);
    assert.match(
      String(headers["content-security-policy"]),
      /^default-src 'none'; .*frame-ancestors 'none'/,
      path,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
  }
});
