// What each error code and each end of a run means to a shell (interfaces.md section 4). A new code does not compile until
// it has an answer here.
import type { ErrorCode } from "../domain/errors.ts";
import type { Run } from "../domain/run.ts";

export const EXIT = {
  ok: 0,
  endedBadly: 1,
  usage: 2,
  configuration: 3,
  provider: 4,
  denied: 5,
  approval: 6,
  internal: 70,
  interrupted: 130,
} as const;

export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.configuration,
  NODE_INVALID: EXIT.configuration,
  NODE_FAILED: EXIT.endedBadly,
  ASSET_INVALID: EXIT.configuration,
  ASSET_UNKNOWN: EXIT.configuration,
  PROJECT_MISSING: EXIT.configuration,
  PROJECT_READ_ONLY: EXIT.configuration,
  CARD_UNKNOWN: EXIT.usage,
  CARD_EXISTS: EXIT.endedBadly,
  CARD_CHANGED: EXIT.endedBadly,
  CARD_MOVE_REFUSED: EXIT.denied,
  STATUS_INVALID: EXIT.usage,
  WAIT_REASON_REQUIRED: EXIT.usage,
  PERMISSION_DENIED: EXIT.denied,
  NOT_OWN_CARD: EXIT.denied,
  VERIFICATION_FAILED: EXIT.denied,
  VERIFICATION_REQUIRED: EXIT.denied,
  ARCHIVE_SELECTOR_MISSING: EXIT.usage,
  MEMORY_UNKNOWN: EXIT.usage,
  RUN_UNKNOWN: EXIT.usage,
  RUN_STATE: EXIT.denied,
  RUN_LOST: EXIT.endedBadly,
  BUILD_TAKEN: EXIT.denied,
  BUILD_BUSY: EXIT.denied,
  COMPLEXITY_GATE: EXIT.denied,
  TOOL_UNKNOWN: EXIT.usage,
  TOOL_ARGUMENT: EXIT.usage,
  PATH_ESCAPE: EXIT.denied,
  PATH_PROTECTED: EXIT.denied,
  FILE_MISSING: EXIT.usage,
  FILE_UNFIT: EXIT.usage,
  FILE_STALE: EXIT.endedBadly,
  EDIT_NO_MATCH: EXIT.endedBadly,
  EDIT_AMBIGUOUS: EXIT.endedBadly,
  APPROVAL_NEEDED: EXIT.approval,
  APPROVAL_UNKNOWN: EXIT.usage,
  APPROVAL_DECIDED: EXIT.endedBadly,
  APPROVAL_EXPIRED: EXIT.endedBadly,
  APPROVAL_VOID: EXIT.endedBadly,
  CONTAINMENT_UNAVAILABLE: EXIT.configuration,
  MODEL_TIMEOUT: EXIT.provider,
  MODEL_CONNECTION: EXIT.provider,
  MODEL_RATE_LIMITED: EXIT.provider,
  MODEL_OVERLOADED: EXIT.provider,
  MODEL_MALFORMED: EXIT.provider,
  MODEL_CONTEXT: EXIT.provider,
  MODEL_REFUSED: EXIT.provider,
  MODEL_AUTH: EXIT.provider,
  MODEL_NOT_FOUND: EXIT.provider,
  MODEL_BAD_REQUEST: EXIT.provider,
  MODEL_SCRIPT_EXHAUSTED: EXIT.provider,
  MODEL_UNCONFIGURED: EXIT.provider,
  STORE_NEWER: EXIT.configuration,
  STORE_CORRUPT: EXIT.internal,
  STORE_FULL: EXIT.internal,
  STORE_BUSY: EXIT.internal,
  STORE_FAILED: EXIT.internal,
  EVENTS_BROKEN: EXIT.endedBadly,
  WORKSPACE_FAILED: EXIT.internal,
  SCRIPT_INVALID: EXIT.configuration,
  INTERRUPTED: EXIT.interrupted,
  INTERNAL: EXIT.internal,
};

export function exitCodeOfRun({ status, reason }: Pick<Run, "status" | "reason">): number {
  if (status === "done") return EXIT.ok;
  if (status === "failed" && reason === "provider") return EXIT.provider;
  if (status === "paused") return reason === "approval" ? EXIT.approval : EXIT.interrupted;
  return EXIT.endedBadly;
}
