// What a server may start with: a key, or loopback and an explicit wish. Anything else is refused or lets nobody in.
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";

export type StartSettings = {
  readonly host: string;
  readonly apiKey: string | null;
  readonly allowInsecure: boolean;
};

/** `closed`: no key and no wish to do without; only /health answers. */
export type KeyState = "key" | "open" | "closed";

export type Start = { readonly keys: KeyState; readonly warnings: readonly string[] };

export function decideStart({ host, apiKey, allowInsecure }: StartSettings): Result<Start> {
  if (apiKey !== null && apiKey.trim() !== "") return ok({ keys: "key", warnings: [] });
  if (!isLoopback(host))
    return refuse(
      "SERVER_UNSAFE",
      `Without a key the server listens on loopback only, and ORKET_HOST is ${host}. Set ORKET_API_KEY, or ORKET_HOST=127.0.0.1.`,
      { host },
    );
  if (!allowInsecure)
    return ok({
      keys: "closed",
      warnings: ["No key is set: every call is refused. Set ORKET_API_KEY and start again."],
    });
  return ok({
    keys: "open",
    warnings: [
      "ORKET_ALLOW_INSECURE_NO_API_KEY is on: every program on this machine is let in without a key.",
    ],
  });
}

/** By its text: a name that leads to loopback today may lead elsewhere tomorrow, but for this one. */
export const isLoopback = (host: string): boolean =>
  /^127(?:\.\d{1,3}){3}$/.test(host) || ["localhost", "::1", "[::1]"].includes(host.toLowerCase());

/** `localhost` is never looked up: what it leads to is not this server's to trust. */
export const listenAddress = (host: string): string =>
  host.toLowerCase() === "localhost" ? "127.0.0.1" : host.replaceAll(/^\[|\]$/g, "");

/** The names that the server answers to: those of loopback, its own address, and what the settings add. */
export const hostsOf = (host: string, allowed: readonly string[]): readonly string[] => [
  "localhost",
  "127.0.0.1",
  "[::1]",
  (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host).toLowerCase(),
  ...allowed.map((name) => name.toLowerCase()),
];
