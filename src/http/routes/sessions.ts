// Runs under their older names, for callers that know them so.
import { z } from "zod";
import { cardOfPath, submitRun } from "../../app/control-run.ts";
import { runSnapshot } from "../../app/read-runs.ts";
import { showRun } from "../../app/show-run.ts";
import { NO_BUDGET } from "../../domain/run.ts";
import { sessionSchema, sessionSnapshotSchema } from "../api.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, idParams } from "../translate.ts";
import { START_ERRORS } from "./runs.ts";

const name = z.string().max(300).nullish();

export const oldRunRoutes = (api: Pick<Api, "engine" | "tasks">): readonly Route[] => [
  route({
    method: "POST",
    path: "/v1/system/run-active",
    about: "Starts a run of what a path or an issue's id names",
    auth: "operate",
    errors: [...START_ERRORS, "ASSET_UNNAMED"],
    body: z.strictObject({ path: name, issue_id: name, build_id: name }),
    answer: z.object({ session_id: z.string() }),
    handle: async ({ body: { path = null, issue_id: issueId = null, build_id: build = null } }) => {
      const card = cardOfPath({ path, issueId });
      if (!card.ok) return card;
      const asked = { card: card.value, build: build === "" ? null : build, department: null };
      const request = { ...asked, model: null, restart: false, budget: NO_BUDGET };
      return answer(submitRun(api, request), ({ id }) => ({ session_id: id }));
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions/:id",
    about: "One run under its older names",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    answer: sessionSchema,
    handle: async ({ params: { id } }) =>
      answer(showRun(api.engine, id), ({ run, asOfSeq }) => ({
        session_id: run.id,
        card_id: run.card,
        type: run.kind,
        build_ids: run.builds,
        status: run.status,
        reason: run.reason,
        start_time: run.startedAt,
        end_time: run.endedAt,
        asOfSeq,
      })),
  }),
  route({
    method: "GET",
    path: "/v1/sessions/:id/snapshot",
    about: "The assets and settings that a run was started with",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    answer: sessionSnapshotSchema,
    handle: async ({ params: { id } }) =>
      answer(runSnapshot(api.engine, id), (found) => ({ session_id: id, ...found })),
  }),
];
