// Failures that no card and no model can do anything about: they end the run, and the turn goes on where it was when the run
// is resumed. Taken for the failure of a tool or a turn, a full disk would use up the retries of every card.
import { EngineError } from "../domain/errors.ts";
import type { ErrorCode } from "../domain/errors.ts";

const OTHERS: readonly ErrorCode[] = ["RUN_LOST", "NODE_FAILED", "PROJECT_READ_ONLY"];

export const isMachineFailure = (error: unknown): error is EngineError =>
  error instanceof EngineError && (error.code.startsWith("STORE_") || OTHERS.includes(error.code));
