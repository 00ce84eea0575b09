// The project as a whole: its board, its sprint, a prompt beforehand, the driver, its logs and how safely it is set up.
import { z } from "zod";
import { readBoard } from "../../app/board.ts";
import { clearLogs } from "../../app/clear-logs.ts";
import { cardOfPath } from "../../app/control-run.ts";
import { drive } from "../../app/drive.ts";
import { previewCard } from "../../app/preview.ts";
import { assetRefusal } from "../../app/start-run.ts";
import { sprintAt } from "../../domain/calendar.ts";
import { ok } from "../../domain/result.ts";
import { toBoard } from "../../app/board.ts";
import {
  boardSchema,
  calendarSchema,
  chatSchema,
  postureSchema,
  previewSchema,
  settingsSchema,
} from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer } from "../translate.ts";

type Parts = Pick<Api, "engine" | "posture" | "settings">;

const MODEL_ERRORS = [
  "MODEL_UNCONFIGURED",
  "MODEL_TIMEOUT",
  "MODEL_CONNECTION",
  "MODEL_RATE_LIMITED",
  "MODEL_OVERLOADED",
  "MODEL_MALFORMED",
  "MODEL_CONTEXT",
  "MODEL_REFUSED",
  "MODEL_AUTH",
  "MODEL_NOT_FOUND",
  "MODEL_BAD_REQUEST",
  "MODEL_SCRIPT_EXHAUSTED",
] as const;

const name = z.string().max(300).optional();

export const projectRoutes = (api: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/system/board",
    about: "The backlog as a tree, with what waits and what needs a person",
    auth: "read",
    errors: ["ASSET_INVALID"],
    query: z.strictObject({ dept: name }),
    answer: boardSchema,
    handle: async ({ query: { dept = null } }) => {
      const read = await readBoard(api.engine, { department: dept });
      return read.ok ? ok(toBoard(read.value)) : assetRefusal(read.error);
    },
  }),
  route({
    method: "GET",
    path: "/v1/system/calendar",
    about: "The sprint of today",
    auth: "read",
    errors: [],
    answer: calendarSchema,
    handle: async () => {
      const { name: sprint, start, end } = sprintAt(api.engine.clock.now());
      return ok({ current_sprint: sprint, sprint_start: start, sprint_end: end });
    },
  }),
  previewRoute(api),
  driverRoute(api),
  route({
    method: "POST",
    path: "/v1/system/clear-logs",
    about: "Begins the logs of the builds anew; the event log is untouched",
    auth: "admin",
    errors: ["BODY_TOO_LARGE"],
    answer: z.object({ ok: z.literal(true) }),
    handle: async ({ caller }) => {
      await clearLogs(api.engine, caller.id);
      return ok({ ok: true as const });
    },
  }),
  route({
    method: "GET",
    path: "/v1/system/security",
    about: "How safely this server is set up: each check, its verdict and its remedy",
    auth: "admin",
    errors: [],
    answer: postureSchema,
    handle: async () => ok({ checks: await api.posture() }),
  }),
  settingsRoute(api),
];

const previewRoute = ({ engine }: Pick<Api, "engine">): Route =>
  route({
    method: "GET",
    path: "/v1/system/preview-asset",
    about: "The prompt exactly as a run would send it now",
    auth: "read",
    errors: ["ASSET_UNNAMED", "ASSET_UNKNOWN", "ASSET_INVALID", "CARD_UNKNOWN", ...MODEL_ERRORS],
    query: z.strictObject({ path: name, issue_id: name }),
    answer: previewSchema,
    handle: async ({ query: { path = null, issue_id: issueId = null } }) => {
      const card = cardOfPath({ path, issueId });
      if (!card.ok) return card;
      const asked = { card: card.value, build: null, department: null, model: null };
      return answer(previewCard(engine, asked), ({ messages, ...facts }) => ({
        ...facts,
        messages: messages.map(({ role, content }) => ({ role, content })),
      }));
    },
  });

/** An address may hold a password that no setting knows of: what looks like a secret is hidden too. */
const settingsRoute = ({ engine, settings }: Parts): Route =>
  route({
    method: "GET",
    path: "/v1/system/settings",
    about: "The settings that the server was started with, and where each comes from; no secrets",
    auth: "admin",
    errors: [],
    answer: settingsSchema,
    handle: async () => ok({ settings: engine.redact.json(settings) }),
  });

/** Nobody sits at a terminal: a plan waits for its answer under an approval. */
const driverRoute = ({ engine }: Pick<Api, "engine">): Route =>
  route({
    method: "POST",
    path: "/v1/system/chat-driver",
    about: "Plain words in, an answer and perhaps a plan out; a plan waits for an approval",
    auth: "operate",
    errors: ["USAGE", "ASSET_INVALID", "PLAN_INVALID", "BODY_TOO_LARGE", ...MODEL_ERRORS],
    body: z.strictObject({ message: z.string().min(1).max(16_000) }),
    answer: chatSchema,
    handle: async ({ body: { message }, caller, request }) => {
      const gone = new AbortController();
      request.raw.once("close", () => gone.abort());
      const asked = {
        message,
        model: null,
        person: caller.id,
        history: [],
        replies: 0,
        store: true,
        onRetry: () => {},
      };
      return answer(drive(engine, asked, gone.signal), ({ answer: response, plan, approval }) => ({
        response,
        ...(plan === null
          ? {}
          : {
              plan: {
                id: plan.id,
                approval,
                files: plan.files.map(({ file, before, after }) => ({ file, before, after })),
              },
            }),
      }));
    },
  });
