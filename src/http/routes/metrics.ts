// `GET /metrics` in the format of Prometheus: how much there is of everything, and how the process is. No name of a card, a
// run or a person is in it, so that the number of series stays the same whatever the backlog.
import { Gauge, Registry, collectDefaultMetrics } from "prom-client";
import { z } from "zod";
import { ok } from "../../domain/result.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";

type Parts = Pick<Api, "engine" | "tasks" | "streams" | "version">;

export function metricRoutes(api: Parts): readonly Route[] {
  const meters = createMeters(api);
  return [
    route({
      method: "GET",
      path: "/metrics",
      about: "Figures for Prometheus: what there is by state, what was spent, and the process",
      auth: "read",
      errors: [],
      answer: z.string(),
      mediaType: "text/plain",
      handle: async ({ reply }) => {
        await meters.look();
        reply.type(meters.registry.contentType);
        return ok(await meters.registry.metrics());
      },
    }),
  ];
}

const STATES = {
  cards: "Cards by status",
  runs: "Runs by status",
  approvals: "Approvals by state",
  sandboxes: "Sandboxes by state",
  deliveries: "Deliveries of the forge by state",
} as const;
type Kind = keyof typeof STATES;

function createMeters({ engine, tasks, streams, version }: Parts) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const plain = (name: string, help: string) => new Gauge({ name, help, registers });
  const states = Object.entries(STATES).map(
    ([kind, help]) =>
      [
        kind as Kind,
        new Gauge({ name: `orket_${kind}`, help, labelNames: ["state"], registers }),
      ] as const,
  );
  const build = new Gauge({
    name: "orket_build_info",
    help: "Always 1; the label tells the version",
    labelNames: ["version"],
    registers,
  });
  build.set({ version }, 1);
  const active = plain("orket_active_tasks", "Runs in flight in this server");
  const open = plain("orket_event_streams", "Event streams and websockets that are open");
  const lastSeq = plain("orket_event_last_seq", "Number of the last event in the log");
  const turns = plain("orket_run_turns", "Turns of all runs so far");
  const spent = plain(
    "orket_run_cost_usd",
    "US dollars of all runs so far, as far as prices are known",
  );
  const tokens = new Gauge({
    name: "orket_run_tokens",
    help: "Tokens of all runs so far",
    labelNames: ["direction"],
    registers,
  });
  return {
    registry,
    look: async (): Promise<void> => {
      const { tally, seq } = await engine.store.read(async ({ tallies, events }) => ({
        tally: await tallies.count(),
        seq: await events.lastSeq(),
      }));
      for (const [kind, gauge] of states)
        for (const [state, count] of Object.entries(tally[kind])) gauge.set({ state }, count);
      active.set(tasks.activeCount());
      open.set(streams.count());
      lastSeq.set(seq);
      turns.set(tally.turns);
      spent.set(tally.costUsd);
      tokens.set({ direction: "input" }, tally.inputTokens);
      tokens.set({ direction: "output" }, tally.outputTokens);
    },
  };
}
