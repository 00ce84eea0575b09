// The door of the API: what is checked of every request before its body is read and before a route is looked up, in this
// order: the target, the host, who calls, the page it comes from, the kind of body. Each check says which attack it meets.
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Auth, Caller, Knock } from "./auth.ts";
import { mayCall, valuesOf } from "./auth.ts";
import { KEY_REFUSAL, plainRefusal } from "./problem.ts";
import type { RoutePolicy } from "./route.ts";

export type DoorSettings = {
  /** Names without ports, lower case. */
  readonly hosts: readonly string[];
  /** As browsers send them, such as `https://orket.example`. */
  readonly origins: readonly string[];
};

export type Door = {
  /** `policy` is null where no route answers. Gives the caller, null where nobody has to be known. */
  readonly enter: (knock: Knock, policy: RoutePolicy | null) => Promise<Result<Caller | null>>;
};

export function createDoor(auth: Auth, settings: DoorSettings): Door {
  const refused = (code: ErrorCode): Result<never> => ({ ok: false, error: plainRefusal(code) });
  return {
    enter: async (knock, policy) => {
      const target = checkTarget(knock, settings.hosts);
      if (target !== null) return refused(target);
      const needed = policy?.auth ?? (isClosed(knock) ? "read" : "public");
      if (needed === "public") {
        const page = checkPage(knock, settings.origins);
        return page === null ? ok(null) : refused(page);
      }
      const found = await auth.identify(knock, policy?.takesTicket === true);
      // One answer for every path and every method: a stranger learns not even which routes there are.
      if (found === null) return { ok: false, error: KEY_REFUSAL };
      const page = checkPage(knock, settings.origins);
      if (page !== null) return refused(page);
      const { caller, via } = found;
      // A page elsewhere can make a browser send a cookie; it cannot forge the origin.
      if (via === "session" && isEffectful(knock) && originOf(knock) === null)
        return refused("ORIGIN_REFUSED");
      if (!mayCall(caller.scope, needed))
        return refuse(
          "SCOPE_MISSING",
          `This needs a key of the scope ${needed}; this one has ${caller.scope}.`,
          { scope: caller.scope, needed },
        );
      return ok(caller);
    },
  };
}

export const isEffectful = ({ method = "GET" }: Pick<Knock, "method">): boolean =>
  method !== "GET" && method !== "HEAD" && method !== "OPTIONS";

/** Below these nothing is told to strangers, not even that there is nothing. */
const isClosed = ({ url = "" }: Knock): boolean => /^\/(?:v1|ws)(?:[/?#%;]|$)/i.test(url);

/** DNS rebinding: a page's own name leads to this machine. And a target that names a host of its own would hide the header. */
function checkTarget(knock: Knock, hosts: readonly string[]): ErrorCode | null {
  if (knock.url?.startsWith("/") !== true) return "REQUEST_INVALID";
  const [host, second] = valuesOf(knock, "host");
  if (host === undefined || second !== undefined) return "REQUEST_INVALID";
  const name = hostName(host);
  return name !== null && hosts.includes(name) ? null : "HOST_REFUSED";
}

/** The name of a Host header without its port; null when it is no such header. */
export function hostName(host: string): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, "");
}

/** Cross-site requests: browsers say which page a request comes from, unless they fetch what is only shown. */
function checkPage(knock: Knock, origins: readonly string[]): ErrorCode | null {
  const sent = valuesOf(knock, "origin");
  if (sent.length > 1) return "ORIGIN_REFUSED";
  const origin = originOf(knock);
  if (origin !== null && !isOwnOrigin(knock, origin) && !origins.includes(origin))
    return "ORIGIN_REFUSED";
  return isEffectful(knock) ? checkBody(knock) : null;
}

const originOf = (knock: Knock): string | null => valuesOf(knock, "origin")[0] ?? null;

const isOwnOrigin = (knock: Knock, origin: string): boolean => {
  const host = valuesOf(knock, "host")[0]?.toLowerCase() ?? "";
  return origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`;
};

/** Forms and plain texts can be sent from any page without a question to the server; JSON cannot. And nothing is unpacked. */
function checkBody(knock: Knock): ErrorCode | null {
  const types = valuesOf(knock, "content-type");
  const isJson = types.every((type) => /^application\/json\s*(?:;|$)/i.test(type));
  const encodings = valuesOf(knock, "content-encoding");
  const isPlain = encodings.every((encoding) => encoding.trim().toLowerCase() === "identity");
  return types.length <= 1 && isJson && isPlain ? null : "BODY_TYPE_REFUSED";
}
