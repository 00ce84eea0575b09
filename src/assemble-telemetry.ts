// Traces' part of the composition root: where a collector is named, the engine's watcher also tells it; the library is not
// even loaded where none is.
import type { Engine } from "./app/engine.ts";
import { createTraces } from "./app/send-traces.ts";
import type { Config } from "./config.ts";

export type TraceSetting = {
  readonly engine: Engine;
  readonly config: Config;
  readonly version: string;
};

export type TracedEngine = {
  readonly engine: Engine;
  /** Sends what is left, before the store is closed. */
  readonly close: () => Promise<void>;
};

export async function assembleTraces({
  engine,
  config,
  version,
}: TraceSetting): Promise<TracedEngine> {
  const endpoint = config.text("telemetry.endpoint");
  if (endpoint === null) return { engine, close: async () => {} };
  const { createSpanSender } = await import("./adapters/telemetry/otlp.ts");
  const onFailure = (reason: string): void =>
    engine.log.warn({ endpoint, reason }, "traces are not sent; runs go on without");
  const sender = createSpanSender({ endpoint, version, onFailure });
  const traces = createTraces({
    digest: engine.ids.digest,
    send: sender.send,
    content: config.flag("telemetry.capture_content") ? engine.store : null,
  });
  return {
    engine: { ...engine, watcher: traces.beside(engine.watcher) },
    close: async () => {
      await traces.settle();
      await sender.close();
    },
  };
}
