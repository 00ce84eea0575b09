// What the engine is told from outside and keeps for its life. main.ts makes it out of the configuration.
import type { RiskPolicy } from "../domain/governance.ts";
import type { Budget } from "../domain/run.ts";

export type EngineSettings = {
  readonly concurrency: number;
  /** How many earlier turns of its card a prompt shows. */
  readonly contextTurns: number;
  /** The setting `model`, and `models.<role>`. */
  readonly model: string | null;
  readonly roleModels: Readonly<Record<string, string>>;
  readonly riskPolicy: RiskPolicy;
  /** How long a person has to decide. */
  readonly approvalMs: number;
  readonly limits: EngineLimits;
  readonly budgets: {
    /** Where the person who started the run said nothing. */
    readonly run: Budget;
    readonly card: Budget;
  };
  /** Names this process in a lease: host, process id, start. */
  readonly owner: string;
};

export type EngineLimits = {
  readonly turnsPerCardMax: number;
  readonly turnsPerRunMax: number;
  readonly stepsMax: number;
  readonly turnMs: number;
  readonly toolMs: number;
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  /** How often a run looks whether somebody wants it paused or canceled. */
  readonly wishMs: number;
  /** How often a run in which a card waits for a person looks for the decision. */
  readonly decisionMs: number;
};

export const DEFAULT_LIMITS: EngineLimits = {
  turnsPerCardMax: 12,
  turnsPerRunMax: 200,
  stepsMax: 16,
  turnMs: 30 * 60_000,
  toolMs: 60_000,
  leaseMs: 30_000,
  leaseRenewMs: 10_000,
  wishMs: 250,
  decisionMs: 500,
};
