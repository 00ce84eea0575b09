// Upgrades to a websocket: the same door as for every call, then the one place that takes them, `/ws/events`. A refused
// upgrade is answered like any refused call; nothing is upgraded before it is known who asks.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { EventFeed } from "../app/event-feed.ts";
import type { Engine } from "../app/engine.ts";
import type { Refusal, Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Audit } from "./audit.ts";
import type { Auth } from "./auth.ts";
import type { Door } from "./door.ts";
import { sendEvents } from "./event-socket.ts";
import { plainRefusal, refusalOfThrown, toProblem } from "./problem.ts";
import { answerRaw } from "./raw-answer.ts";
import type { RoutePolicy } from "./route.ts";
import { cursorQuery, STREAMS_MAX } from "./routes/events.ts";
import type { Streams } from "./streams.ts";

export type UpgradeDeps = {
  readonly engine: Pick<Engine, "clock" | "ids" | "log">;
  readonly door: Door;
  readonly audit: Audit;
  readonly auth: Auth;
  readonly feed: EventFeed;
  readonly streams: Streams;
  readonly headers: Readonly<Record<string, string>>;
  readonly isStopping: () => boolean;
};

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export const SOCKET_PATH = "/ws/events";
/** A client has nothing to say; ws would read a hundred MiB of it. */
const FRAME_BYTES_MAX = 65_536;

const POLICY: RoutePolicy = {
  auth: "read",
  errors: ["STREAMS_FULL"],
  bodyBytesMax: 0,
  takesTicket: true,
};

export function createUpgrades(deps: UpgradeDeps): Upgrade {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
  });
  return (request, socket, head) => {
    const requestId = deps.engine.ids.create("req");
    // A client that goes in the middle.
    socket.on("error", () => socket.destroy());
    const turnAway = (refusal: Refusal): void =>
      answerRaw(socket, toProblem(refusal, requestId), deps.headers);
    admit(deps, request, requestId)
      .then((admitted) => {
        if (!admitted.ok) return turnAway(admitted.error);
        const { ends, forget, following } = admitted.value;
        if (socket.destroyed) return forget();
        // Not called for a handshake that ws itself refuses; the socket closes then.
        socket.once("close", forget);
        sockets.handleUpgrade(request, socket, head, (opened) => {
          const isStillWelcome = welcomeOf(deps, request);
          sendEvents(
            { feed: deps.feed, clock: deps.engine.clock, isStillWelcome },
            { following, socket: opened },
            ends,
          )
            .catch((error: unknown) => {
              deps.engine.log.error({ requestId, error: String(error) }, "a websocket broke off");
            })
            .finally(forget);
        });
      })
      .catch((error: unknown) => {
        deps.engine.log.error({ requestId, error: String(error) }, "an upgrade failed");
        turnAway(refusalOfThrown(error) ?? plainRefusal("INTERNAL"));
      });
  };
}

type Admitted = {
  readonly following: {
    readonly after: number | null;
    readonly run?: string;
    readonly card?: string;
  };
  readonly ends: AbortSignal;
  readonly forget: () => void;
};

async function admit(
  { door, audit, streams, isStopping }: UpgradeDeps,
  request: IncomingMessage,
  requestId: string,
): Promise<Result<Admitted>> {
  if (isStopping()) return { ok: false, error: plainRefusal("SERVER_STOPPING") };
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  const isEvents = path === SOCKET_PATH;
  const entered = await door.enter(request, isEvents ? POLICY : null);
  if (!entered.ok) {
    const route = isEvents ? SOCKET_PATH : null;
    await audit.refusedUpgrade({ request, route, requestId }, entered.error.code);
    return entered;
  }
  if (!isEvents) return { ok: false, error: plainRefusal("ROUTE_UNKNOWN") };
  const asked = cursorQuery.safeParse(withoutTicket(query));
  if (!asked.success || request.headers.upgrade?.toLowerCase() !== "websocket")
    return { ok: false, error: plainRefusal("REQUEST_INVALID") };
  if (streams.count() >= STREAMS_MAX)
    return refuse("STREAMS_FULL", `${STREAMS_MAX} streams are open already.`);
  const ends = new AbortController();
  const forget = streams.add(() => ends.abort());
  const { after = null, run, card } = asked.data;
  const filter = { ...(run === undefined ? {} : { run }), ...(card === undefined ? {} : { card }) };
  return ok({ following: { after, ...filter }, ends: ends.signal, forget });
}

const withoutTicket = (query: string): Readonly<Record<string, string>> => {
  const { ticket: _spent, ...asked } = Object.fromEntries(new URLSearchParams(query));
  return asked;
};

/** A ticket is spent; its socket lives as long as the connection. */
function welcomeOf({ auth }: UpgradeDeps, request: IncomingMessage): () => Promise<boolean> {
  const isTicket = new URL(request.url ?? "/", "http://x").searchParams.has("ticket");
  return async () => isTicket || (await auth.identify(request, false)) !== null;
}
