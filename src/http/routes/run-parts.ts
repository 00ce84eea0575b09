// A run's parts: its turns, one from near, the files it changed, its cards, what its members did, and its events.
import { z } from "zod";
import { memberMetrics } from "../../app/member-metrics.ts";
import { runFiles, showTurn } from "../../app/run-turns.ts";
import { readRunEvents } from "../../app/run-events.ts";
import { showRun } from "../../app/show-run.ts";
import { eventPage } from "../api.ts";
import {
  backlogSchema,
  memberMetricsSchema,
  runFilesSchema,
  turnPage,
  turnViewSchema,
} from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, given, idParams, pageLimit, toEvent } from "../translate.ts";

type Parts = Pick<Api, "engine">;

const number = z.coerce.number().int().min(1);
const seq = z.coerce.number().int().min(0).optional();

export const runPartRoutes = ({ engine }: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/runs/:id/turns",
    about: "The run's turns without their bodies, in the order they were started",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    query: z.strictObject({ from_turn: number.default(1) }),
    answer: turnPage,
    handle: async ({ params: { id }, query }) =>
      answer(showRun(engine, id), ({ turns, asOfSeq }) => ({
        turns: turns.filter(({ numberInRun }) => numberInRun >= query.from_turn),
        asOfSeq,
      })),
  }),
  route({
    method: "GET",
    path: "/v1/runs/:id/turns/:number",
    about: "One turn: prompt, replies, calls, results, and what the log says of it",
    auth: "read",
    errors: ["RUN_UNKNOWN", "TURN_UNKNOWN"],
    params: z.object({ id: z.string().min(1), number }),
    answer: turnViewSchema,
    handle: async ({ params }) =>
      answer(showTurn(engine, { run: params.id, number: params.number }), (view) => ({
        ...view,
        prompt: view.prompt.map(({ role, content }) => ({ role, content })),
        events: view.events.map(toEvent),
      })),
  }),
  route({
    method: "GET",
    path: "/v1/runs/:id/files",
    about: "The files that the run's turns changed, each with its diff, in parts",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    query: z.strictObject({ from_turn: number.default(1) }),
    answer: runFilesSchema,
    handle: async ({ params: { id }, query }) =>
      runFiles(engine, { run: id, fromTurn: query.from_turn }),
  }),
  ...workRoutes(engine),
];

/** What came of it: its cards, its members, its events. */
const workRoutes = (engine: Api["engine"]): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/runs/:id/backlog",
    about: "The cards of the run's builds, by their creation",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    answer: backlogSchema,
    handle: async ({ params: { id } }) =>
      answer(showRun(engine, id), ({ cards, asOfSeq }) => ({ cards, asOfSeq })),
  }),
  route({
    method: "GET",
    path: "/v1/runs/:id/metrics",
    about: "What each role did in the run",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    answer: memberMetricsSchema,
    handle: async ({ params: { id } }) => memberMetrics(engine, id),
  }),
  route({
    method: "GET",
    path: "/v1/runs/:id/events",
    about: "The run's events, in parts, forwards or backwards, with a search in their text",
    auth: "read",
    errors: ["RUN_UNKNOWN"],
    params: idParams,
    query: z.strictObject({
      after: seq,
      before: seq,
      limit: pageLimit,
      q: z.string().min(1).max(200).optional(),
    }),
    answer: eventPage,
    handle: async ({ params: { id }, query: { q: words, ...page } }) =>
      answer(
        readRunEvents(engine, { run: id, ...given({ words, ...page }), limit: page.limit }),
        (found) => ({
          ...found,
          events: found.events.map(toEvent),
        }),
      ),
  }),
];
