// The dashboard's way in: a key for a cookie that no script can read and no other site can use, and back.
import { z } from "zod";
import { ok } from "../../domain/result.ts";
import { keySchema } from "../api.ts";
import { addressOf, SESSION_COOKIE, valuesOf } from "../auth.ts";
import type { Api } from "../api-parts.ts";
import { KEY_REFUSAL } from "../problem.ts";
import type { Call, Route } from "../route.ts";
import { route } from "../route.ts";
import { SESSION_MS, TICKET_MS } from "../tokens.ts";

const done = z.strictObject({ ok: z.literal(true) });

export const loginRoutes = ({ auth, audit }: Pick<Api, "auth" | "audit">): readonly Route[] => [
  route({
    method: "POST",
    path: "/v1/login",
    about: "Gives a browser a session for a key",
    auth: "public",
    errors: ["KEY_REFUSED", "BODY_TOO_LARGE"],
    bodyBytesMax: 4096,
    body: z.strictObject({ key: z.string() }),
    answer: done,
    handle: async ({ body, request, reply }) => {
      const session = await auth.login(body.key, addressOf(request.raw));
      if (session === null) {
        await audit.refused(request, KEY_REFUSAL.code);
        return { ok: false, error: KEY_REFUSAL };
      }
      await audit.used(request, session.caller);
      const cookie = cookieOf(session.token, { request, lifeMs: SESSION_MS });
      reply.header("set-cookie", cookie);
      return ok({ ok: true as const });
    },
  }),
  route({
    method: "POST",
    path: "/v1/logout",
    about: "Ends the browser's session",
    auth: "public",
    errors: [],
    bodyBytesMax: 4096,
    answer: done,
    handle: async ({ request, reply }) => {
      auth.logout(request.raw);
      reply.header("set-cookie", cookieOf("", { request, lifeMs: 0 }));
      return ok({ ok: true as const });
    },
  }),
  route({
    method: "GET",
    path: "/v1/key",
    about: "The name and the scope of the key that asks",
    auth: "read",
    errors: [],
    answer: keySchema,
    handle: async ({ caller: { id: name, scope } }) => ok({ name, scope }),
  }),
  route({
    method: "POST",
    path: "/v1/tickets",
    about: "A ticket that stands for the key once and soon, to open an event stream with",
    auth: "read",
    errors: ["KEY_REFUSED", "BODY_TOO_LARGE"],
    bodyBytesMax: 4096,
    answer: z.strictObject({ ticket: z.string(), expiresInMs: z.int() }),
    handle: async ({ request }) => {
      const ticket = auth.issueTicket(request.raw);
      if (ticket === null) return { ok: false, error: KEY_REFUSAL };
      return ok({ ticket, expiresInMs: TICKET_MS });
    },
  }),
];

type Life = {
  readonly request: Call<unknown, unknown, unknown>["request"];
  readonly lifeMs: number;
};

/** `Secure` where the page came over TLS, which a proxy in front has ended. */
function cookieOf(token: string, { request, lifeMs }: Life): string {
  const isSecure = valuesOf(request.raw, "origin")[0]?.startsWith("https:") === true;
  const parts = [`${SESSION_COOKIE}=${token}`, "Path=/", `Max-Age=${lifeMs / 1000}`];
  return [...parts, "HttpOnly", "SameSite=Strict", ...(isSecure ? ["Secure"] : [])].join("; ");
}
