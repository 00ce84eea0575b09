// The planning assets of a project as the engine sees them: validated, defaults filled in, names resolved.
// How they are written in files (aliases, formats, folders) is adapters/assets' business.
import type { CardType } from "./card.ts";
import type { Json, JsonObject } from "./json.ts";
import type { ReviewPolicy } from "./review-policy.ts";

export type IdesignRules = {
  readonly enabled: boolean;
  readonly categories: readonly string[];
  readonly extensions: readonly string[];
  /** Globs of source files that may lie in the workspace root. */
  readonly rootFiles: readonly string[];
};

export type BottleneckThresholds = {
  readonly blockedDurationHours: number;
  readonly reviewDurationHours: number;
  readonly wipLimitPerSeat: number;
  readonly queueDepthPerSeat: number;
};

export type ProcessRules = {
  readonly defaultLlm: string | null;
  readonly requireVerification: boolean;
  readonly bugFixInitialDays: number;
  readonly bugFixMaxDays: number;
  readonly bugDiscoveryHighRate: number;
  readonly bugCriticalThreshold: number;
  readonly prReviewPolicy: ReviewPolicy;
  /** `owner/name` of the repository where every build that is done is opened as a pull request; null = none. Not in the snapshots of older runs. */
  readonly openPullRequestsIn?: string | null;
  /** Node names by seam; absent = the built-in node. */
  readonly nodes: Readonly<
    Partial<Record<"plan" | "route" | "selectModel" | "gate" | "evaluate", string>>
  >;
};

export type SandboxRules = {
  /** Whether the engine deploys by itself: what a finished epic made, and what a verification asks over HTTP. */
  readonly auto: boolean;
};

export type Organization = {
  readonly name: string;
  readonly vision: string;
  readonly ethos: string;
  readonly departments: readonly string[];
  readonly idesignThreshold: number;
  readonly preferredStack: JsonObject;
  readonly idesign: IdesignRules;
  readonly process: ProcessRules;
  readonly thresholds: BottleneckThresholds;
  /** Not in the snapshots of runs that an older version started. */
  readonly sandbox?: SandboxRules;
};

export type Department = {
  readonly name: string;
  readonly description: string;
  readonly parent: string;
  readonly policy: JsonObject;
  readonly defaultLlm: string | null;
};

/** A position in a team. `key` is normalized (`keyOf`), `roles` are role names as their assets have them. */
export type Seat = {
  readonly key: string;
  readonly name: string;
  readonly roles: readonly string[];
};

export type Role = {
  readonly name: string;
  readonly description: string;
  readonly intent: string;
  readonly prompt: string;
  readonly responsibilities: readonly string[];
  readonly constraints: readonly string[];
  readonly tools: readonly string[];
  /** Names of programs that `run_command` may start; none is listed, none is started. */
  readonly programs: readonly string[];
  /** Whether its commands may reach the network. */
  readonly network: boolean;
  readonly policy: JsonObject;
  readonly issueTypes: readonly (CardType | "utility" | "app")[];
};

/** Seats in file order: the first reviewer in that order reviews. Every role a seat names is in `roles`. */
export type Team = {
  readonly name: string;
  readonly description: string;
  readonly seats: readonly Seat[];
  readonly roles: Readonly<Record<string, Role>>;
};

export type Dialect = {
  readonly modelFamily: string;
  readonly dslFormat: string;
  readonly constraints: readonly string[];
  readonly hallucinationGuard: string;
};

export type Environment = {
  readonly name: string;
  readonly model: string;
  readonly temperature: number;
  readonly seed: number | null;
  readonly timeoutSec: number;
  readonly params: JsonObject;
};

export type Scenario = {
  readonly id: string;
  readonly description: string;
  readonly inputData: Json;
  readonly expectedOutput: Json | undefined;
};

export type Verification = {
  readonly fixturePath: string | null;
  readonly command: JsonObject | null;
  readonly scenarios: readonly Scenario[];
};

/** What every card asset carries besides its kind's own fields. */
export type CardText = {
  readonly id: string;
  readonly summary: string;
  readonly type: CardType;
  readonly description: string;
  readonly priority: number;
  readonly note: string;
  readonly labels: readonly string[];
  readonly params: JsonObject;
  readonly references: readonly string[];
  readonly ownerDepartment: string;
};

export type Issue = CardText & {
  /** Normalized seat key, present in the epic's team. */
  readonly seat: string;
  readonly requirements: string;
  readonly acceptance: readonly string[];
  /** Card ids of the same epic. */
  readonly dependsOn: readonly string[];
  readonly retriesMax: number;
  readonly verification: Verification | null;
};

export type Lesson = {
  readonly date: string;
  readonly category: string;
  readonly observation: string;
  readonly sentiment: string;
  readonly actionItem: string;
};

export type Epic = CardText & {
  /** File stem; what a rock's entry and `orket run` name. */
  readonly stem: string;
  readonly department: string;
  readonly team: string;
  readonly environment: string;
  readonly issues: readonly Issue[];
  readonly requirements: string;
  readonly idesign: boolean;
  readonly lessonsLearned: readonly Lesson[];
};

/** `dependsOn`: null = the entry before it; empty = independent; else epic stems of the same rock. */
export type RockEntry = {
  readonly epic: string;
  readonly department: string;
  readonly dependsOn: readonly string[] | null;
};

export type Rock = CardText & {
  readonly stem: string;
  readonly department: string;
  readonly task: string;
  readonly epics: readonly RockEntry[];
  readonly lessonsLearned: readonly Lesson[];
};

/** An issue in a file of its own. Nothing runs it until it is adopted by an epic. */
export type LooseIssue = {
  readonly issue: Issue;
  readonly department: string;
  readonly file: string;
};

/** Everything of one project, cross-checked: each name used here exists here. Keys of the maps: `<department>/<stem>`. */
export type ProjectAssets = {
  readonly organization: Organization;
  /** Where the organization came from, or `built-in`. */
  readonly organizationSource: string;
  readonly departments: Readonly<Record<string, Department>>;
  readonly teams: Readonly<Record<string, Team>>;
  readonly environments: Readonly<Record<string, Environment>>;
  /** By model family. */
  readonly dialects: Readonly<Record<string, Dialect>>;
  readonly epics: Readonly<Record<string, Epic>>;
  readonly rocks: Readonly<Record<string, Rock>>;
  readonly looseIssues: readonly LooseIssue[];
  readonly warnings: readonly AssetProblem[];
};

/** One finding of a load. `path` is a JSON path (`$.issues[2].seat`), `$` for the file as a whole. */
export type AssetProblem = {
  readonly code: string;
  readonly file: string;
  readonly path: string;
  readonly found: string;
  readonly expected: string;
};
