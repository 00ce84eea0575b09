// Spans over OTLP to a collector: batched, bounded and out of the way of whoever made them. What does not get through is
// dropped and said once; no run waits for a collector.
import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { HrTime } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Span } from "../../domain/trace.ts";
import type { SpanSender } from "../../ports/telemetry.ts";

export type OtlpSetting = {
  /** Of the collector, such as http://127.0.0.1:4318; spans go to /v1/traces below it. */
  readonly endpoint: string;
  readonly version: string;
  /** Called at the first batch that does not get through, and not again before one did. */
  readonly onFailure: (reason: string) => void;
};

const QUEUE_MAX = 2048;
const BATCH_MAX = 512;
const DELAY_MS = 1000;
const SEND_MS = 5000;

export function createSpanSender({ endpoint, version, onFailure }: OtlpSetting): SpanSender {
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const sender = new OTLPTraceExporter({ url, timeoutMillis: SEND_MS });
  const processor = new BatchSpanProcessor({
    exporter: telling(sender, onFailure),
    maxQueueSize: QUEUE_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: DELAY_MS,
    exportTimeoutMillis: SEND_MS,
  });
  const resource = resourceFromAttributes({ "service.name": "orket", "service.version": version });
  const scope = { name: "orket", version };
  return {
    send: (span) => processor.onEnd({ ...readable(span), resource, instrumentationScope: scope }),
    close: async () => processor.shutdown().catch((error: unknown) => onFailure(String(error))),
  };
}

function telling(sender: SpanExporter, onFailure: (reason: string) => void): SpanExporter {
  let hasFailed = false;
  return {
    export: (spans, done) =>
      sender.export(spans, (result) => {
        if (result.error === undefined) hasFailed = false;
        else if (!hasFailed) {
          hasFailed = true;
          onFailure(result.error.message);
        }
        done(result);
      }),
    shutdown: async () => sender.shutdown(),
  };
}

const timeOf = (ms: number): HrTime => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];

function readable(span: Span): Omit<ReadableSpan, "resource" | "instrumentationScope"> {
  const {
    trace: traceId,
    id: spanId,
    parent,
    name,
    kind,
    startMs,
    endMs,
    attributes,
    error,
  } = span;
  const traceFlags = TraceFlags.SAMPLED;
  return {
    name,
    kind: kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parent === null ? {} : { parentSpanContext: { traceId, spanId: parent, traceFlags } }),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
    duration: timeOf(endMs - startMs),
    status:
      error === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes: { ...attributes },
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
