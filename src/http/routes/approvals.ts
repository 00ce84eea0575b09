// Questions that wait for a person, and the answers to them.
import { z } from "zod";
import { answerApproval } from "../../app/answer-approval.ts";
import { waitingApprovals } from "../../app/approvals.ts";
import { readWaitingPlan } from "../../app/drive.ts";
import { ok } from "../../domain/result.ts";
import { approvalPage, approvalSchema, planSchema } from "../api-project.ts";
import type { Api } from "../api-parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { answer, idParams } from "../translate.ts";

type Parts = Pick<Api, "engine" | "tasks">;

export const approvalRoutes = ({ engine, tasks }: Parts): readonly Route[] => [
  route({
    method: "GET",
    path: "/v1/approvals",
    about: "What waits for a person's decision, oldest first",
    auth: "read",
    errors: [],
    answer: approvalPage,
    handle: async () => ok(await waitingApprovals(engine)),
  }),
  route({
    method: "GET",
    path: "/v1/approvals/:id/plan",
    about: "The files that a waiting plan of the driver would change, before and after",
    auth: "read",
    errors: ["APPROVAL_UNKNOWN", "ASSET_INVALID", "FILE_STALE"],
    params: idParams,
    answer: planSchema,
    handle: async ({ params: { id } }) =>
      answer(readWaitingPlan(engine, id), ({ id: plan, files }) => ({ plan, files })),
  }),
  route({
    method: "POST",
    path: "/v1/approvals/:id",
    about: "Allows or denies; a run that waited for it goes on by itself",
    auth: "operate",
    errors: [
      "APPROVAL_UNKNOWN",
      "APPROVAL_DECIDED",
      "APPROVAL_EXPIRED",
      "APPROVAL_VOID",
      "ASSET_INVALID",
      "PLAN_INVALID",
      "FILE_STALE",
      "BODY_TOO_LARGE",
    ],
    params: idParams,
    body: z.strictObject({
      decision: z.enum(["allow", "deny"]),
      reason: z.string().max(4096).nullish(),
    }),
    answer: z.object({ approval: approvalSchema }),
    handle: async ({ params: { id }, body: { decision, reason = null }, caller }) => {
      const decided = await answerApproval(engine, { id, decision, reason, person: caller.id });
      if (!decided.ok) return decided;
      await tasks.takeUp("lost");
      return ok({ approval: decided.value });
    },
  }),
];
