// The event log as a stream: everything that happens, or what concerns one run or card, from any number on.
import { z } from "zod";
import { refuse } from "../../domain/result.ts";
import type { Api } from "../api-parts.ts";
import { streamEvents } from "../event-stream.ts";
import type { Call, Route } from "../route.ts";
import { route } from "../route.ts";

type Parts = Pick<Api, "engine" | "feed" | "streams" | "auth">;

export const STREAMS_MAX = 1000;

/** Where a stream begins and what it leaves out; the same for server-sent events and the websocket. */
export const cursorQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  run: z.string().min(1).max(200).optional(),
  card: z.string().min(1).max(200).optional(),
});
type Query = z.output<typeof cursorQuery>;

export const eventRoutes = (api: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/events",
    about: "The event log as server-sent events; `Last-Event-ID` or `after` says where to go on",
    auth: "read",
    errors: ["STREAMS_FULL"],
    takesTicket: true,
    query: cursorQuery,
    answer: z.string(),
    mediaType: "text/event-stream",
    handle: async (call) => {
      if (api.streams.count() >= STREAMS_MAX)
        return refuse("STREAMS_FULL", `${STREAMS_MAX} streams are open already.`);
      await serveStream(api, call);
      return { ok: true, value: "" };
    },
  }),
];

async function serveStream(
  { engine, feed, streams, auth }: Parts,
  { query: asked, request, reply }: Call<unknown, Query, unknown>,
): Promise<void> {
  const ends = new AbortController();
  const forget = streams.add(() => ends.abort());
  const isTicket = new URL(request.raw.url ?? "/", "http://x").searchParams.has("ticket");
  reply.hijack();
  const { raw: response } = reply;
  response.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
  });
  try {
    await streamEvents(
      {
        feed,
        clock: engine.clock,
        // A ticket is spent; its streams live as long as the connection.
        isStillWelcome: async () => isTicket || (await auth.identify(request.raw, false)) !== null,
      },
      {
        following: { ...asked, after: cursorOf(request.headers["last-event-id"], asked) },
        response,
      },
      ends.signal,
    );
  } catch (error) {
    engine.log.error({ requestId: request.id, error: String(error) }, "an event stream broke off");
  } finally {
    forget();
  }
}

/** The header wins: a browser that comes back says there what it has, while its address stays the old one. */
function cursorOf(header: string | string[] | undefined, { after }: Query): number | null {
  const said = typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : null;
  return said ?? after ?? null;
}
