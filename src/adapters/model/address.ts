// What the address of a provider says: where its paths start, whether it is this machine, and which secret it holds.
import { isIPv4 } from "node:net";

export const withoutSlash = (baseUrl: string): string => baseUrl.replace(/\/+$/, "");

export const hostOf = (baseUrl: string): string =>
  URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";

export function isLoopback(baseUrl: string): boolean {
  const host = hostOf(baseUrl);
  return host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
}

/** `https://user:password@host` is no supported way to log in, but whoever tries it must not read it in a log. */
export const secretsOf = (baseUrl: string): readonly string[] => {
  const password = URL.canParse(baseUrl) ? new URL(baseUrl).password : "";
  return password === "" ? [] : [password, decodeURIComponent(password)];
};
