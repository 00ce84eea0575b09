// What every source of ids must do, line by line of the contract in src/ports/ids.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CARD_ID_PATTERN } from "../../src/domain/card.ts";
import type { Ids } from "../../src/ports/ids.ts";

const COUNT = 20_000;

export function testIds(name: string, openIds: () => Ids): void {
  describe(`${name} ids`, () => {
    test("gives ids that differ, in the order of their making, of letters and digits after the prefix", () => {
      const ids = openIds();
      const made = Array.from({ length: COUNT }, () => ids.create("run"));
      assert.equal(new Set(made).size, COUNT);
      assert.deepEqual(made.toSorted(), made);
      for (const id of made) assert.match(id, /^run-[0-9a-z]+$/);
      assert.equal(new Set(made.map((id) => id.toLowerCase())).size, COUNT);
    });

    test("R-50 stays within the pattern of a card id for the longest slug", () => {
      assert.match(openIds().create("x".repeat(40)), CARD_ID_PATTERN);
    });

    test("draws numbers from 0 up to but not including 1, evenly", () => {
      const ids = openIds();
      const tenths = Array.from({ length: 10 }, () => 0);
      for (let drawn = 0; drawn < COUNT; drawn += 1) {
        const number = ids.random();
        assert.ok(number >= 0 && number < 1);
        tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
      }
      for (const count of tenths)
        assert.ok(Math.abs(count - COUNT / 10) < COUNT / 50, tenths.join());
    });

    test("gives secrets of 256 bits as 52 letters and digits, each another", () => {
      const ids = openIds();
      const made = Array.from({ length: 1000 }, () => ids.secret());
      assert.equal(new Set(made).size, 1000);
      for (const secret of made) assert.match(secret, /^[0-9a-z]{52}$/);
      // Every place varies, but the first, which holds the one bit that 51 characters leave over.
      for (let place = 1; place < 52; place += 1)
        assert.ok(new Set(made.map((secret) => secret[place])).size > 16, `place ${place}`);
    });

    test("digests text as SHA-256 in hex", () => {
      assert.equal(
        openIds().digest("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      );
    });
  });
}
