// Every route of the API, in one list: the server, its description and the tests go through it.
import type { Api } from "./api-parts.ts";
import { describeApi } from "./openapi.ts";
import type { Route } from "./route.ts";
import { route } from "./route.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { fileRoutes } from "./routes/files.ts";
import { projectRoutes } from "./routes/project.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { runPartRoutes } from "./routes/run-parts.ts";
import { sandboxRoutes } from "./routes/sandboxes.ts";
import { cardRoutes } from "./routes/cards.ts";
import { eventRoutes } from "./routes/events.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { loginRoutes } from "./routes/login.ts";
import { runRoutes } from "./routes/runs.ts";
import { oldRunRoutes } from "./routes/sessions.ts";
import { systemRoutes } from "./routes/system.ts";
import { ok } from "../domain/result.ts";
import { z } from "zod";

export function apiRoutes(api: Api): readonly Route[] {
  const routes: Route[] = [
    ...systemRoutes(api),
    ...metricRoutes(api),
    ...loginRoutes(api),
    ...runRoutes(api),
    ...oldRunRoutes(api),
    ...cardRoutes(api),
    ...eventRoutes(api),
    ...fileRoutes(api),
    ...projectRoutes(api),
    ...runPartRoutes(api),
    ...approvalRoutes(api),
    ...sandboxRoutes(api),
    ...reviewRoutes(api),
  ];
  routes.push(
    route({
      method: "GET",
      path: "/openapi.json",
      about: "This description",
      auth: "read",
      errors: [],
      answer: z.record(z.string(), z.unknown()),
      handle: async () => ok(describeApi(routes, api.version)),
    }),
  );
  return routes;
}
