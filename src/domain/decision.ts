// The five seams. A node is a pure, synchronous function over frozen JSON: no clock, no file, no network, no store.
// It decides; the engine enforces the state machine and the built-in gate on whatever comes back.
import type { Card } from "./card.ts";
import type { Environment, Seat } from "./assets.ts";
import type { JsonObject } from "./json.ts";
import type { Evaluation, TurnEnd } from "./verdict.ts";
import type { TurnKind } from "./turn.ts";

export const SEAMS = ["plan", "route", "selectModel", "gate", "evaluate"] as const;
export type Seam = (typeof SEAMS)[number];

export type CandidateClass = "review" | "rework" | "testing" | "ready";

export type Candidate = Pick<
  Card,
  | "id"
  | "kind"
  | "type"
  | "status"
  | "seat"
  | "priority"
  | "cycle"
  | "retryCount"
  | "createdAt"
  | "position"
> & { readonly class: CandidateClass; readonly score: number };

/** `candidates` are the best of the backlog in the default order, at most PLAN_WINDOW; the answer orders some or all of them. */
export type PlanInput = {
  readonly candidates: readonly Candidate[];
  readonly live: readonly string[];
  readonly slots: number;
};
export type PlanNode = (input: PlanInput) => readonly string[];

export type RouteInput = {
  readonly card: Pick<Card, "id" | "type" | "seat" | "cycle">;
  readonly kind: TurnKind;
  readonly seats: readonly Seat[];
  /** By role name: what the seats' roles may work on. */
  readonly issueTypes: Readonly<Record<string, readonly string[]>>;
  readonly authorSeats: readonly string[];
};
export type RouteAnswer =
  | { readonly seat: string }
  | { readonly seat: null; readonly reason: string };
export type RouteNode = (input: RouteInput) => RouteAnswer;

export type ModelInput = {
  readonly role: string;
  /** `--model` of the run. */
  readonly flag: string | null;
  readonly epicOverrides: Readonly<Record<string, string>>;
  readonly roleSettings: Readonly<Record<string, string>>;
  readonly environment: Pick<Environment, "name" | "model">;
  readonly departmentDefault: string | null;
  readonly organizationDefault: string | null;
  readonly setting: string | null;
};
/** `<provider>:<model>`. */
export type ModelChoice = { readonly model: string };
export type SelectModelNode = (input: ModelInput) => ModelChoice;

export type GateInput = {
  readonly tool: string;
  readonly risk: string;
  readonly args: JsonObject;
  readonly card: string;
  readonly seat: string;
  readonly roles: readonly string[];
  /** Path relative to the workspace, resolved; null when the call names none. */
  readonly path: string | null;
  readonly builtIn: "allow" | "ask";
};
/** A gate only tightens. There is no `allow`. */
export type GateAnswer =
  | { readonly kind: "abstain" }
  | { readonly kind: "ask" | "deny"; readonly reason: string };
export type GateNode = (input: GateInput) => GateAnswer;

export type EvaluateInput = {
  readonly end: TurnEnd;
  readonly kind: TurnKind;
  readonly card: Pick<Card, "id" | "status" | "cycle" | "retryCount" | "retriesMax">;
  readonly successfulWrites: number;
  readonly staged: string | null;
  readonly detail: string;
};
export type EvaluateNode = (input: EvaluateInput) => Evaluation;

export type Nodes = {
  readonly plan: PlanNode;
  readonly route: RouteNode;
  readonly selectModel: SelectModelNode;
  readonly gate: GateNode;
  readonly evaluate: EvaluateNode;
};

/** How many candidates a plan node sees at most; keeps the cost of a turn independent of the size of the backlog. */
export const PLAN_WINDOW = 64;
