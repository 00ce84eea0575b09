// Where an HTTP scenario may ask: its own sandbox, on the loopback interface, and nowhere else whatever the endpoint says.
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";

/** Literal addresses only: a name may stand for another address the next time it is looked up. */
const LOOPBACK = ["127.0.0.1", "[::1]"];

/** A path, and nothing that a URL parser could take for a host: it starts with one slash, and holds no backslash. */
const ENDPOINT = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/;

/** The address to ask at, which is always one of the sandbox's own origin. */
export function sandboxAddress(baseUrl: string, endpoint: string): Result<string> {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (base === null || !LOOPBACK.includes(base.hostname) || !/^https?:$/.test(base.protocol))
    return refuse("SANDBOX_INVALID", "The sandbox's address is none of the loopback interface.");
  if (!ENDPOINT.test(endpoint))
    return refuse(
      "SANDBOX_INVALID",
      "An endpoint is a path of the sandbox, such as /health?full=1.",
    );
  return ok(new URL(endpoint, base.origin).href);
}
