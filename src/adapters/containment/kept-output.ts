// What a program prints: the beginning and the end are kept, what lies between is counted, and above a limit somebody is
// told to end it. Both streams of a box share one limit.
import type { OutputText } from "../../ports/containment.ts";

const HEAD_BYTES = 32 * 1024;
const TAIL_BYTES = 32 * 1024;

export type KeptOutput = {
  readonly add: (chunk: Uint8Array) => void;
  readonly text: () => OutputText;
};

export function keepOutput(): KeptOutput {
  const head: Uint8Array[] = [];
  let headBytes = 0;
  let tail = new Uint8Array(0);
  let omittedBytes = 0;
  return {
    add: (chunk) => {
      const first = chunk.subarray(0, HEAD_BYTES - headBytes);
      if (first.length > 0) head.push(first.slice());
      headBytes += first.length;
      const rest = chunk.subarray(first.length);
      if (rest.length === 0) return;
      const joined = new Uint8Array(tail.length + rest.length);
      joined.set(tail);
      joined.set(rest, tail.length);
      const cut = Math.max(0, joined.length - TAIL_BYTES);
      omittedBytes += cut;
      tail = joined.slice(cut);
    },
    text: () => {
      const parts =
        omittedBytes > 0 ? [decode(head), decode([tail])] : [decode([...head, tail]), ""];
      const [start = "", end = ""] = parts;
      return { head: start, tail: end, omittedBytes };
    },
  };
}

/** Bytes that are no text, and characters that the cut halved, are shown as such. */
const decode = (parts: readonly Uint8Array[]): string =>
  new TextDecoder().decode(Buffer.concat(parts));
