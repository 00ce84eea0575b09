// Pull requests and their review cycles.
import { z } from "zod";
import { listPullRequests, reviewLimits, showPullRequest } from "../../app/pull-requests/read.ts";
import { viewOfErrand, viewOfPullRequest } from "../../app/pull-requests/view.ts";
import { ERRAND_KINDS, ERRAND_STATES } from "../../domain/pull-request-errand.ts";
import { PULL_REQUEST_STATES } from "../../domain/pull-request.ts";
import { ok } from "../../domain/result.ts";
import { asOfSeq, eventSchema } from "../api.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, toEvent } from "../translate.ts";

export const reviewSchema = z.object({
  owner: z.string(),
  repository: z.string(),
  number: z.number(),
  title: z.string(),
  author: z.string(),
  headSha: z.string(),
  baseBranch: z.string(),
  url: z.string(),
  build: z.string(),
  card: z.string(),
  state: z.enum(PULL_REQUEST_STATES),
  round: z.number(),
  cycles: z.number(),
  rejections: z
    .array(
      z.object({
        review: z.number(),
        reviewer: z.string(),
        headSha: z.string(),
        cycle: z.number(),
        reason: z.string(),
      }),
    )
    .readonly(),
  isEscalated: z.boolean(),
  isRejecting: z.boolean(),
  verification: z
    .object({ sha: z.string(), verdict: z.enum(["pass", "fail"]).nullable() })
    .nullable(),
  agentReview: z
    .object({
      sha: z.string(),
      kind: z.enum(["approved", "changes-requested", "superseded", "not-reviewed"]),
      reason: z.string(),
    })
    .nullable(),
  refusals: z.array(z.object({ cause: z.string(), detail: z.string() })).readonly(),
  mergeCommit: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const errandSchema = z.object({
  kind: z.enum(ERRAND_KINDS),
  about: z.string(),
  round: z.number(),
  state: z.enum(ERRAND_STATES),
  attempts: z.number(),
  failure: z.string().nullable(),
});

/** At how many rejections somebody is asked, and at how many it is closed; null where the project's files do not say. */
const limitsSchema = z.object({ escalation: z.int(), rejection: z.int() }).nullable();

export const reviewPage = z.object({
  reviews: z.array(reviewSchema),
  limits: limitsSchema,
  /** Whether the forge can deliver here. */
  receives: z.boolean(),
  asOfSeq,
});
export const reviewView = z.object({
  review: reviewSchema.extend({ errands: z.array(errandSchema) }),
  history: z.array(eventSchema),
  limits: limitsSchema,
  asOfSeq,
});

const listQuery = z.strictObject({
  state: z.enum(PULL_REQUEST_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const oneParams = z.strictObject({
  owner: z.string().min(1).max(200),
  repository: z.string().min(1).max(200),
  number: z.coerce.number().int().min(1),
});

type Parts = Pick<Api, "engine" | "receivesDeliveries">;

export const reviewRoutes = ({ engine, receivesDeliveries }: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/reviews",
    about: "Pull requests that are for a card, with their review cycles, last changed first",
    auth: "read",
    errors: [],
    query: listQuery,
    answer: reviewPage,
    handle: async ({ query: { state, limit } }) => {
      const filter = state === undefined ? { limit } : { states: [state], limit };
      const { rows, asOfSeq } = await listPullRequests(engine, filter);
      const limits = await reviewLimits(engine);
      const receives = receivesDeliveries;
      return ok({ reviews: rows.map(viewOfPullRequest), limits, receives, asOfSeq });
    },
  }),
  route({
    method: "GET",
    path: "/v1/reviews/:owner/:repository/:number",
    about: "One pull request: its cycles, why it is not merged, and what is still to be done",
    auth: "read",
    errors: ["PULL_REQUEST_UNKNOWN"],
    params: oneParams,
    answer: reviewView,
    handle: async ({ params: { owner, repository, number } }) => {
      const limits = await reviewLimits(engine);
      const meant = { fullName: `${owner}/${repository}`, number };
      return answer(showPullRequest(engine, meant), ({ row, errands, history, ...rest }) => ({
        ...rest,
        review: { ...viewOfPullRequest(row), errands: errands.map(viewOfErrand) },
        history: history.map(toEvent),
        limits,
      }));
    },
  }),
];
