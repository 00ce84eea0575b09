// Pull requests and their review cycles.
import { z } from "zod";
import { listPullRequests, showPullRequest } from "../../app/pull-requests/read.ts";
import { viewOfErrand, viewOfPullRequest } from "../../app/pull-requests/view.ts";
import { ERRAND_KINDS, ERRAND_STATES } from "../../domain/pull-request-errand.ts";
import { PULL_REQUEST_STATES } from "../../domain/pull-request.ts";
import { ok } from "../../domain/result.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer } from "../translate.ts";

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

const listQuery = z.strictObject({
  state: z.enum(PULL_REQUEST_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const oneParams = z.strictObject({
  owner: z.string().min(1).max(200),
  repository: z.string().min(1).max(200),
  number: z.coerce.number().int().min(1),
});

export const reviewRoutes = ({ engine }: Pick<Api, "engine">): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/reviews",
    about: "Pull requests that are for a card, with their review cycles, last changed first",
    auth: "read",
    errors: [],
    query: listQuery,
    answer: z.object({ reviews: z.array(reviewSchema), asOfSeq: z.number() }),
    handle: async ({ query: { state, limit } }) => {
      const filter = state === undefined ? { limit } : { states: [state], limit };
      const { rows, asOfSeq } = await listPullRequests(engine, filter);
      return ok({ reviews: rows.map(viewOfPullRequest), asOfSeq });
    },
  }),
  route({
    method: "GET",
    path: "/v1/reviews/:owner/:repository/:number",
    about: "One pull request: its cycles, why it is not merged, and what is still to be done",
    auth: "read",
    errors: ["PULL_REQUEST_UNKNOWN"],
    params: oneParams,
    answer: z.object({
      review: reviewSchema.extend({ errands: z.array(errandSchema) }),
      asOfSeq: z.number(),
    }),
    handle: async ({ params: { owner, repository, number } }) =>
      answer(
        showPullRequest(engine, { fullName: `${owner}/${repository}`, number }),
        ({ row, errands, asOfSeq }) => ({
          review: { ...viewOfPullRequest(row), errands: errands.map(viewOfErrand) },
          asOfSeq,
        }),
      ),
  }),
];
