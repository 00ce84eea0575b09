// The configuration as the log may know it: what differs from the defaults, and of secrets that they are set, with a
// fingerprint that tells one from another. `orket config show` prints no fingerprints.
import { createHash } from "node:crypto";
import type { Config } from "./config.ts";

/** A shorter secret could be found by trying until the fingerprint is the same. */
const FINGERPRINTED_CHARACTERS_MIN = 16;
const FINGERPRINT_CHARACTERS = 8;

/** By setting key; defaults are left out, so that the line says what somebody chose. */
export function summarizeConfig(config: Config): Readonly<Record<string, unknown>> {
  const rows = config.rows
    .filter(({ origin }) => origin !== "default")
    .map(({ key, value, origin, isSecret }) => {
      const shown = isSecret ? masked(key, config.secret(key)?.reveal() ?? "") : value;
      return [key, { value: shown, origin }] as const;
    });
  return Object.fromEntries(rows);
}

function masked(key: string, secret: string): string {
  if (secret === "") return "unset";
  if (secret.length < FINGERPRINTED_CHARACTERS_MIN) return "set";
  const digest = createHash("sha256")
    .update(`orket fingerprint of ${key}\0${secret}`)
    .digest("hex");
  return `set, fingerprint ${digest.slice(0, FINGERPRINT_CHARACTERS)}`;
}
