// A question to a person: may this call happen, may this plan be applied? It is asked once, answered once, and an answer
// is used once.
//
//   pending ──▶ allowed | denied     a person decided; `usedAt` says when the turn took the answer
//           ├─▶ expired              nobody decided in time: a no
//           └─▶ void                 the turn ended meanwhile: whatever is said now has no effect
import type { RiskClass } from "./governance.ts";
import type { JsonObject } from "./json.ts";
import { canonicalJson } from "./json.ts";
import type { Refused } from "./result.ts";
import { refuse } from "./result.ts";

export const APPROVAL_KINDS = ["tool", "plan"] as const;
export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

export const APPROVAL_STATES = ["pending", "allowed", "denied", "expired", "void"] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

/** What a run does with a call that needs a person: wait for one, or take it for refused at once. */
export const APPROVE_MODES = ["ask", "deny"] as const;
export type ApproveMode = (typeof APPROVE_MODES)[number];

/** Of a call: `run` to `riskClass` are set. Of a plan: `payload` says what it is about. */
export type Approval = {
  readonly id: string;
  readonly kind: ApprovalKind;
  readonly state: ApprovalState;
  readonly run: string | null;
  readonly build: string | null;
  readonly card: string | null;
  readonly turn: string | null;
  readonly step: number | null;
  readonly call: string | null;
  /** Of the owner of the run that asked; a later owner uses the answer. */
  readonly epoch: number | null;
  readonly tool: string | null;
  readonly riskClass: RiskClass | null;
  /** Without secrets; what was really asked for is known by `argsHash`. */
  readonly arguments: JsonObject;
  /** SHA-256 of the canonical JSON of the arguments, or of the payload. */
  readonly argsHash: string;
  readonly payload: JsonObject;
  /** Why a person is asked. */
  readonly reason: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  /** `human:<name>`, or `engine` for what expired, is void, or was denied because nobody was to be asked. */
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly usedAt: string | null;
};

export const isOverdue = ({ state, expiresAt }: Approval, nowMs: number): boolean =>
  state === "pending" && Date.parse(expiresAt) <= nowMs;

/** Why nothing can be decided any more; null while it can. */
export function closedRefusal({
  id,
  state,
  decidedAt,
  decidedBy,
  expiresAt,
}: Approval): Refused | null {
  switch (state) {
    case "pending":
      return null;
    case "expired":
      return refuse("APPROVAL_EXPIRED", `${id} expired at ${expiresAt}; it counts as denied.`, {
        approval: id,
        expiresAt,
      });
    case "void":
      return refuse("APPROVAL_VOID", `The turn that asked for ${id} has ended.`, { approval: id });
    default: {
      const message = `${id} was ${state} by ${String(decidedBy)} at ${String(decidedAt)}; that stands.`;
      return refuse("APPROVAL_DECIDED", message, { approval: id, state, decidedBy, decidedAt });
    }
  }
}

const WHAT_CHARACTERS_MAX = 160;
/** The argument that says most about a call. */
const TELLING = ["path", "argv", "issue_id", "seat", "summary", "status"] as const;

/** What a call is about, in one line; a plan says it itself under `summary`. */
export function whatOf({
  tool,
  arguments: args,
  payload,
}: Pick<Approval, "tool" | "arguments" | "payload">): string {
  if (tool === null) return shortened(textOf(payload["summary"] ?? payload));
  const name = TELLING.find((one) => Object.hasOwn(args, one));
  const told = name === undefined ? args : args[name];
  return shortened(Array.isArray(told) ? told.map(textOf).join(" ") : textOf(told));
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : canonicalJson(value);

const shortened = (text: string): string =>
  text.length <= WHAT_CHARACTERS_MAX ? text : `${text.slice(0, WHAT_CHARACTERS_MAX)}…`;

/** Who waits for what, why, since when and how long. */
export const waitLine = (approval: Approval): string => {
  const { card, tool, reason, requestedAt, expiresAt } = approval;
  const asked = tool === null ? whatOf(approval) : `${tool} ${whatOf(approval)}`;
  return `${card ?? "A plan"} waits for a decision on ${asked} (${reason}) since ${requestedAt}, until ${expiresAt}`;
};

/** How to answer. */
export const decideLine = ({ id }: Pick<Approval, "id">): string =>
  `orket approvals allow ${id} — or: orket approvals deny ${id} --reason "…"`;
