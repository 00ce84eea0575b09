// Pages behind TLS: read by either reader where the certificate is vouched for, and by neither where it is not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openEncryptedShop } from "./support/encrypted-shop.ts";
import { openScene } from "./support/scene.ts";
import { offer } from "./support/shop.ts";

for (const reader of ["browser", "http"] as const) {
  test(`by ${reader}, an encrypted page tells its price`, async (context) => {
    const shop = await openEncryptedShop(context, {
      "/lamp": offer("$12.50", reader === "browser"),
    });
    shop.trust();
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader }));
    assert.deepEqual(poll.outcome === "price" ? poll.price : poll, {
      amountMilli: 12_500,
      currency: "USD",
    });
    assert.ok(shop.asked.includes("/lamp"));
  });

  test(`by ${reader}, a page whose certificate nobody vouches for tells none`, async (context) => {
    const shop = await openEncryptedShop(context, { "/lamp": offer("$12.50") });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader }));
    assert.match(poll.outcome === "refused" ? poll.detail : "", /robots\.txt .*SELF_SIGNED_CERT/);
    assert.deepEqual(shop.asked, []);
  });

  test(`by ${reader}, an encrypted page at a private address is read only when it was named`, async (context) => {
    const shop = await openEncryptedShop(context, { "/lamp": offer("$12.50") });
    shop.trust();
    const scene = openScene(context, { hostGapMs: 0 });
    const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader }));
    assert.equal(poll.outcome === "failed" && poll.reason, "address");
    assert.deepEqual(shop.asked, []);
  });
}

test("Chromium takes no certificate that it does not know, whatever this program trusts", async (context) => {
  const shop = await openEncryptedShop(context, { "/lamp": offer("$12.50") });
  shop.trust({ byChromium: false });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader: "browser" }));
  assert.match(poll.outcome === "failed" ? poll.detail : "", /ERR_CERT/, JSON.stringify(poll));
  assert.deepEqual(shop.asked, ["/robots.txt"]);
});
