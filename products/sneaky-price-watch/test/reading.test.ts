// Pages read for real, by Chromium and by plain HTTP, with each kind of target.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Polled } from "../src/managers/watch-manager.ts";
import type { Target } from "../src/schemas/watch.ts";
import { openScene } from "./support/scene.ts";
import { offer, openShop } from "./support/shop.ts";

const TARGETS: readonly Target[] = [
  { kind: "css", query: "main #price" },
  { kind: "xpath", query: "//p/strong[@id='price']" },
  { kind: "role", role: "status", name: "price of today" },
  { kind: "role", role: "status", name: null },
  { kind: "text", text: "Our price" },
];
const amountOf = ({ poll }: Polled): unknown =>
  poll.outcome === "price" ? poll.price.amountMilli : poll;

for (const reader of ["browser", "http"] as const)
  test(`by ${reader}, each kind of target finds the same price`, async (context) => {
    const shop = await openShop(context, { "/lamp": offer("1.234,56 €") });
    const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
    for (const target of TARGETS) {
      const polled = await scene.poll(scene.add({ url: shop.url("/lamp"), reader, target }));
      assert.equal(amountOf(polled), 1_234_560, JSON.stringify(target));
    }
    assert.ok(shop.asked.every(({ agent }) => agent.startsWith("sneaky-price-watch/")));
  });

test("Chromium waits for a price that a script brings; plain HTTP says that there is none", async (context) => {
  const shop = await openShop(context, { "/lamp": offer("$12.99", true) });
  const scene = openScene(context, { allowPrivate: [shop.host], hostGapMs: 0 });
  assert.equal(amountOf(await scene.poll(scene.add({ url: shop.url("/lamp") }))), 12_990);
  const { poll } = await scene.poll(scene.add({ url: shop.url("/lamp"), reader: "http" }));
  assert.equal(poll.outcome === "failed" && poll.reason, "target");
});
