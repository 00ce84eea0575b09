// One attempt at a provider: its time limit, its abort and its failures. Retries are the caller's.
import type { Result } from "../../domain/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ModelFailure, ModelReply, ModelRequest } from "../../ports/model.ts";
import type { Answer } from "./answer.ts";
import { createAnswer } from "./answer.ts";
import { failureOf, failureOfThrown, presentable } from "./failures.ts";
import { openWire } from "./wire.ts";

export type AttemptDeps = {
  readonly clock: Clock;
  /** Taken out of every message. */
  readonly secrets: readonly string[];
};

export type AttemptLimits = { readonly timeoutMs: number; readonly signal: AbortSignal };

/** What the work is done with. Its signal ends with the attempt, and what still runs on the wire ends with it. */
export type AttemptLine = { readonly fetch: typeof fetch; readonly signal: AbortSignal };

export async function attempt<Value>(
  { clock, secrets }: AttemptDeps,
  { timeoutMs, signal: outer }: AttemptLimits,
  work: (line: AttemptLine) => Promise<Result<Value, ModelFailure>>,
): Promise<Result<Value, ModelFailure>> {
  if (outer.aborted) return { ok: false, error: ABORTED };
  const end = new AbortController();
  const stop = (): void => end.abort();
  let timedOut = false;
  outer.addEventListener("abort", stop, { once: true });
  void clock.sleep(timeoutMs, end.signal).then(() => {
    if (end.signal.aborted) return;
    timedOut = true;
    end.abort();
  });
  const wire = openWire(clock.now);
  try {
    const result = await work({ fetch: wire.fetch, signal: end.signal }).catch(
      (thrown: unknown) => ({
        ok: false as const,
        error: failureOfThrown(thrown),
      }),
    );
    if (result.ok) return result;
    if (outer.aborted) return { ok: false, error: ABORTED };
    if (timedOut) return { ok: false, error: timeout(timeoutMs) };
    return { ok: false, error: presentable(wire.failure() ?? result.error, secrets) };
  } finally {
    outer.removeEventListener("abort", stop);
    end.abort();
    await wire.close();
  }
}

export const ABORTED: ModelFailure = failureOf("MODEL_CONNECTION", "aborted");
export const timeout = (timeoutMs: number): ModelFailure =>
  failureOf("MODEL_TIMEOUT", `No complete answer within ${timeoutMs / 1000} s.`);

export type Question = {
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  readonly onText?: ((text: string) => void) | undefined;
};

/** How the provider ended an answer that is complete. */
export type Finish = Pick<
  Extract<ModelReply, { kind: "reply" }>,
  "inputTokens" | "outputTokens" | "truncated"
>;

/** One model reply. `work` fills the answer and says how it finished. */
export async function askOnce(
  deps: AttemptDeps,
  { request, signal, onText }: Question,
  work: (line: AttemptLine, answer: Answer) => Promise<Result<Finish, ModelFailure>>,
): Promise<ModelReply> {
  const answer = createAnswer(onText);
  const limits = { timeoutMs: request.timeoutMs, signal };
  const result = await attempt(deps, limits, async (line) => work(line, answer));
  answer.throwListenerError();
  return result.ok
    ? { kind: "reply", text: answer.text(), calls: answer.calls(), ...result.value }
    : { kind: "failed", failure: result.error };
}
