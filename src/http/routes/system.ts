// The server about itself: is it there, which version, how busy.
import { ok } from "../../domain/result.ts";
import { healthSchema, heartbeatSchema, metricsSchema, versionSchema } from "../api.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";

type Parts = Pick<Api, "engine" | "tasks" | "version" | "organization" | "machineLoad">;

export const systemRoutes = (api: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/health",
    about: "Whether the server answers, and for whom",
    auth: "public",
    errors: [],
    answer: healthSchema,
    handle: async () => ok({ status: "ok" as const, organization: api.organization }),
  }),
  route({
    method: "GET",
    path: "/v1/version",
    about: "The version of Orket and of the API",
    auth: "read",
    errors: [],
    answer: versionSchema,
    handle: async () => ok({ version: api.version, api: "v1" as const }),
  }),
  route({
    method: "GET",
    path: "/v1/system/heartbeat",
    about: "That the server works, and how many runs are in flight in it",
    auth: "read",
    errors: [],
    answer: heartbeatSchema,
    handle: async () =>
      ok({
        status: "online" as const,
        timestamp: nowOf(api),
        active_tasks: api.tasks.activeCount(),
      }),
  }),
  route({
    method: "GET",
    path: "/v1/system/metrics",
    about: "How busy the machine is",
    auth: "read",
    errors: [],
    answer: metricsSchema,
    handle: async () => {
      const { cpuPercent, ramPercent } = api.machineLoad();
      return ok({
        cpu: cpuPercent,
        memory: ramPercent,
        cpu_percent: cpuPercent,
        ram_percent: ramPercent,
        vram_gb_used: 0,
        vram_total_gb: 0,
        timestamp: nowOf(api),
      });
    },
  }),
];

const nowOf = ({ engine }: Pick<Api, "engine">): string =>
  new Date(engine.clock.now()).toISOString();
