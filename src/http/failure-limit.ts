// Limits guessing: after some wrong keys from one address, keys that were never good are refused unseen until the minute is
// over. A key that was good before is looked up as ever, so that nobody is locked out by somebody else's guesses.
import { createHash } from "node:crypto";
import type { Engine } from "../app/engine.ts";

export type FailureLimit = {
  readonly mayTry: (address: string, key: string) => boolean;
  readonly note: (attempt: Attempt) => void;
};

type Attempt = { readonly address: string; readonly key: string; readonly isGood: boolean };

export const FAILURES_MAX = 20;
const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;
const KEYS_MAX = 1000;

type Window = { readonly untilMs: number; count: number };

export function createFailureLimit({ clock }: Pick<Engine, "clock">): FailureLimit {
  const windows = new Map<string, Window>();
  const good = new Set<string>();
  const nameOf = (key: string): string => createHash("sha256").update(key).digest("base64");

  function openWindow(address: string): Window | null {
    const found = windows.get(address);
    if (found === undefined) return null;
    if (found.untilMs > clock.monotonic()) return found;
    windows.delete(address);
    return null;
  }

  return {
    mayTry: (address, key) =>
      (openWindow(address)?.count ?? 0) < FAILURES_MAX || good.has(nameOf(key)),
    note: ({ address, key, isGood }) => {
      if (isGood) {
        if (good.size < KEYS_MAX) good.add(nameOf(key));
        return;
      }
      const window = openWindow(address) ?? { untilMs: clock.monotonic() + WINDOW_MS, count: 0 };
      window.count += 1;
      const [oldest] = windows.keys();
      if (windows.size >= ADDRESSES_MAX && oldest !== undefined) windows.delete(oldest);
      windows.set(address, window);
    },
  };
}
