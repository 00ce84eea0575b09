// Where spans of traces go.
import type { Span } from "../domain/trace.ts";

/** Contract: `send` neither waits nor throws, holds a bounded number of spans, and drops what is more. */
export type SpanSender = {
  readonly send: (span: Span) => void;
  /** Sends what waits, for a few seconds at most. */
  readonly close: () => Promise<void>;
};
