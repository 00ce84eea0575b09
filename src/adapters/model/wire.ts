// The fetch that a provider is given for one attempt. What does not come back as a running answer within the limits is a
// failure already here, so every provider has the same words for the same trouble, whatever its library makes of it.
import type { Agent, RequestInit as SendInit } from "undici";
import type { ModelFailure } from "../../ports/model.ts";
import { failureOf, failureOfAnswer } from "./failures.ts";

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;

export type Wire = {
  readonly fetch: typeof fetch;
  /** The first thing that went wrong on the wire; null when nothing did. */
  readonly failure: () => ModelFailure | null;
  /** Ends what still runs and leaves no connection open. */
  readonly close: () => Promise<void>;
};

export function openWire(now: () => number): Wire {
  let first: ModelFailure | null = null;
  let agent: Agent | null = null;
  const stop = (failure: ModelFailure, cause?: unknown): Error => {
    first ??= failure;
    return new Error(failure.message, { cause });
  };
  const guarded: typeof fetch = async (input, init) => {
    // Node's own fetch gives up after 300 s without a header; a slow local model takes longer, and the attempt has its limit.
    const { Agent, fetch: send } = await import("undici");
    agent ??= new Agent({ headersTimeout: 0, bodyTimeout: 0, allowH2: false });
    const sent = { ...init, redirect: "manual", dispatcher: agent } as SendInit;
    const response = await send(input as string | URL, sent).catch((error: unknown) => {
      throw stop(unreachable(error), error);
    });
    const { status, statusText, headers } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw stop(redirected(status));
    }
    if (!response.ok) {
      const body = await textOf(response);
      throw stop(failureOfAnswer({ status, body, retryAfter: headers.get("retry-after") }, now()));
    }
    const body = response.body === null ? null : limited(response.body, stop);
    return new Response(body, { status, statusText, headers: [...headers] });
  };
  return { fetch: guarded, failure: () => first, close: async () => agent?.destroy() };
}

/** A redirect would carry the key to another host; a provider that answers with one is misconfigured. */
const redirected = (status: number): ModelFailure =>
  failureOf(
    "MODEL_MALFORMED",
    `The provider answered with a redirect (${status}), which is not followed. Set the address it points to instead.`,
    { status },
  );

/** Only `fetch failed` is about the network; any other TypeError is about the address or a header. */
function unreachable(error: unknown): ModelFailure {
  const message = error instanceof Error ? error.message : String(error);
  const refused = error instanceof TypeError && message !== "fetch failed";
  return failureOf(
    refused ? "MODEL_BAD_REQUEST" : "MODEL_CONNECTION",
    [message, ...whyOf(error)].join(": "),
  );
}

/** Node says the reason in the cause; for a host with several addresses, in the errors of the cause. */
function whyOf(error: unknown): readonly string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  const [one] = cause instanceof AggregateError ? cause.errors : [cause];
  return one instanceof Error ? [one.message] : [];
}

async function textOf({
  body,
}: {
  readonly body: AsyncIterable<Uint8Array> | null;
}): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of body ?? []) {
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes >= ERROR_BYTES_MAX) break;
    }
  } catch {
    // The status says what went wrong; half an explanation is better than another error.
  }
  return Buffer.concat(pieces).subarray(0, ERROR_BYTES_MAX).toString("utf8");
}

type ByteStream = Pick<ReadableStream<Uint8Array>, "getReader">;
type Stop = (failure: ModelFailure, cause?: unknown) => Error;

/** Counts what a decoder made of the bytes, so that a small packed answer cannot grow past the limit either. */
function limited(body: ByteStream, stop: Stop): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream({
    pull: async (controller) => {
      const next = await reader.read().catch((error: unknown) => {
        throw stop(unreachableMidway(error), error);
      });
      if (next.done) return controller.close();
      bytes += next.value.byteLength;
      if (bytes > ANSWER_BYTES_MAX) {
        await reader.cancel();
        throw stop(
          failureOf("MODEL_MALFORMED", `The answer is longer than ${ANSWER_BYTES_MAX} bytes.`),
        );
      }
      controller.enqueue(next.value);
    },
    cancel: async (reason) => reader.cancel(reason),
  });
}

const unreachableMidway = (error: unknown): ModelFailure =>
  failureOf(
    "MODEL_CONNECTION",
    ["The connection broke within the answer", ...whyOf(error)].join(": "),
  );
