// Which addresses are public; each line of the lists is one that a page has been known to lead to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isNamed, isPublicAddress } from "./address.ts";

const PRIVATE = `0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
  192.168.1.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1
  fe80::1 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2001:0:1::1 2002:7f00:1::1 name.example`;
const PUBLIC =
  "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 223.255.255.255 2606:4700::1111 2a00::1";

for (const [addresses, isPublic] of [
  [PRIVATE, false],
  [PUBLIC, true],
] as const)
  for (const address of addresses.split(/\s+/))
    test(`${address} is ${isPublic ? "public" : "closed"}`, () =>
      assert.equal(isPublicAddress(address), isPublic));

test("a host is named with its port or without, and no other one is by it", () => {
  const isOpen = (url: string): boolean =>
    isNamed(new URL(url), ["shop.lan", "127.0.0.1:8080", "::1"]);
  assert.deepEqual(
    ["http://shop.lan/", "http://SHOP.lan.:81/", "http://127.0.0.1:8080/", "http://[::1]:9/"].map(
      isOpen,
    ),
    [true, true, true, true],
  );
  assert.deepEqual(
    [
      "http://a.shop.lan/",
      "http://127.0.0.1:8081/",
      "http://127.0.0.1/",
      "http://shop.lan.evil.example/",
    ].map(isOpen),
    [false, false, false, false],
  );
});
