// The checks of a delivery in their order; the first that fails answers. Nothing is done about a delivery here: it is stored,
// and whoever works on it is woken. The order is that of what a stranger may learn: size, signature, rate, shape.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Engine } from "../app/engine.ts";
import { receiveDelivery } from "../app/receive-delivery.ts";
import type { Received } from "../app/receive-delivery.ts";
import type { DeliverySource } from "../domain/delivery.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Refusal, Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Bodies, BodyRead } from "./body.ts";
import { parseDelivery, repositoryOf } from "./gitea.ts";
import type { RateLimit } from "./rate-limit.ts";
import { isSignedBy, readSignature } from "./signature.ts";

export type ReceiveDeps = {
  readonly engine: Pick<Engine, "store" | "watcher" | "ids" | "log">;
  readonly bodies: Bodies;
  readonly secrets: readonly string[];
  /** Of authenticated deliveries, by repository. */
  readonly repositories: RateLimit;
  /** Of all that is not authenticated, together; nothing that is signed is ever counted or asked here. */
  readonly strangers: RateLimit;
  /** Null when the test endpoint is not open; a null token lets nobody in. */
  readonly test: { readonly token: string | null } | null;
  readonly wake: () => void;
  /** Resolves for all that wait for it together, so that what is stored then shares a commit. */
  readonly gather: () => Promise<void>;
};

export type Answer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
};

/** Null when nobody is there any more to be answered. */
export type Outcome = Result<Answer, Refusal & { readonly retryAfterSeconds?: number }> | null;

export async function receiveSigned(deps: ReceiveDeps, request: IncomingMessage): Promise<Outcome> {
  const { bodies, secrets } = deps;
  if (bodies.isTooLarge(request)) return refuse("BODY_TOO_LARGE", TOO_LARGE);
  const signature = readSignature(request.headersDistinct["x-gitea-signature"]);
  const body = await bodies.read(request);
  if (!Buffer.isBuffer(body)) return refuseUnread(body);
  if (signature.kind === "missing")
    return refuseStranger(deps, request, { code: "SIGNATURE_MISSING", words: "Missing signature" });
  if (signature.kind === "malformed" || !isSignedBy(secrets, body, signature.bytes))
    return refuseStranger(deps, request, { code: "SIGNATURE_INVALID", words: "Invalid signature" });
  return keep(deps, { body, source: "webhook", ...headersOf(request) });
}

/** The same path, with a token in place of the signature. */
export async function receiveTest(deps: ReceiveDeps, request: IncomingMessage): Promise<Outcome> {
  const { bodies, test } = deps;
  if (test === null) return refuse("TEST_ENDPOINT_DISABLED", "Test webhook endpoint disabled");
  const tokens = request.headersDistinct["x-webhook-test-token"] ?? [];
  if (test.token === null || tokens.length !== 1 || !isSame(tokens[0] ?? "", test.token))
    return refuseStranger(deps, request, {
      code: "TEST_TOKEN_REFUSED",
      words: "Invalid test token",
    });
  const body = await bodies.read(request);
  if (!Buffer.isBuffer(body)) return refuseUnread(body);
  return keep(deps, { body, source: "test", ...headersOf(request) });
}

const TOO_LARGE = "A delivery has 8 MiB at most.";

function refuseUnread(read: Exclude<BodyRead, Buffer>): Outcome {
  if (read === "gone") return null;
  return read === "too-large"
    ? refuse("BODY_TOO_LARGE", TOO_LARGE)
    : refuse("DELIVERY_NOT_KEPT", "Too much is arriving at once; send it again.");
}

function refuseStranger(
  { strangers, engine }: ReceiveDeps,
  { socket }: IncomingMessage,
  { code, words }: { readonly code: ErrorCode; readonly words: string },
): Outcome {
  const seconds = strangers.take("");
  if (seconds !== null) return refuseLater(seconds);
  engine.log.warn({ code, address: socket.remoteAddress ?? "" }, "a delivery was refused");
  return refuse(code, words);
}

const refuseLater = (seconds: number): Outcome => ({
  ok: false,
  error: {
    code: "RATE_LIMITED",
    message: "Too many calls in a minute",
    details: {},
    retryAfterSeconds: seconds,
  },
});

const digestOf = (bytes: Buffer | string): Buffer => createHash("sha256").update(bytes).digest();
const isSame = (shown: string, expected: string): boolean =>
  timingSafeEqual(digestOf(shown), digestOf(expected));

export type Incoming = {
  readonly body: Buffer;
  readonly source: DeliverySource;
  readonly deliveryId: string | null;
  readonly event: string | null;
  readonly eventType: string | null;
};

const headersOf = ({ headers }: IncomingMessage): Omit<Incoming, "body" | "source"> => ({
  deliveryId: wordOf(headers["x-gitea-delivery"]),
  event: wordOf(headers["x-gitea-event"]),
  eventType: wordOf(headers["x-gitea-event-type"]),
});

/** Two headers of one name arrive joined, and agree with nothing. */
const wordOf = (value: string | readonly string[] | undefined): string | null =>
  value === undefined || value.length === 0 ? null : String(value);

type KeepDeps = Pick<ReceiveDeps, "engine" | "repositories" | "wake" | "gather">;

async function keep(deps: KeepDeps, incoming: Incoming): Promise<Outcome> {
  const { engine, repositories, wake } = deps;
  const parsed = parseBody(incoming.body);
  const seconds = repositories.take(repositoryOf(parsed?.value));
  if (seconds !== null) return refuseLater(seconds);
  let kept: Result<Received>;
  try {
    await deps.gather();
    kept = await keepParsed(engine, { ...incoming, actor: "engine", parsed });
  } catch (error) {
    engine.log.error({ error: String(error) }, "a delivery could not be stored");
    return refuse("DELIVERY_NOT_KEPT", "The delivery could not be stored; send it again.");
  }
  if (!kept.ok) return kept;
  if (kept.value.status === "accepted") wake();
  return ok(answerOf(kept.value));
}

/** The status words are of the interface; a delivery's id is told only to whoever signed it. */
const answerOf = ({ status, id }: Received): Answer =>
  status === "accepted"
    ? { status: 202, body: { status, delivery: id } }
    : { status: status === "duplicate" ? 200 : 202, body: { status } };

type Parsed = { readonly text: string; readonly value: unknown } | null;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Null when it is no JSON in UTF-8. */
export function parseBody(body: Buffer): Parsed {
  try {
    const text = UTF8.decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** A UUID, as forges send it; any other id is not theirs, and this one is made here. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What comes after authentication and rate, for deliveries from wherever. */
export async function keepParsed(
  { store, watcher, ids, log }: ReceiveDeps["engine"],
  incoming: Incoming & { readonly actor: string; readonly parsed: Parsed },
): Promise<Result<Received>> {
  const { body, parsed, source, deliveryId, event, eventType, actor } = incoming;
  const read = parseDelivery(parsed?.value, { event, eventType });
  if (parsed === null || !read.ok) return refuse("PAYLOAD_INVALID", "Invalid payload");
  const id =
    deliveryId !== null && UUID.test(deliveryId)
      ? deliveryId.toLowerCase()
      : ids.create("delivery");
  const bodyDigest = digestOf(body).toString("hex");
  const delivery = {
    ...read.value,
    id,
    source,
    bodyDigest,
    sizeBytes: body.length,
    body: parsed.text,
  };
  const received = await receiveDelivery({ store, watcher }, delivery, actor);
  if (received.status === "duplicate" && received.known.bodyDigest !== bodyDigest)
    log.warn({ delivery: id, digest: bodyDigest }, "the id of a delivery came with another body");
  return ok(received);
}
