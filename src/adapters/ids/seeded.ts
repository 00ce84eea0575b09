// Ids and chance that are the same in each repetition with the same seed. For tests and simulations only: two
// processes with one seed give the same ids.
import type { Ids } from "../../ports/ids.ts";
import { SECRET_CHARACTERS, toBase32 } from "./base32.ts";
import { sha256 } from "./digest.ts";

const COUNTER_CHARACTERS = 9;

export function createSeededIds(seed: number): Ids {
  let state = seed >>> 0;
  let counter = 0n;
  return {
    digest: sha256,
    create: (prefix) => {
      counter += 1n;
      return `${prefix}-${toBase32(counter, COUNTER_CHARACTERS)}`;
    },
    // For tests: a secret that anybody can guess.
    secret: () => {
      counter += 1n;
      return toBase32(BigInt(`0x${sha256(`${seed} ${counter}`)}`), SECRET_CHARACTERS);
    },
    random: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      return mix(state) / 2 ** 32;
    },
  };
}

/** Mulberry32: one 32-bit word of state, full period. */
function mix(state: number): number {
  let word = Math.imul(state ^ (state >>> 15), state | 1);
  word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
  return (word ^ (word >>> 14)) >>> 0;
}
