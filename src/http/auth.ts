// Who calls: keys, the dashboard's session and single-use tickets. It looks at headers alone, before a body is read or a
// route is looked up, and refuses every wrong way of saying a key in the same words. What a caller may do stands in door.ts.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ShownKey } from "../domain/api-key.ts";
import { parseKeyText } from "../domain/api-key.ts";
import type { FailureLimit } from "./failure-limit.ts";
import type { Tokens } from "./tokens.ts";

export const SCOPES = ["read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Each scope may do what the ones before it may. */
export const mayCall = (scope: Scope, needed: Scope): boolean =>
  SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);

/** `id` is the name of the key; it stands in events as the one who did it. */
export type Caller = { readonly id: string; readonly scope: Scope };

/** Looks a key up among the named ones; null when it is none of them, or revoked. It takes the same time for each wrong key. */
export type Authenticate = (key: ShownKey) => Promise<Caller | null>;

/** What a request says of itself before its body; of a plain request and of an upgrade alike. */
export type Knock = Pick<IncomingMessage, "headers" | "rawHeaders" | "url" | "method" | "socket">;

/** `session`: a cookie, which a browser sends by itself. */
export type Identified = {
  readonly caller: Caller;
  readonly via: "key" | "session" | "ticket" | "open";
};

export type Session = { readonly token: string; readonly caller: Caller };

export type Auth = {
  readonly identify: (knock: Knock, takesTicket: boolean) => Promise<Identified | null>;
  /** A session for a good key. */
  readonly login: (key: string, address: string) => Promise<Session | null>;
  readonly logout: (knock: Knock) => void;
  /** A ticket that opens one event stream for whoever makes this call. */
  readonly issueTicket: (knock: Knock) => string | null;
};

export type AuthDeps = {
  /** ORKET_API_KEY; null when it is unset or blank: nobody is let in then, unless `isOpen`. */
  readonly apiKey: string | null;
  /** Without a key on loopback by explicit wish: everybody is let in. */
  readonly isOpen: boolean;
  readonly authenticate: Authenticate;
  readonly sessions: Tokens;
  readonly tickets: Tokens;
  readonly failures: FailureLimit;
};

/** Names that no named key can have: those are in lower case. */
const API_KEY_CALLER: Caller = { id: "ORKET_API_KEY", scope: "admin" };
const OPEN_CALLER: Caller = { id: "ANYBODY", scope: "admin" };

export const SESSION_COOKIE = "orket_session";
const KEY_CHARACTERS_MAX = 512;

/** Printable ASCII without blanks. */
const isKeyShaped = (key: string): boolean =>
  key.length <= KEY_CHARACTERS_MAX && /^[\u0021-\u007e]+$/.test(key);

const shownKeyOf = (text: string): ShownKey => ({
  id: parseKeyText(text),
  digest: createHash("sha256").update(text).digest("hex"),
});

const isSame = (one: ShownKey, other: ShownKey): boolean =>
  timingSafeEqual(Buffer.from(one.digest), Buffer.from(other.digest));

export function createAuth(deps: AuthDeps): Auth {
  const { isOpen, authenticate, sessions, tickets, failures } = deps;
  const apiKey = deps.apiKey === null || deps.apiKey.trim() === "" ? null : deps.apiKey;
  // Digests are of one length, so that comparing them takes the same time for any key.
  const expected = apiKey === null ? null : shownKeyOf(apiKey);

  async function callerOf(key: ShownKey): Promise<Caller | null> {
    if (expected === null) return null;
    if (isSame(key, expected)) return API_KEY_CALLER;
    return authenticate(key);
  }

  /** Over the limit a key that was never good is not even looked at. */
  async function tryKey(key: string, address: string): Promise<Caller | null> {
    if (!isKeyShaped(key) || !failures.mayTry(address, key)) return null;
    const caller = await callerOf(shownKeyOf(key));
    failures.note({ address, key, isGood: caller !== null });
    return caller;
  }

  /** Tokens stand for a key, which is looked up again: a revoked key takes its sessions and tickets with it. */
  const callerOfToken = async (key: ShownKey | null): Promise<Caller | null> =>
    key === null ? null : callerOf(key);

  const identify: Auth["identify"] = async (knock, takesTicket) => {
    if (isOpen && expected === null) return { caller: OPEN_CALLER, via: "open" };
    const shown = readCredential(knock, takesTicket);
    if (shown === null) return null;
    if (shown.kind === "key") {
      const caller = await tryKey(shown.value, addressOf(knock));
      return caller === null ? null : { caller, via: "key" };
    }
    const key = shown.kind === "session" ? sessions.find(shown.value) : tickets.take(shown.value);
    const caller = await callerOfToken(key);
    return caller === null ? null : { caller, via: shown.kind };
  };

  return {
    identify,
    login: async (key, address) => {
      const caller = await tryKey(key, address);
      return caller === null ? null : { token: sessions.issue(shownKeyOf(key)), caller };
    },
    logout: (knock) => {
      const shown = readCredential(knock, false);
      if (shown?.kind === "session") sessions.take(shown.value);
    },
    issueTicket: (knock) => {
      if (isOpen && expected === null) return tickets.issue(shownKeyOf(""));
      const shown = readCredential(knock, false);
      if (shown === null) return null;
      const key = shown.kind === "session" ? sessions.find(shown.value) : shownKeyOf(shown.value);
      return key === null ? null : tickets.issue(key);
    },
  };
}

export const addressOf = ({ socket }: Knock): string => socket.remoteAddress ?? "";

type Credential = { readonly kind: "key" | "session" | "ticket"; readonly value: string };

/** null where there is none, or where it is said twice: of two, one would be believed that the other reader does not see. */
function readCredential(knock: Knock, takesTicket: boolean): Credential | null {
  const keys = valuesOf(knock, "x-api-key");
  const authorizations = valuesOf(knock, "authorization");
  if (keys.length + authorizations.length > 1) return null;
  const [key] = keys;
  if (key !== undefined) return { kind: "key", value: key };
  const [authorization] = authorizations;
  if (authorization !== undefined) {
    const [, bearer] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return bearer === undefined ? null : { kind: "key", value: bearer };
  }
  if (takesTicket) {
    const [ticket, second] = new URLSearchParams(queryOf(knock)).getAll("ticket");
    if (ticket !== undefined)
      return second === undefined ? { kind: "ticket", value: ticket } : null;
  }
  return sessionOf(knock);
}

function sessionOf(knock: Knock): Credential | null {
  const cookies = valuesOf(knock, "cookie")
    .flatMap((line) => line.split(";"))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`));
  const [cookie, second] = cookies;
  if (cookie === undefined || second !== undefined) return null;
  return { kind: "session", value: cookie.slice(SESSION_COOKIE.length + 1) };
}

const queryOf = ({ url = "" }: Knock): string => {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
};

/** Every value of a header as it came: Node joins or drops what is said twice. */
export function valuesOf(
  { rawHeaders }: Pick<Knock, "rawHeaders">,
  name: string,
): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? "");
  return values;
}
