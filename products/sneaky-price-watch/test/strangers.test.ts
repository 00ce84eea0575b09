// Pages that lead where they should not, or that never end: by either reader nothing private is asked, and every reading ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Polled } from "../src/managers/watch-manager.ts";
import { openScene } from "./support/scene.ts";
import type { Page } from "./support/shop.ts";
import { offer, openShop } from "./support/shop.ts";

const outcomeOf = ({ poll }: Polled): string =>
  poll.outcome === "price" ? "price" : `${poll.outcome} ${poll.reason}`;

for (const reader of ["browser", "http"] as const) {
  test(`by ${reader}, a private address is read only when it was named`, async (context) => {
    const shop = await openShop(context, { "/lamp": offer("$5") });
    const scene = openScene(context, { hostGapMs: 0 });
    const port = shop.host.split(":")[1];
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `[::1]:${port}`,
      `0.0.0.0:${port}`,
      `2130706433:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      "169.254.169.254",
    ]) {
      const { poll } = await scene.poll(scene.add({ url: `http://${host}/lamp`, reader }));
      assert.equal(
        poll.outcome === "failed" && poll.reason,
        "address",
        `${host} ${JSON.stringify(poll)}`,
      );
      assert.match(poll.outcome === "failed" ? poll.detail : "", /--allow-private/);
    }
    assert.deepEqual(shop.asked, []);
  });

  test(`by ${reader}, a redirect from a named host to one that was not is not followed`, async (context) => {
    const inner = await openShop(context, { "/lamp": offer("$5") });
    const shop = await openShop(context, {
      "/lamp": (_, response) => response.writeHead(302, { location: inner.url("/lamp") }).end(),
    });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    assert.equal(
      outcomeOf(await scene.poll(scene.add({ url: shop.url("/lamp"), reader }))),
      "failed address",
    );
    assert.deepEqual(inner.asked, []);
  });

  test(`by ${reader}, a page that redirects to itself ends`, async (context) => {
    let hops = 0;
    const shop = await openShop(context, {
      "/lamp": (_, response) => {
        hops += 1;
        response.writeHead(302, { location: `/lamp?${hops}` }).end();
      },
    });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    assert.equal(
      outcomeOf(await scene.poll(scene.add({ url: shop.url("/lamp"), reader }))),
      "failed redirects",
    );
    assert.equal(hops, 6);
  });

  test(`by ${reader}, a page without an end is cut off`, async (context) => {
    const shop = await openShop(context, {
      "/lamp": (_, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.write("<!-- ");
        const more = (): void => {
          while (response.write("more and more ".repeat(4096)));
          response.once("drain", more);
        };
        more();
      },
    });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    assert.equal(
      outcomeOf(await scene.poll(scene.add({ url: shop.url("/lamp"), reader }))),
      "failed too-large",
    );
  });

  test(`by ${reader}, a reading that is stopped ends at once and is not kept`, async (context) => {
    const shop = await openShop(context, { "/robots.txt": "", "/lamp": () => {} });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    const watch = scene.add({ url: shop.url("/lamp"), reader });
    const stop = new AbortController();
    const polling = scene.watches.pollNow(watch.id, stop.signal);
    while (shop.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    const polled = await polling;
    assert.equal(polled && outcomeOf(polled), "failed timeout");
    assert.deepEqual(scene.watches.findHistory(watch.id)?.polls, []);
  });

  test(`by ${reader}, a query that is none is said to be so`, async (context) => {
    const shop = await openShop(context, { "/lamp": offer("$5") });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    for (const target of [
      { kind: "css", query: "p[[" },
      { kind: "xpath", query: "//p[" },
    ] as const)
      assert.equal(
        outcomeOf(await scene.poll(scene.add({ url: shop.url("/lamp"), reader, target }))),
        "failed target",
        target.kind,
      );
  });
}

test("in Chromium no script, frame, socket or form reaches what is private", async (context) => {
  const inner = await openShop(context, { "/": "secret", "/page": offer("$1") });
  const attack = `${offer("$5")}<img src="${inner.url("/img")}"><iframe src="${inner.url("/frame")}"></iframe>
    <link rel="stylesheet" href="${inner.url("/style")}"><script src="${inner.url("/script")}"></script><script>
      fetch("${inner.url("/fetch")}", { mode: "no-cors" }).catch(() => {});
      navigator.sendBeacon("${inner.url("/beacon")}");
      new WebSocket("ws://${inner.host}/socket");
      new EventSource("${inner.url("/events")}");
      window.open("${inner.url("/open")}");
    </script>`;
  const shop = await openShop(context, {
    "/lamp": attack,
    "/late": `<script>location.href = "${inner.url("/page")}"</script>`,
  });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  assert.equal(outcomeOf(await scene.poll(scene.add({ url: shop.url("/lamp") }))), "price");
  assert.equal(
    outcomeOf(await scene.poll(scene.add({ url: shop.url("/late") }))),
    "failed address",
  );
  assert.deepEqual(inner.asked, []);
});

test("Chromium loads no picture, film, font or frame, and keeps no cookie from one reading to the next", async (context) => {
  const cookies: (string | undefined)[] = [];
  const lamp: Page = (request, response) => {
    cookies.push(request.headers.cookie);
    response.writeHead(200, { "content-type": "text/html", "set-cookie": "who=you" });
    response.end(`${offer("$5", true)}<img src="/a.png"><video src="/a.mp4"></video><iframe src="/frame"></iframe>
      <style>@font-face { font-family: f; src: url(/a.woff2) } p { font-family: f; background: url(/b.png) }</style>`);
  };
  const shop = await openShop(context, { "/lamp": lamp });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  const watch = scene.add({ url: shop.url("/lamp") });
  await scene.poll(watch);
  assert.equal(outcomeOf(await scene.poll(watch)), "price");
  assert.deepEqual(cookies, [undefined, undefined]);
  assert.deepEqual([...new Set(shop.asked.map(({ path }) => path))], ["/robots.txt", "/lamp"]);
});

test("plain HTTP unpacks and decodes, and bounds what was unpacked", async (context) => {
  const packed =
    (body: Buffer, type = "text/html"): Page =>
    (_, response) =>
      void response
        .writeHead(200, { "content-type": type, "content-encoding": "gzip" })
        .end(gzipSync(body));
  const shop = await openShop(context, {
    "/lamp": packed(Buffer.from(offer("5,00 \u00a3"), "latin1"), "text/html; charset=iso-8859-1"),
    "/bomb": packed(Buffer.alloc(64 * 1024 * 1024, " ")),
  });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader: "http" }));
  assert.deepEqual(poll.outcome === "price" && poll.price, { amountMilli: 5000, currency: "GBP" });
  assert.equal(
    outcomeOf(await scene.poll(scene.add({ url: shop.url("/bomb"), reader: "http" }))),
    "failed too-large",
  );
});

test("a price in another currency, several prices and none are told, and change nothing", async (context) => {
  const shop = await openShop(context, { "/lamp": offer("€100") });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  const watch = scene.add({ url: shop.url("/lamp"), reader: "http" });
  const see = async (price: string): Promise<string> => {
    shop.pages.set("/lamp", offer(price));
    return outcomeOf(await scene.poll(watch));
  };
  const seen = [];
  for (const price of ["€100", "$10", "€100 or €10", "sold out", "1.2.3.4", "€81"])
    seen.push(await see(price));
  assert.deepEqual(seen, [
    "price",
    "failed currency",
    "failed price",
    "failed target",
    "failed price",
    "price",
  ]);
  shop.pages.delete("/lamp");
  assert.equal(outcomeOf(await scene.poll(watch)), "failed status");
  assert.deepEqual(scene.said, []);
  assert.equal(await see("€80"), "price");
  assert.equal(scene.said.length, 1);
});
