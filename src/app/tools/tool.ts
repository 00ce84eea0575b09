// What a tool is: its schema, its risk, and a function that works on the workspace and says what the store must write.
// A tool never writes to the store itself: `apply` runs in the transaction that records the call, so both happen or none.
import type { ZodType } from "zod";
import type { Organization, Team } from "../../domain/assets.ts";
import type { Card } from "../../domain/card.ts";
import type { CardMove, VerificationFacts } from "../../domain/card-moves.ts";
import type { NewEvent } from "../../domain/events.ts";
import type { RiskClass } from "../../domain/governance.ts";
import type { PullUnderReview } from "../../domain/pull-review.ts";
import type { Refusal } from "../../domain/result.ts";
import type { PlannedEffect, ToolResult, TurnKind } from "../../domain/turn.ts";
import type { Assets } from "../../ports/assets.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Containment } from "../../ports/containment.ts";
import type { Ids } from "../../ports/ids.ts";
import type { StateFiles } from "../../ports/state-files.ts";
import type { Store, StoreTransaction } from "../../ports/store.ts";
import type { Workspace } from "../../ports/workspace.ts";
import type { FileLocks } from "../file-locks.ts";

/** A status move that waits for the commit of its turn. */
export type StagedMove = { readonly move: CardMove; readonly reason: string };

/** What a tool may use and know: the turn it runs in, nothing wider. */
export type ToolScope = {
  readonly run: string;
  readonly turn: string;
  readonly kind: TurnKind;
  readonly seat: string;
  readonly roles: readonly string[];
  readonly card: Card;
  readonly epic: string;
  readonly department: string;
  readonly team: Team;
  readonly organization: Organization;
  readonly references: readonly string[];
  /** What the turn reviews; null when it is no pull request. */
  readonly pullRequest: PullUnderReview | null;
  readonly verification: VerificationFacts;
  readonly workspace: Workspace;
  readonly assets: Assets;
  readonly containment: Containment;
  readonly store: Store;
  readonly stateFiles: StateFiles;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly locks: FileLocks;
  /** What the turn has gathered so far; the turn owns it. */
  readonly memory: TurnMemory;
  /** Which rule of iDesign or structure a file that lies there breaks; null when it keeps them, or they are off. */
  readonly brokenRule: (path: string) => Promise<string | null>;
};

export type TurnMemory = {
  /** Path → digest of what this turn last saw there. */
  readonly seen: Map<string, string>;
  readonly comments: string[];
  cardsCreated: number;
};

export type ToolOutcome = {
  readonly result: ToolResult;
  readonly staged?: StagedMove;
  /** Path relative to the workspace that now has other content. */
  readonly wrote?: string;
  /** The same for a call that changed several; each belongs to the turn's commit. */
  readonly wroteAll?: readonly string[];
  /** How many lines a written text has; absent when the file is gone. */
  readonly lines?: number;
  readonly events?: readonly NewEvent[];
  /** Runs inside the transaction that records the call; its answer replaces `result`. */
  readonly apply?: (transaction: StoreTransaction) => Promise<ToolResult>;
};

/** What a call is about to change, noted before it runs, and what is there at any later time. */
export type Trace = {
  /** Null when the call will change nothing, because it will be refused. */
  readonly plan: (args: never, scope: ToolScope) => Promise<PlannedEffect | null>;
  /** The digest of what lies there now; null when nothing does, undefined when it cannot be read. */
  readonly look: (path: string, scope: ToolScope) => Promise<string | null | undefined>;
};

export type Tool = {
  readonly name: string;
  readonly risk: RiskClass;
  readonly description: string;
  readonly schema: ZodType<object>;
  /** What the state machine says to the call before anything else weighs it; a refusal counts as a denial. */
  readonly judge?: (args: never, scope: ToolScope) => Refusal | null;
  /** Whether the call leaves something behind outside the store; such a call is recorded before it starts. */
  readonly effect: boolean;
  /** How to tell after a crash whether the call happened; an effect without it is put to a person then. */
  readonly trace?: Trace;
  /** The program that the call would start; the roles of the seat must list it. */
  readonly program?: (args: never) => string;
  /** Argument that names a path the gate must judge, and whether it is written. */
  readonly path?: { readonly argument: string; readonly access: "read" | "write" };
  readonly run: (args: never, scope: ToolScope, signal: AbortSignal) => Promise<ToolOutcome>;
};

/** Gives a tool its argument type from its schema. */
export const defineTool = <Args extends object>(
  tool: Omit<Tool, "schema" | "run" | "judge" | "trace" | "program"> & {
    readonly schema: ZodType<Args>;
    readonly program?: (args: Args) => string;
    readonly trace?: Pick<Trace, "look"> & {
      readonly plan: (args: Args, scope: ToolScope) => Promise<PlannedEffect | null>;
    };
    readonly judge?: (args: Args, scope: ToolScope) => Refusal | null;
    readonly run: (args: Args, scope: ToolScope, signal: AbortSignal) => Promise<ToolOutcome>;
  },
): Tool => tool as unknown as Tool;

export const TEXT_BYTES_MAX = 64 * 1024;

export const failed = (error: Refusal): ToolOutcome => ({
  result: { ok: false, error: error.message, code: error.code.toLowerCase() },
});

export const cut = (text: string): string =>
  text.length <= TEXT_BYTES_MAX
    ? text
    : `${text.slice(0, TEXT_BYTES_MAX)}\n… cut: ${text.length - TEXT_BYTES_MAX} more characters`;
