// Ids that no other process or machine gives: the time, then chance. For tests there is seeded.ts.
import { randomBytes } from "node:crypto";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import { SECRET_CHARACTERS, toBase32 } from "./base32.ts";
import { sha256 } from "./digest.ts";

/** 45 bits of milliseconds last until the year 3084; 21 characters leave room for a prefix in a card id of 64. */
const TIME_CHARACTERS = 9;
/** 60 bits for the ids that are made within one millisecond anywhere. */
const CHANCE_CHARACTERS = 12;
/** 256 bits. */
const SECRET_BYTES = 32;
const CHANCE_MAX = (1n << 60n) - 1n;

export function createRandomIds(deps: { readonly clock: Pick<Clock, "now"> }): Ids {
  let lastMs = 0;
  let lastChance = 0n;

  /** Within one millisecond, or after the clock was set back, the last id is counted up: the order of making is kept. */
  const next = (): { timeMs: number; chance: bigint } => {
    const nowMs = Math.floor(deps.clock.now());
    const isLater = nowMs > lastMs;
    const isFull = lastChance >= CHANCE_MAX;
    if (isLater || isFull) {
      lastMs = isLater ? nowMs : lastMs + 1;
      lastChance = randomBytes(8).readBigUInt64BE() >> 4n;
    } else {
      lastChance += 1n;
    }
    return { timeMs: lastMs, chance: lastChance };
  };

  return {
    digest: sha256,
    create: (prefix) => {
      const { timeMs, chance } = next();
      return `${prefix}-${toBase32(BigInt(timeMs), TIME_CHARACTERS)}${toBase32(chance, CHANCE_CHARACTERS)}`;
    },
    secret: () =>
      toBase32(BigInt(`0x${randomBytes(SECRET_BYTES).toString("hex")}`), SECRET_CHARACTERS),
    random: () => Number(randomBytes(8).readBigUInt64BE() >> 11n) / 2 ** 53,
  };
}
