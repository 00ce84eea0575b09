// Files that Orket itself keeps beside its database, out of every agent's reach: reports, evaluations, prompt patches.

/**
 * Contract:
 * - Names are relative to their area; a name that leaves it is a failure, not a refusal: the engine chose it.
 * - A report or an evaluation is never replaced: a taken name throws.
 */
export type StateFiles = {
  readonly writeReport: (name: string, text: string) => Promise<string>;
  readonly writeEvaluation: (name: string, text: string) => Promise<string>;
  /** Replaces the patch of that seat and family; only an approved call gets here. */
  readonly writePromptPatch: (seat: string, family: string, text: string) => Promise<void>;
  /** The approved prompt patch of a seat for a model family; null when there is none. */
  readonly readPromptPatch: (seat: string, family: string) => Promise<string | null>;
};
