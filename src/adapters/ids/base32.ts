// Numbers as letters and digits whose order is the order of the numbers. Nothing about time or randomness.

/** Crockford's alphabet in lower case: no i, l, o or u, so that a person can read an id aloud. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const BITS_PER_CHARACTER = 5n;

/** Enough for 256 bits. */
export const SECRET_CHARACTERS = 52;

export function toBase32(value: bigint, length: number): string {
  let text = "";
  for (let left = value; text.length < length; left >>= BITS_PER_CHARACTER)
    text = ALPHABET.charAt(Number(left & 31n)) + text;
  return text;
}
