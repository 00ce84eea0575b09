// Runs: start one, list them, look at one, pause, continue and cancel it.
import { z } from "zod";
import { continueRun, submitFork, submitRun } from "../../app/control-run.ts";
import { listRuns } from "../../app/read-runs.ts";
import { showRun } from "../../app/show-run.ts";
import { stopRun } from "../../app/stop-run.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Run, RunWish } from "../../domain/run.ts";
import { NO_BUDGET, RUN_STATUSES } from "../../domain/run.ts";
import { askedBudgetSchema, runAnswer, runPage, runViewSchema } from "../api.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, given, idParams, pageLimit, wordsOf } from "../translate.ts";

type Parts = Pick<Api, "engine" | "tasks" | "isOwnerGone">;

/** What the start of a run may refuse with. */
export const START_ERRORS = [
  "CARD_UNKNOWN",
  "ASSET_UNKNOWN",
  "ASSET_INVALID",
  "BUILD_BUSY",
  "BUILD_TAKEN",
  "COMPLEXITY_GATE",
  "RUNS_FULL",
  "BODY_TOO_LARGE",
] as const;

const runBody = z.strictObject({
  card: z.string().min(1).max(200),
  build: z.string().min(1).max(300).optional(),
  department: z.string().min(1).max(200).optional(),
  model: z.string().min(1).max(300).optional(),
  budget: askedBudgetSchema.optional(),
});

export const runRoutes = (api: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/runs",
    about: "The runs, newest first, in parts",
    auth: "read",
    errors: [],
    query: z.strictObject({
      limit: pageLimit,
      cursor: z.string().optional(),
      build: z.string().optional(),
      status: wordsOf(RUN_STATUSES).optional(),
    }),
    answer: runPage,
    handle: async ({ query: { limit, cursor: before, build, status: statuses } }) =>
      ok(await listRuns(api.engine, { limit, ...given({ before, build, statuses }) })),
  }),
  route({
    method: "POST",
    path: "/v1/runs",
    about: "Starts a run of a rock, an epic or one issue",
    auth: "operate",
    errors: START_ERRORS,
    status: 202,
    body: runBody,
    answer: runAnswer,
    handle: async ({ body: { card, build, department, model, budget } }) =>
      withSeq(
        api,
        submitRun(api, {
          card,
          build: build ?? null,
          department: department ?? null,
          model: model ?? null,
          restart: false,
          budget: { ...NO_BUDGET, ...given(budget ?? {}) },
        }),
      ),
  }),
  route({
    method: "GET",
    path: "/v1/runs/:id",
    about: "One run, and what each of its cards waits for",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    answer: runViewSchema,
    handle: async ({ params: { id } }) =>
      answer(showRun(api.engine, id), ({ approvals, ...view }) => ({
        ...view,
        approvals: approvals.map((one) => one.id),
      })),
  }),
  stopRoute(api, "pause"),
  route({
    method: "POST",
    path: "/v1/runs/:id/continue",
    about: "Goes on with a paused run in this server",
    auth: "operate",
    errors: ["RUN_UNKNOWN", "RUN_STATE", "RUNS_FULL", "BODY_TOO_LARGE"],
    params: idParams,
    answer: runAnswer,
    handle: async ({ params: { id } }) =>
      withSeq(api, continueRun(api, { run: id, budget: NO_BUDGET })),
  }),
  stopRoute(api, "cancel"),
  forkRoute(api),
];

const TURN_MAX = 999_999_999;

const ABOUT: Readonly<Record<RunWish, string>> = {
  pause: "Lets running steps end and starts no new one",
  cancel: "Ends a run for good; its cards go back to ready",
};

const stopRoute = ({ engine, isOwnerGone }: Parts, wish: RunWish): Route =>
  route({
    method: "POST",
    path: `/v1/runs/:id/${wish}`,
    about: ABOUT[wish],
    auth: "operate",
    errors: ["RUN_UNKNOWN", "RUN_STATE", "BODY_TOO_LARGE"],
    params: idParams,
    answer: runAnswer,
    handle: async ({ params: { id }, caller }) =>
      withSeq(
        { engine },
        stopRun(engine, { run: id, wish, by: `human:${caller.id}`, isOwnerGone }),
      ),
  });

const forkRoute = (api: Parts): Route =>
  route({
    method: "POST",
    path: "/v1/runs/:id/fork",
    about: "Starts a run of a new build that begins as this run was right after one of its turns",
    auth: "operate",
    errors: [
      "RUN_UNKNOWN",
      "TURN_UNKNOWN",
      "TURN_STATE",
      "HISTORY_INCOMPLETE",
      "BUILD_EXISTS",
      "BUILD_BUSY",
      "USAGE",
      "RUNS_FULL",
      "BODY_TOO_LARGE",
    ],
    status: 202,
    params: idParams,
    body: z.strictObject({
      turn: z.int().min(1).max(TURN_MAX),
      build: z.string().min(1).max(300).optional(),
      model: z.string().min(1).max(300).optional(),
      budget: askedBudgetSchema.optional(),
    }),
    answer: runAnswer,
    handle: async ({ params: { id }, body: { turn, build, model, budget } }) =>
      withSeq(
        api,
        submitFork(api, {
          from: `${id}:${turn}`,
          build: build ?? null,
          model: model ?? null,
          approve: "ask",
          budget: { ...NO_BUDGET, ...given(budget ?? {}) },
        }),
      ),
  });

/** What was done, as it is stored now. */
async function withSeq(
  { engine }: Pick<Api, "engine">,
  done: Promise<Result<Run>>,
): Promise<Result<{ readonly run: Run; readonly asOfSeq: number }>> {
  return answer(done, async (run) =>
    engine.store.read(async ({ runs, events }) => ({
      run: (await runs.get(run.id)) ?? run,
      asOfSeq: await events.lastSeq(),
    })),
  );
}
