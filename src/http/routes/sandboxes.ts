// Running products: what there is, how it is, what it prints, and taking one down.
import { z } from "zod";
import { sandboxHealth } from "../../app/sandboxes/health.ts";
import { sandboxLogs } from "../../app/sandboxes/logs.ts";
import { listSandboxes } from "../../app/sandboxes/recover.ts";
import { stopSandbox } from "../../app/sandboxes/stop.ts";
import { viewOfSandbox } from "../../app/sandboxes/view.ts";
import { ok } from "../../domain/result.ts";
import { sandboxHealthSchema, sandboxPage, sandboxSchema } from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, idParams } from "../translate.ts";

type Parts = Pick<Api, "engine" | "isOwnerGone">;

/** Each use case has a limit of its own; a client that goes away is no reason to leave a sandbox half way. */
const unhurried = (): AbortSignal => new AbortController().signal;

export const sandboxRoutes = ({ engine, isOwnerGone }: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/sandboxes",
    about: "The sandboxes there are, and what the engine has that nobody knows here",
    auth: "read",
    errors: [],
    answer: sandboxPage,
    handle: async () => {
      const listing = await listSandboxes(engine, unhurried());
      return ok({ ...listing, sandboxes: listing.sandboxes.map(viewOfSandbox) });
    },
  }),
  route({
    method: "POST",
    path: "/v1/sandboxes/:id/stop",
    about: "Takes a sandbox down with its volumes; its ports are free again",
    auth: "operate",
    errors: [
      "SANDBOX_UNKNOWN",
      "SANDBOX_STATE",
      "SANDBOX_FAILED",
      "ENGINE_UNAVAILABLE",
      "BODY_TOO_LARGE",
    ],
    params: idParams,
    answer: z.object({ sandbox: sandboxSchema }),
    handle: async ({ params: { id }, caller }) => {
      const asked = { id, actor: `human:${caller.id}`, isOwnerGone };
      return answer(stopSandbox(engine, asked, unhurried()), (sandbox) => ({
        sandbox: viewOfSandbox(sandbox),
      }));
    },
  }),
  route({
    method: "GET",
    path: "/v1/sandboxes/:id/logs",
    about: "The last 100 lines of its services, or of one",
    auth: "read",
    errors: ["SANDBOX_UNKNOWN", "SERVICE_UNKNOWN", "SANDBOX_FAILED", "ENGINE_UNAVAILABLE"],
    params: idParams,
    query: z.strictObject({ service: z.string().min(1).max(200).optional() }),
    answer: z.object({ logs: z.string() }),
    handle: async ({ params: { id }, query: { service = null } }) =>
      answer(sandboxLogs(engine, { id, service }, unhurried()), (logs) => ({ logs })),
  }),
  route({
    method: "GET",
    path: "/v1/sandboxes/:id/health",
    about: "What the engine says of each of its services now",
    auth: "read",
    errors: ["SANDBOX_UNKNOWN", "SANDBOX_FAILED", "ENGINE_UNAVAILABLE"],
    params: idParams,
    answer: sandboxHealthSchema,
    handle: async ({ params: { id } }) =>
      answer(sandboxHealth(engine, id, unhurried()), ({ sandbox, ...health }) => ({
        ...health,
        sandbox: viewOfSandbox(sandbox),
      })),
  }),
];
