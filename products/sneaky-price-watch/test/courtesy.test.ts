// How it behaves to websites: robots.txt, the host's rate, refusals and rests, by either reader.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Polled } from "../src/managers/watch-manager.ts";
import { HOUR_MS, NOON, openScene } from "./support/scene.ts";
import { offer, openShop } from "./support/shop.ts";

const outcomeOf = ({ poll }: Polled): string =>
  poll.outcome === "price" ? "price" : `${poll.outcome} ${poll.reason}`;
const pathsOf = ({ asked }: { asked: readonly { path: string }[] }): readonly string[] =>
  asked.map(({ path }) => path);
const MINUTE_MS = 60_000;

for (const reader of ["browser", "http"] as const) {
  test(`by ${reader}, what robots.txt forbids is not asked for, also not after a redirect`, async (context) => {
    const shop = await openShop(context, {
      "/robots.txt":
        "User-agent: *\nDisallow: /\n\nUser-agent: Sneaky-Price-Watch\nDisallow: /private\n",
      "/lamp": offer("$5"),
      "/private/lamp": offer("$5"),
      "/moved": (_, response) => response.writeHead(302, { location: "/private/lamp" }).end(),
    });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    const look = async (path: string): Promise<string> =>
      outcomeOf(await scene.poll(scene.add({ url: shop.url(path), reader })));
    assert.equal(await look("/private/lamp"), "refused robots");
    assert.equal(await look("/moved"), "refused robots");
    assert.equal(await look("/lamp"), "price");
    assert.deepEqual(pathsOf(shop), ["/robots.txt", "/moved", "/lamp"]);
  });

  test(`by ${reader}, a host that refuses is left alone, longer each time, and forgiven when it serves`, async (context) => {
    let status = 429;
    const shop = await openShop(context, {
      "/lamp": (_, response) => {
        response.writeHead(status, {
          "content-type": "text/html",
          ...(status === 503 ? { "retry-after": "7200" } : {}),
        });
        response.end(offer("$5"));
      },
    });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    const watch = scene.add({ url: shop.url("/lamp"), reader });
    const asked = (): number => pathsOf(shop).filter((path) => path === "/lamp").length;
    const look = async (): Promise<string> => outcomeOf(await scene.poll(watch));

    assert.equal(await look(), "refused status");
    scene.time.now += 15 * MINUTE_MS - 1;
    assert.equal(await look(), "refused resting");
    assert.equal(asked(), 1);
    scene.time.now += 1;
    status = 403;
    assert.equal(await look(), "refused status");
    scene.time.now += 30 * MINUTE_MS - 1;
    assert.equal(await look(), "refused resting");
    scene.time.now += 1;
    status = 503;
    assert.equal(await look(), "refused status");
    scene.time.now += 2 * HOUR_MS - 1;
    assert.equal(await look(), "refused resting");
    scene.time.now += 1;
    status = 200;
    assert.equal(await look(), "price");
    status = 401;
    assert.equal(await look(), "refused status");
    scene.time.now += 15 * MINUTE_MS;
    status = 200;
    assert.equal(await look(), "price");
    assert.equal(asked(), 6);
    // A rest is no news of the page.
    assert.equal(scene.watches.findHistory(watch.id)?.polls.length, 6);
  });

  test(`by ${reader}, a captcha in the place of the price is a refusal, beside the price it is not`, async (context) => {
    const captcha =
      '<script src="https://www.google.com/recaptcha/api.js"></script><div class="g-recaptcha"></div>';
    const shop = await openShop(context, {
      "/wall": `<title>Hello</title>${captcha}`,
      "/lamp": offer("$5") + captcha,
      "/empty": "<p>Gone",
    });
    const scene = openScene(context, { allowPrivate: [shop.host, "www.google.com"], hostGapMs: 0 });
    const look = async (path: string): Promise<string> =>
      outcomeOf(await scene.poll(scene.add({ url: shop.url(path), reader })));
    assert.equal(await look("/lamp"), "price");
    assert.equal(await look("/empty"), "failed target");
    assert.equal(await look("/wall"), "refused captcha");
    assert.equal(await look("/lamp"), "refused resting");
  });
}

test("a robots.txt that the server fails to give allows nothing, one that is not there everything", async (context) => {
  let status = 500;
  const shop = await openShop(context, {
    "/robots.txt": (_, response) => response.writeHead(status).end(),
    "/lamp": offer("$5"),
  });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  const watch = scene.add({ url: shop.url("/lamp"), reader: "http" });
  assert.equal(outcomeOf(await scene.poll(watch)), "refused robots");
  status = 404;
  assert.equal(outcomeOf(await scene.poll(watch)), "refused robots", "kept for a while");
  scene.time.now += 15 * MINUTE_MS;
  assert.equal(outcomeOf(await scene.poll(watch)), "price");
  assert.deepEqual(pathsOf(shop), ["/robots.txt", "/robots.txt", "/lamp"]);
});

test("a host has one turn in each gap, the longer one of ours and its Crawl-delay, across processes", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "prices-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const shop = await openShop(context, {
    "/robots.txt": "User-agent: *\nCrawl-delay: 15\n",
    "/lamp": offer("$5"),
  });
  const settings = {
    allowPrivate: [shop.host],
    hostGapMs: 10_000,
    database: join(folder, "prices.db"),
  };
  const scene = openScene(context, settings);
  const other = openScene(context, settings);
  const watch = scene.add({ url: shop.url("/lamp"), reader: "http" });
  assert.equal(outcomeOf(await scene.poll(watch)), "price");
  assert.equal(outcomeOf(await other.poll(watch)), "price");
  assert.equal(
    outcomeOf(await scene.poll(watch)),
    "failed busy",
    "the third turn is further away than a poll waits",
  );
  assert.deepEqual([scene.slept, other.slept], [[0], [15_000]]);
  assert.equal(scene.watches.findHistory(watch.id)?.polls.length, 2);
});

test("redirects on one host take one turn, on another host that one's too", async (context) => {
  const other = await openShop(context, { "/lamp": offer("$5"), "/robots.txt": "" });
  const shop = await openShop(context, {
    "/a": (_, response) => response.writeHead(301, { location: "/b" }).end(),
    "/b": (_, response) =>
      response
        .writeHead(301, { location: other.url("/lamp").replace("127.0.0.1", "localhost") })
        .end(),
  });
  const scene = openScene(context, { allowPrivate: ["127.0.0.1", "localhost"], hostGapMs: 10_000 });
  for (const reader of ["http", "browser"] as const) {
    scene.slept.length = 0;
    assert.equal(
      outcomeOf(await scene.poll(scene.add({ url: shop.url("/a"), reader }))),
      "price",
      reader,
    );
    assert.equal(scene.slept.length, 2);
    scene.time.now += HOUR_MS;
  }
  assert.deepEqual(pathsOf(other), ["/robots.txt", "/lamp", "/lamp"]);
});

test("polls come due by chance around their time, and one of two processes takes each", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "prices-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const shop = await openShop(context, { "/lamp": offer("$5") });
  const settings = { allowPrivate: [shop.host], hostGapMs: 0, database: join(folder, "prices.db") };
  const [scene, other] = [openScene(context, settings), openScene(context, settings)];
  scene.add({ url: shop.url("/lamp"), reader: "http" });
  const { signal } = new AbortController();
  const both = await Promise.all([scene.watches.pollNext(signal), other.watches.pollNext(signal)]);
  assert.equal(both.filter(({ polled }) => polled !== null).length, 1);
  assert.equal(scene.watches.listWatches()[0]?.dueAt, NOON + HOUR_MS);
  assert.deepEqual(await scene.watches.pollNext(signal), { polled: null, waitMs: HOUR_MS });
  scene.time.now += HOUR_MS;
  assert.notEqual((await scene.watches.pollNext(signal)).polled, null);
});
