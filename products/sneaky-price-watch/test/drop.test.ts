// The whole way, with nothing pretended: a shop lowers a price, Chromium reads it, a webhook hears of it, and a person sees it
// on the page, of which a picture is kept in `reports`.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { openBrowser } from "./support/browser.ts";
import { HOUR_MS, openScene } from "./support/scene.ts";
import { offer, openShop } from "./support/shop.ts";
import { openSite } from "./support/site.ts";

const REPORTS = join(import.meta.dirname, "..", "reports");

/** A receiver that is down for its first calls, as receivers are. */
async function openReceiver(context: TestContext, failures: number) {
  const got: unknown[] = [];
  let calls = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      calls += 1;
      if (calls > failures) got.push(JSON.parse(body));
      response.writeHead(calls > failures ? 204 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

test("a drop is seen in Chromium, the webhook receives it, and the page's chart shows it", async (context) => {
  const shop = await openShop(context, {});
  const receiver = await openReceiver(context, 1);
  const scene = openScene(context, { allowPrivate: [shop.host], webhook: receiver.url });
  const lamp = scene.add({ url: shop.url("/lamp"), name: "A calm lamp <b>of brass</b>" });
  const chair = scene.add({ url: shop.url("/chair"), name: "Reading chair", everyMinutes: 120 });
  const book = scene.add({ url: shop.url("/book"), name: "A book nobody may read" });
  const see = async (price: string, hours: number): Promise<void> => {
    shop.pages.set("/lamp", offer(price));
    await scene.poll(lamp);
    scene.time.now += hours * HOUR_MS;
  };

  shop.pages.set("/robots.txt", "User-agent: *\nDisallow: /book\n");
  shop.pages.set("/chair", offer("449,00 €"));
  for (const price of ["$129.00", "$129.00", "$124.50", "$131.00", "$119.00", "$119.00", "$112.00"])
    await see(price, 9);
  shop.pages.set("/chair", offer("429,00 €"));
  await scene.poll(chair);
  assert.deepEqual(receiver.got, []);
  await see("$96.75", 7);
  assert.deepEqual(receiver.got, [], "its first call failed");
  await see("$98.00", 9);
  await scene.poll(chair);
  await scene.poll(book);

  assert.deepEqual(receiver.got, [
    {
      event: "price-drop",
      id: "id-4",
      at: new Date(scene.watches.findHistory(lamp.id)?.alerts[0]?.at ?? 0).toISOString(),
      watch: { id: lamp.id, name: "A calm lamp <b>of brass</b>", url: shop.url("/lamp") },
      from: { amount: "129.00", currency: "USD" },
      to: { amount: "96.75", currency: "USD" },
      dropPercent: 25,
    },
  ]);

  const site = await openSite(context, scene);
  const browser = await openBrowser(context);
  mkdirSync(REPORTS, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({
      colorScheme,
      viewport: { width: 900, height: 1200 },
      deviceScaleFactor: 2,
    });
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on(
      "request",
      (request) =>
        void (
          request.url().startsWith(site) ||
          request.url().startsWith("data:") ||
          foreign.push(request.url())
        ),
    );
    page.on("console", (message) => void complaints.push(message.text()));
    await page.goto(site);
    const card = page.locator(`#watch-${lamp.id}`);
    assert.equal(await card.locator("h2").innerText(), "A calm lamp <b>of brass</b>");
    assert.equal(await card.locator("h2 b").count(), 0);
    assert.equal(await card.locator(".price").innerText(), "$98.00");
    assert.equal(await card.locator(".badge.is-drop").innerText(), "▼ 24 %");
    assert.equal(await card.locator("svg circle.drop").count(), 1);
    assert.match((await card.locator("svg path.line").getAttribute("d")) ?? "", /^M12 .*H640$/);
    assert.match(
      await page.locator(`#watch-${book.id} .trouble`).innerText(),
      /robots\.txt .* does not allow \/book/,
    );
    const path = join(REPORTS, `prices-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: true });
    assert.ok(readFileSync(path).length > 20_000);
    await card.locator(".point .strip").nth(7).hover();
    assert.ok(await card.locator(".point .tip").nth(7).isVisible());
    assert.equal(await card.locator(".point .tip-price").nth(7).textContent(), "$96.75");
    await page.goto(`${site}/watches/${lamp.id}`);
    assert.match(
      await page.locator("table").first().innerText(),
      /\$129\.00 → \$96\.75\s+delivered/,
    );
    await page.screenshot({ path: join(REPORTS, `history-${colorScheme}.png`), fullPage: true });
    assert.deepEqual([foreign, complaints], [[], []]);
    await page.close();
  }
});
