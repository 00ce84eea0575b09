// The one table of codes. Every entry point maps each of them (cli/exit-codes.ts, http/error-status.ts), so a new code does not
// compile until each has answered. A code is never reused for another meaning. docs/errors.md lists exactly these.

/** Code → what it means, in one line for people. */
export const ERROR_CODES = {
  USAGE: "The command line was not understood.",
  CONFIG_INVALID: "A setting is unknown or has a bad value.",
  NODE_INVALID: "A decision node is unknown, does not load or has the wrong shape.",
  NODE_FAILED: "A decision node threw, took too long or answered out of its schema.",
  ASSET_INVALID: "The project's assets do not load; every problem is listed.",
  ASSET_UNKNOWN: "No asset of that name exists.",
  PLAN_INVALID: "The driver's plan cannot be applied; every problem is listed.",
  PROJECT_MISSING: "The directory holds no Orket project.",
  PROJECT_READ_ONLY: "The project's state directory cannot be written.",
  CARD_UNKNOWN: "No card has that id.",
  CARD_EXISTS: "A card with that id exists already.",
  CARD_CHANGED: "Somebody else changed the card first.",
  CARD_MOVE_REFUSED: "The state machine does not allow that move.",
  STATUS_INVALID: "That word is not a status.",
  WAIT_REASON_REQUIRED: "A wait reason out of the list is needed.",
  PERMISSION_DENIED: "The actor may not make that move.",
  NOT_OWN_CARD: "An agent moves only the card of its own turn.",
  VERIFICATION_FAILED: "The card's verification did not pass.",
  VERIFICATION_REQUIRED: "The organization demands a verification and the card declares none.",
  ARCHIVE_SELECTOR_MISSING: "No cards were selected.",
  MEMORY_UNKNOWN: "No memory has that id, or it is forgotten.",
  RUN_UNKNOWN: "No run has that id.",
  RUN_STATE: "The run is not in a state that allows this.",
  TURN_UNKNOWN: "The run has no turn of that number.",
  TURN_STATE: "The turn is not in a state that allows this.",
  HISTORY_INCOMPLETE: "The records do not hold what is asked of the past.",
  RUN_LOST: "Another process owns the run now; this one must not write any more.",
  BUILD_TAKEN: "The build belongs to an epic of another department.",
  BUILD_EXISTS: "A build of that name exists already.",
  BUILD_BUSY: "The build has an active run already.",
  COMPLEXITY_GATE: "The epic is too large to run without architecture governance.",
  TOOL_UNKNOWN: "No tool has that name.",
  TOOL_ARGUMENT: "A tool call's arguments do not fit its schema.",
  PATH_ESCAPE: "The path leaves the folder it must stay in.",
  PATH_PROTECTED: "The path is protected.",
  FILE_MISSING: "No file of that name exists.",
  FILE_UNFIT: "The file is a directory, a link or binary.",
  FILE_TOO_LARGE: "The file or the folder is larger than may be read or written.",
  FILE_STALE: "The file changed since it was read.",
  EDIT_NO_MATCH: "The text to replace does not occur as often as stated.",
  EDIT_AMBIGUOUS: "The text to replace occurs more often than stated.",
  APPROVAL_NEEDED: "The call needs a person's approval.",
  APPROVAL_UNKNOWN: "No approval has that id.",
  APPROVAL_DECIDED: "Somebody decided it before.",
  APPROVAL_EXPIRED: "Nobody decided in time; it counts as denied.",
  APPROVAL_VOID: "The turn that asked has ended; a decision would have no effect.",
  CONTAINMENT_UNAVAILABLE: "No containment is available, so nothing an agent wrote is executed.",
  VERIFICATION_PATH: "The fixture does not lie in the project's verification folder.",
  VERIFICATION_MISSING: "The card declares no verification.",
  ENGINE_UNAVAILABLE: "No container engine with Compose v2 answers.",
  SANDBOX_UNKNOWN: "No sandbox has that id.",
  SANDBOX_STATE: "The sandbox is not in a state that allows this.",
  SANDBOX_INVALID:
    "The sandbox's stack is unknown or asks for what is not allowed; every problem is listed.",
  SANDBOX_FAILED: "The sandbox did not come up.",
  PORT_TAKEN: "A port is taken by another program.",
  PORTS_EXHAUSTED: "No block of ports is free.",
  SERVICE_UNKNOWN: "The sandbox has no service of that name.",
  MODEL_TIMEOUT: "The model did not answer in time.",
  MODEL_CONNECTION: "The model provider cannot be reached.",
  MODEL_RATE_LIMITED: "The model provider limits the rate.",
  MODEL_OVERLOADED: "The model provider is overloaded.",
  MODEL_MALFORMED: "The model provider's answer is not of the protocol.",
  MODEL_CONTEXT: "The prompt is too long for the model.",
  MODEL_REFUSED: "The model declined to answer.",
  MODEL_AUTH: "The model provider refuses the credentials.",
  MODEL_NOT_FOUND: "The model provider does not know the model.",
  MODEL_BAD_REQUEST: "The model provider refuses the request.",
  MODEL_SCRIPT_EXHAUSTED: "The script has no reply for this request.",
  MODEL_UNCONFIGURED: "No model is configured, or its provider is unknown.",
  KEY_REFUSED: "No valid key came with the call.",
  SCOPE_MISSING: "The key's scope does not allow this call.",
  ORIGIN_REFUSED: "The call comes from a page of another origin.",
  HOST_REFUSED: "The server does not answer to that host name.",
  REQUEST_INVALID: "The request is malformed, or does not fit the route's schema.",
  ROUTE_UNKNOWN: "No route has that path.",
  METHOD_REFUSED: "The route does not take that method.",
  BODY_TOO_LARGE: "The request's body is larger than the route takes.",
  BODY_TYPE_REFUSED: "The request's body is not application/json.",
  HEADERS_TOO_LARGE: "The request's headers are too large.",
  REQUEST_SLOW: "The request did not arrive in time.",
  ASSET_UNNAMED: "No asset was named.",
  STREAMS_FULL: "Too many event streams are open.",
  RUNS_FULL: "Too many runs wait in this server already.",
  SERVER_STOPPING: "The server is stopping and takes no new call.",
  SERVER_UNSAFE: "The server does not start with these settings: they are unsafe.",
  ADDRESS_UNAVAILABLE: "The server cannot listen on that address.",
  KEY_UNKNOWN: "No key has that id or name, or it is revoked.",
  KEY_LIMIT: "Two keys of that name are live already.",
  STORE_NEWER: "The database was written by a newer version.",
  STORE_CORRUPT: "The database or one of its rows is unreadable.",
  STORE_FULL: "The disk is full; nothing of the last step was kept.",
  STORE_BUSY: "Another process holds the database.",
  STORE_FAILED: "The database failed.",
  EVENTS_BROKEN: "The event log was changed, or rows are missing or out of order.",
  WORKSPACE_FAILED: "The workspace or its git repository failed.",
  RECORDING_INVALID: "The recorded run does not load.",
  SCRIPT_INVALID: "The scripted model's file does not load.",
  INTERRUPTED: "A signal stopped the work; it can be resumed.",
  INTERNAL: "Something that should not happen did.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(ERROR_CODES, value);

/** A failure: thrown, never returned. `details` is safe to log. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "EngineError";
    this.code = code;
    this.details = options.details ?? {};
  }
}
