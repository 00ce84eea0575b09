// What the event log keeps of calls: each that changes something, before it is done, and those that were refused at the
// door, as many as a flood cannot fill the log with. Nothing that a caller could choose freely is in it, such as the path.
import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import type { Engine } from "../app/engine.ts";
import type { CallRecord } from "../app/record-call.ts";
import { recordCall } from "../app/record-call.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Caller } from "./auth.ts";
import { addressOf } from "./auth.ts";

export type Audit = {
  /** Throws when it cannot be written: the call is not to be made then. */
  readonly used: (request: FastifyRequest, caller: Caller) => Promise<void>;
  readonly refused: (request: FastifyRequest, code: ErrorCode) => Promise<void>;
  readonly refusedUpgrade: (upgrade: RefusedUpgrade, code: ErrorCode) => Promise<void>;
};

/** An upgrade never becomes a request of the framework. */
export type RefusedUpgrade = {
  readonly request: IncomingMessage;
  readonly route: string | null;
  readonly requestId: string;
};

export const REFUSALS_PER_MINUTE_MAX = 30;
const WINDOW_MS = 60_000;

export function createAudit(engine: Pick<Engine, "store" | "watcher" | "clock" | "log">): Audit {
  let endsAtMs = 0;
  let written = 0;
  let left = 0;
  const refused = async (facts: CallFacts, verdict: ErrorCode): Promise<void> => {
    const nowMs = engine.clock.monotonic();
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + WINDOW_MS;
      written = 0;
    }
    if (written >= REFUSALS_PER_MINUTE_MAX) {
      left += 1;
      return;
    }
    written += 1;
    const unwritten = left;
    left = 0;
    const call = { ...facts, key: null, verdict };
    // The answer is a refusal already; a store that fails cannot make it worse.
    await recordCall(engine, { type: "key-refused", call, unwritten }).catch((error: unknown) => {
      engine.log.error({ error: String(error) }, "a refused call could not be recorded");
    });
  };
  return {
    used: async (request, { id: key, scope: verdict }) =>
      recordCall(engine, { type: "key-used", call: { ...factsOf(request), key, verdict } }),
    refused: async (request, code) => refused(factsOf(request), code),
    refusedUpgrade: async ({ request, route, requestId }, code) => {
      const { method = "GET" } = request;
      return refused({ method, route, address: addressOf(request), requestId }, code);
    },
  };
}

type CallFacts = Omit<CallRecord, "key" | "verdict">;

const factsOf = (request: FastifyRequest): CallFacts => ({
  method: request.method,
  route: request.routeOptions?.url ?? null,
  address: addressOf(request.raw),
  requestId: request.id,
});
