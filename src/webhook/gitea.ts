// Deliveries of Gitea and Forgejo, read tolerantly: only the fields that are used, whatever else is there. The event is told
// by the signed body alone; the headers are not signed and can only agree or be refused.
import { z } from "zod";
import { isAwaited } from "../domain/delivery.ts";
import type { Delivery } from "../domain/delivery.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";

/** What the headers say; null where there is none or an empty one, as 1.23 sends for statuses. */
export type EventHeaders = {
  readonly event: string | null;
  readonly eventType: string | null;
};

export type ReadDelivery = Pick<
  Delivery,
  "event" | "action" | "repository" | "pullRequest" | "sender" | "reason"
> & { readonly state: "accepted" | "ignored" };

/** The fine word of each event → the coarse word beside it. `pull_request_comment` is one of each, and not the same. */
const COARSE: Readonly<Record<string, string>> = {
  pull_request: "pull_request",
  pull_request_sync: "pull_request",
  pull_request_assign: "pull_request",
  pull_request_label: "pull_request",
  pull_request_milestone: "pull_request",
  pull_request_review_request: "pull_request",
  pull_request_review_approved: "pull_request_approved",
  pull_request_review_rejected: "pull_request_rejected",
  pull_request_review_comment: "pull_request_comment",
  pull_request_comment: "issue_comment",
  issue_comment: "issue_comment",
  issues: "issues",
  issue_assign: "issues",
  issue_label: "issues",
  issue_milestone: "issues",
  push: "push",
  create: "create",
  delete: "delete",
  status: "status",
  workflow_run: "workflow_run",
  workflow_job: "workflow_job",
};

const KNOWN_WORDS = new Set([...Object.keys(COARSE), ...Object.values(COARSE)]);

/** `action` → what follows the family's own word. */
const KINDS_OF_ACTION: Readonly<Record<string, "" | "assign" | "label" | "milestone">> = {
  opened: "",
  closed: "",
  reopened: "",
  edited: "",
  deleted: "",
  assigned: "assign",
  unassigned: "assign",
  label_updated: "label",
  label_cleared: "label",
  milestoned: "milestone",
  demilestoned: "milestone",
};

const id = z.int();
const positive = z.int().min(1);
const word = z.string().min(1).max(100);
const name = z.string().min(1).max(255);
const repository = z.object({ id: positive, full_name: name });
const account = z.object({ id, login: name });
const anyone = account.nullish();

const SHAPES = {
  pullRequest: z.object({
    action: word,
    number: positive,
    pull_request: z.object({ number: positive }),
    repository,
    sender: account,
  }),
  comment: z.object({
    action: word,
    issue: z.object({ number: positive }),
    is_pull: z.boolean(),
    repository,
    sender: account,
  }),
  push: z.object({ ref: z.string().min(1), repository, sender: anyone }),
  status: z.object({ sha: word, state: word, repository, sender: anyone }),
} as const;

const REFUSED = "Invalid payload";
const INVALID = refuse("PAYLOAD_INVALID", REFUSED);

type Body = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whose delivery it is, for the rate limit, whether or not the rest of it is good. */
export function repositoryOf(body: unknown): string {
  if (!isObject(body)) return "none";
  const { repository: own, run } = body;
  const found = isObject(own) ? own : isObject(run) ? run["repository"] : null;
  const number = isObject(found) ? found["id"] : null;
  return typeof number === "number" ? String(number) : "none";
}

export function parseDelivery(body: unknown, headers: EventHeaders): Result<ReadDelivery> {
  if (!isObject(body)) return INVALID;
  const event = eventOf(body);
  if (event === null) return parseForeign(body, headers);
  if (!agrees(event, headers)) return INVALID;
  if (!isAwaited(event)) return ok(ignored(body, event));
  return parseAwaited(body, event);
}

/** The fine word of the event that this body is; null for one that is not known. */
function eventOf(body: Body): string | null {
  const { action, review } = body;
  if (isObject(body["workflow_run"])) return "workflow_run";
  if (isObject(body["workflow_job"])) return "workflow_job";
  if (isObject(body["comment"]) && isObject(body["issue"]))
    return body["is_pull"] === true ? "pull_request_comment" : "issue_comment";
  if (isObject(body["pull_request"])) {
    if (action === "reviewed" || isObject(review)) return reviewOf(action, review);
    if (action === "synchronized") return "pull_request_sync";
    if (action === "review_requested" || action === "review_request_removed")
      return "pull_request_review_request";
    return ofFamily("pull_request", "pull_request", action);
  }
  if (isObject(body["issue"])) return ofFamily("issues", "issue", action);
  if (typeof body["ref"] === "string") return refEventOf(body);
  return typeof body["sha"] === "string" && typeof body["context"] === "string" ? "status" : null;
}

const REVIEWS: readonly unknown[] = [
  "pull_request_review_approved",
  "pull_request_review_rejected",
  "pull_request_review_comment",
];

/** The kind of a review comes from action and type together; what contradicts itself is no event. */
function reviewOf(action: unknown, review: unknown): string | null {
  const type = isObject(review) ? review["type"] : null;
  return action === "reviewed" && typeof type === "string" && REVIEWS.includes(type) ? type : null;
}

function ofFamily(plain: string, prefix: string, action: unknown): string | null {
  if (typeof action !== "string" || !Object.hasOwn(KINDS_OF_ACTION, action)) return null;
  const kind = KINDS_OF_ACTION[action];
  return kind === "" ? plain : `${prefix}_${kind}`;
}

function refEventOf(body: Body): string | null {
  if (typeof body["before"] === "string" && typeof body["after"] === "string") return "push";
  if (typeof body["pusher_type"] === "string") return "delete";
  return typeof body["ref_type"] === "string" ? "create" : null;
}

/** Every word that came must be that of the body. */
const agrees = (derived: string, { event, eventType }: EventHeaders): boolean =>
  (eventType === null || eventType === derived) && (event === null || event === COARSE[derived]);

const FOREIGN_WORD = /^[a-z][a-z0-9_]{0,63}$/;

/** An event that this version does not know is named by the forge's word in the reason; a word that it does know belongs to another body. */
function parseForeign(body: Body, { event, eventType }: EventHeaders): Result<ReadDelivery> {
  const own = eventType ?? event;
  if (own === null || !FOREIGN_WORD.test(own)) return INVALID;
  const words = [event, eventType].filter((one) => one !== null);
  // An action that is new within a known family is no mistake of the forge, and nothing is done about it either.
  if (words.some((one) => KNOWN_WORDS.has(one)) && !isNewAction(body, own)) return INVALID;
  return ok({ ...ignored(body, OTHER), reason: `Nothing is done about ${own}.` });
}

/** The forge's word is not signed: under this one the same body is the same delivery, whatever word comes with it. */
const OTHER = "other";

function isNewAction(body: Body, own: string): boolean {
  const { action, pull_request: pull, issue, review } = body;
  if (typeof action !== "string" || Object.hasOwn(KINDS_OF_ACTION, action)) return false;
  if (isObject(review) || action === "reviewed") return false;
  return (
    (isObject(pull) && own.startsWith("pull_request")) || (isObject(issue) && own === "issues")
  );
}

/** Nothing will be done about it, so whatever is odd in it is left out. */
function ignored(body: Body, event: string): ReadDelivery {
  const whose = repository.safeParse(body["repository"]);
  const sender = account.safeParse(body["sender"]);
  const action = word.safeParse(body["action"]);
  return {
    state: "ignored",
    reason: `Nothing is done about ${event}.`,
    event,
    action: action.success ? action.data : null,
    repository: whose.success ? repositoryFrom(whose.data) : null,
    pullRequest: null,
    sender: sender.success ? senderFrom(sender.data) : null,
  };
}

function parseAwaited(body: Body, event: string): Result<ReadDelivery> {
  const read = { state: "accepted", reason: null, event } as const;
  if (event === "push" || event === "status") {
    const parsed = (event === "push" ? SHAPES.push : SHAPES.status).safeParse(body);
    if (!parsed.success) return INVALID;
    const { repository: whose, sender } = parsed.data;
    const from = { repository: repositoryFrom(whose), sender: sender ? senderFrom(sender) : null };
    return ok({ ...read, ...from, action: null, pullRequest: null });
  }
  const parsed =
    event === "pull_request_comment"
      ? SHAPES.comment.transform(({ issue, ...rest }) => ({ ...rest, number: issue.number }))
      : SHAPES.pullRequest.refine(({ number, pull_request: pull }) => number === pull.number);
  const found = parsed.safeParse(body);
  if (!found.success) return INVALID;
  const { action, number, repository: whose, sender } = found.data;
  return ok({
    ...read,
    action,
    pullRequest: number,
    repository: repositoryFrom(whose),
    sender: senderFrom(sender),
  });
}

const repositoryFrom = ({ id: number, full_name: fullName }: z.output<typeof repository>) => ({
  id: number,
  fullName,
});
const senderFrom = ({ id: number, login }: z.output<typeof account>) => ({ id: number, login });
