// Asks a running sandbox one thing over HTTP.
import type { Json } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";

export type HttpQuestion = {
  /** Of the sandbox: scheme, loopback address, port. */
  readonly baseUrl: string;
  /** A path with its query. */
  readonly endpoint: string;
  readonly method: string;
  /** Sent as JSON; undefined = no body. */
  readonly payload: Json | undefined;
  readonly timeoutMs: number;
};

export type HttpAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** undefined when the body is no JSON. */
      readonly body: Json | undefined;
      readonly text: string;
    }
  | { readonly kind: "failed"; readonly why: string };

/**
 * Contract:
 * - Nothing but the origin of `baseUrl`, which is an address of the loopback interface, is ever connected to: an endpoint
 *   that names another one is SANDBOX_INVALID, a redirect is an answer like any other and is not followed, and no name is
 *   looked up.
 * - Whatever the server does, the answer is there within the time limit, and no more than a bounded part of it is read.
 */
export type HttpCheck = {
  readonly ask: (question: HttpQuestion, signal: AbortSignal) => Promise<Result<HttpAnswer>>;
};
