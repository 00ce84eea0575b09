// The store: what Orket knows, kept so that a crash at any moment loses nothing that was acknowledged.
// Small ports by noun behind one transaction; state change, event and counters are written together or not at all.
import type { Bug, NewPhase, Phase } from "../domain/bug-fix-phase.ts";
import type { ApiKey } from "../domain/api-key.ts";
import type { Approval, ApprovalKind, ApprovalState } from "../domain/approval.ts";
import type { Card, CardBrief, CardStatus, UNTOUCHED } from "../domain/card.ts";
import type { CardMove } from "../domain/card-moves.ts";
import type { Delivery, DeliveryState } from "../domain/delivery.ts";
import type { Event, EventType, NewEvent } from "../domain/events.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Memory } from "../domain/memory.ts";
import type { Published, PublishedState } from "../domain/product.ts";
import type {
  PullRequestKey,
  PullRequestState,
  TrackedPullRequest,
} from "../domain/pull-request.ts";
import type { Errand, NewErrand } from "../domain/pull-request-errand.ts";
import type { Sandbox, SandboxState } from "../domain/sandbox.ts";
import type { Budget, Run, RunReason, RunStatus, RunWish, Usage } from "../domain/run.ts";
import type {
  ChatMessage,
  EarlierTurn,
  PlannedEffect,
  Step,
  ToolResult,
  Turn,
  TurnStatus,
} from "../domain/turn.ts";
import type { VerificationRun } from "../domain/verdict.ts";

/** A card to be created: `ready`, or `blocked` with a reason. The store fills version and times. */
export type NewCard = Omit<
  Card,
  "version" | "createdAt" | "updatedAt" | "statusSince" | keyof typeof UNTOUCHED
> & { readonly brief: CardBrief };

/** A card as it was at some moment. The time of its creation stays; version and last change are the store's. */
export type PastCard = Omit<Card, "version" | "updatedAt"> & { readonly brief: CardBrief };

export type CardFilter = {
  readonly build?: string;
  readonly ids?: readonly string[];
  readonly statuses?: readonly CardStatus[];
  readonly epic?: string;
  readonly kind?: Card["kind"];
  readonly limit?: number;
};

export type CardKey = Pick<Card, "build" | "id">;

/** Columns that may be written beside a move. Only those given are written. */
export type CardColumns = Partial<
  Pick<
    Card,
    | "retryCount"
    | "cycle"
    | "verified"
    | "orphaned"
    | "authorSeats"
    | "assignee"
    | "credits"
    | "resolution"
    | "lastError"
    | "waitDetail"
  >
>;

/** What a new load of the asset may change on a stored card; its state is never among it. */
export type CardDefinition = Pick<
  Card,
  "type" | "summary" | "priority" | "seat" | "dependsOn" | "retriesMax" | "position"
> & {
  readonly brief: CardBrief;
};

export type CardStore = {
  readonly get: (build: string, id: string) => Promise<Card | null>;
  /** The card of that id in the build with the newest run; ids compare without case. */
  readonly find: (id: string) => Promise<Card | null>;
  readonly list: (filter: CardFilter) => Promise<readonly Card[]>;
  /** A list to be read in parts: in the order the cards were stored, those after that one; none when it is not there. */
  readonly page: (
    filter: Omit<CardFilter, "ids" | "limit"> & { readonly limit: number },
    after: CardKey | null,
  ) => Promise<readonly Card[]>;
  /** Cards of the build that were written after that event; the way a run learns what others did. */
  readonly changedSince: (build: string, seq: number) => Promise<readonly Card[]>;
  readonly brief: (build: string, id: string) => Promise<CardBrief | null>;
  /** False when the id is taken in that build. */
  readonly insert: (card: NewCard) => Promise<boolean>;
  /** A card in the middle of its life, for a build that is a copy of another. False when the id is taken. */
  readonly insertPast: (card: PastCard) => Promise<boolean>;
  /** Compare-and-set: false when status or version are no longer those. The only writer of the status column. */
  readonly move: (card: Pick<Card, "build" | "id" | "version">, move: CardMove) => Promise<boolean>;
  readonly write: (build: string, id: string, columns: CardColumns) => Promise<void>;
  readonly define: (build: string, id: string, definition: CardDefinition) => Promise<void>;
  readonly lastVerification: (build: string, id: string) => Promise<VerificationRun | null>;
  /** Adds it; those before it stay. */
  readonly addVerification: (build: string, id: string, run: VerificationRun) => Promise<void>;
};

export type Comment = {
  readonly id: number;
  readonly build: string;
  readonly card: string;
  /** `agent:<seat>`, `human:<name>`, `engine`. */
  readonly author: string;
  readonly text: string;
  readonly at: string;
  readonly turn: string | null;
};

export type CommentStore = {
  readonly add: (comment: Omit<Comment, "id" | "at">) => Promise<void>;
  readonly list: (build: string, card: string, limit: number) => Promise<readonly Comment[]>;
  /** The same words of the same author at the same time, in another build. */
  readonly copy: (
    comment: Comment,
    to: { readonly build: string; readonly turn: string | null },
  ) => Promise<void>;
};

export type Build = {
  readonly id: string;
  readonly epic: string;
  readonly department: string;
  readonly rock: string | null;
  /** Digest of the workspace after the last commit the engine knows of. */
  readonly workspaceDigest: string | null;
};

export type RunChange = {
  readonly reason: RunReason | null;
  readonly detail: string | null;
  readonly at: string;
};

export type Lease = { readonly owner: string; readonly epoch: number; readonly untilMs: number };

export type Wanted = { readonly wish: RunWish | null; readonly epoch: number };

export type RunStore = {
  readonly get: (id: string) => Promise<Run | null>;
  /** Newest first. */
  readonly list: (filter: {
    readonly build?: string;
    readonly statuses?: readonly RunStatus[];
    /** Only those older than this run; none when it is not there. */
    readonly before?: string;
    readonly limit: number;
  }) => Promise<readonly Run[]>;
  /** The active run that holds one of these builds; the store itself refuses a second one. */
  readonly activeOn: (builds: readonly string[]) => Promise<Run | null>;
  /** `snapshot` is what the run was started with: assets and settings. Refuses by throwing BUILD_BUSY when a build is held. */
  readonly insert: (
    run: Omit<
      Run,
      "epoch" | "activeMs" | "startedAt" | "endedAt" | "turns" | "usage" | "reason" | "detail"
    >,
    snapshot: JsonObject,
  ) => Promise<void>;
  readonly snapshot: (id: string) => Promise<JsonObject | null>;
  /** Compare-and-set on the status. */
  readonly move: (
    id: string,
    from: RunStatus,
    to: RunStatus,
    change: RunChange,
  ) => Promise<boolean>;
  readonly addUsage: (id: string, usage: Usage, turns: number) => Promise<void>;
  /** Notes what a person wants of a running run; its owner looks for it. False when the run is not running. */
  readonly want: (id: string, wish: RunWish) => Promise<boolean>;
  /** What is wanted of the run's owner, and who that is: the epoch. Null when there is no such run. */
  readonly wanted: (id: string) => Promise<Wanted | null>;
  readonly setBudget: (id: string, budget: Budget) => Promise<void>;
  readonly addActive: (id: string, ms: number) => Promise<void>;
  /** Takes the run when it has no owner, or the owner's lease ended before `nowMs`; gives the new epoch, or null. What was wanted of the last owner is forgotten. */
  readonly claim: (
    id: string,
    owner: string,
    nowMs: number,
    untilMs: number,
  ) => Promise<number | null>;
  /** False when the epoch is no longer this one. */
  readonly renew: (id: string, epoch: number, untilMs: number) => Promise<boolean>;
  readonly release: (id: string, epoch: number) => Promise<void>;
  readonly lease: (id: string) => Promise<Lease | null>;
  readonly build: (id: string) => Promise<Build | null>;
  readonly saveBuild: (build: Build) => Promise<void>;
};

export type TurnFinish = {
  readonly status: TurnStatus;
  readonly outcome: string;
  readonly commit: string | null;
  readonly at: string;
};

export type TurnCopy = {
  readonly id: string;
  readonly build: string;
  readonly paths: readonly string[];
};

export type TurnFilter = {
  readonly run?: string;
  readonly build?: string;
  readonly card?: string;
  readonly statuses?: readonly TurnStatus[];
  readonly limit: number;
};

export type CardSpending = {
  readonly usage: Usage;
  readonly turns: number;
  /** From start to end of each ended turn. */
  readonly endedMs: number;
  /** How long its turns, ended and live, waited for answers that they have by now. */
  readonly waitedMs: number;
};

export type TurnStore = {
  readonly get: (id: string) => Promise<Turn | null>;
  /** Oldest first; the newest `limit` of them. */
  readonly list: (filter: TurnFilter) => Promise<readonly Turn[]>;
  /** What a card's ended turns said and did, dropped ones left out; oldest first, the newest `limit` of them. */
  readonly history: (build: string, card: string, limit: number) => Promise<readonly EarlierTurn[]>;
  readonly insert: (
    turn: Omit<Turn, "usage" | "commit" | "outcome" | "endedAt">,
    prompt: readonly ChatMessage[],
  ) => Promise<void>;
  readonly prompt: (id: string) => Promise<readonly ChatMessage[]>;
  readonly steps: (id: string) => Promise<readonly Step[]>;
  readonly addStep: (id: string, step: Omit<Step, "results">) => Promise<void>;
  /** `effect` is what the call is about to change, so that a crash can be told from the change. */
  readonly beginCall: (
    id: string,
    step: number,
    callId: string,
    effect: PlannedEffect | null,
  ) => Promise<void>;
  readonly finishCall: (
    id: string,
    step: number,
    callId: string,
    result: ToolResult,
  ) => Promise<void>;
  readonly finish: (id: string, finish: TurnFinish) => Promise<void>;
  /**
   * A finished turn with its prompt, steps and results, once more in another build under another id. It stays a turn of
   * the run that made it. `paths` are what it wrote and a commit holds.
   */
  readonly copy: (id: string, to: TurnCopy) => Promise<void>;
  /** Paths this card's turns wrote that no commit holds yet. */
  readonly addWrite: (id: string, path: string) => Promise<void>;
  /** Paths the card's turns ever wrote, sorted. */
  readonly filesOf: (build: string, card: string, limit: number) => Promise<readonly string[]>;
  readonly uncommittedWrites: (build: string, card: string) => Promise<readonly string[]>;
  /** How many turns the card had in this build and run, and how many replies this seat gave on it in this build. */
  /** What the turns of a card in this build cost so far. */
  readonly spentOn: (build: string, card: string) => Promise<CardSpending>;
  readonly counts: (key: {
    readonly run: string;
    readonly build: string;
    readonly card: string;
    readonly seat: string;
  }) => Promise<{
    readonly ofCard: number;
    readonly ofCardInRun: number;
    readonly seatReplies: number;
    readonly runReplies: number;
  }>;
};

export type NewApproval = Omit<
  Approval,
  "state" | "decidedAt" | "decidedBy" | "decisionReason" | "usedAt"
>;

export type ApprovalFilter = {
  readonly kind?: ApprovalKind;
  readonly states?: readonly ApprovalState[];
  readonly run?: string;
  readonly turn?: string;
  readonly limit: number;
};

export type ApprovalDecision = {
  readonly state: Exclude<ApprovalState, "pending">;
  readonly by: string;
  readonly reason: string | null;
  readonly at: string;
};

/** The events that belong to a question and its answer are written by whoever asks and decides, in the same transaction. */
export type ApprovalStore = {
  readonly get: (id: string) => Promise<Approval | null>;
  /** Oldest first; the oldest `limit` of them. */
  readonly list: (filter: ApprovalFilter) => Promise<readonly Approval[]>;
  /** Stores it as pending, its texts without secrets. */
  readonly request: (approval: NewApproval) => Promise<void>;
  /** Compare-and-set: false when it is not pending any more, or not there. */
  readonly decide: (id: string, decision: ApprovalDecision) => Promise<boolean>;
  /** Notes that the answer was taken; false when it was before, or there is none yet. */
  readonly use: (id: string, at: string) => Promise<boolean>;
};

export type EventFilter = {
  /** Exclusive bounds. */
  readonly after?: number;
  readonly before?: number;
  readonly run?: string;
  readonly build?: string;
  readonly card?: string;
  readonly types?: readonly EventType[];
  readonly limit: number;
};

export type EventLog = {
  /** Gives the events with their sequence numbers, times and hashes. */
  readonly append: (events: readonly NewEvent[]) => Promise<readonly Event[]>;
  readonly list: (filter: EventFilter) => Promise<readonly Event[]>;
  readonly lastSeq: () => Promise<number>;
};

/** `words` in full: the store takes secrets out, then cuts them to the text of the memory. */
export type NewMemory = Omit<Memory, "id" | "at" | "text"> & { readonly words: string };

/** Memories are never changed. A forgotten one stays in the store for the audit, and is never given again. */
export type MemoryStore = {
  /** Gives its id; ids rise. A turn leaves at most one. */
  readonly add: (memory: NewMemory) => Promise<number>;
  /** Costs next to nothing: each turn of a project without memories asks it. */
  readonly any: () => Promise<boolean>;
  /**
   * Those that share a word of `wordsOf` with the words given, most shared words first, newest first among equals; the
   * newest when there are no words.
   */
  readonly find: (words: ReadonlySet<string>, limit: number) => Promise<readonly Memory[]>;
  /** Null when there is none, or it is forgotten. */
  readonly get: (id: number) => Promise<Memory | null>;
  /** False when there is none, or it is forgotten already. Its event is written by the caller. */
  readonly forget: (id: number) => Promise<boolean>;
};

export type PhaseChange = Pick<
  Phase,
  "status" | "days" | "endsAt" | "extendableFrom" | "completedAt"
>;

export type PhaseStore = {
  /** Opens a phase; the rock's open one, unchanged, when there is one already. */
  readonly start: (phase: NewPhase) => Promise<{ readonly phase: Phase; readonly isNew: boolean }>;
  /** Newest first. */
  readonly list: (filter: {
    readonly status?: Phase["status"];
    readonly limit: number;
  }) => Promise<readonly Phase[]>;
  /** Compare-and-set: false when the phase is no longer as it was read. */
  readonly change: (phase: Phase, change: PhaseChange) => Promise<boolean>;
  /** Issues of the builds whose type or label is `bug`, by creation; orphaned ones do not count. */
  readonly bugs: (builds: readonly string[]) => Promise<readonly Bug[]>;
};

export type NewSandbox = Pick<
  Sandbox,
  "id" | "build" | "stack" | "ports" | "urls" | "services" | "sources" | "createdAt" | "expiresAt"
> & { readonly block: number; readonly owner: string; readonly busyUntil: string };

/** Only what is given is written. */
export type SandboxChange = Partial<
  Pick<
    Sandbox,
    | "state"
    | "reason"
    | "block"
    | "ports"
    | "urls"
    | "misses"
    | "owner"
    | "deployer"
    | "busyUntil"
    | "checkedAt"
  >
> & { readonly nextEpoch?: number };

/** The events that belong to a change are written by whoever makes it, in the same transaction. */
export type SandboxStore = {
  readonly get: (id: string) => Promise<Sandbox | null>;
  /** Oldest id first. */
  readonly list: (filter: {
    readonly build?: string;
    readonly states?: readonly SandboxState[];
    readonly limit: number;
  }) => Promise<readonly Sandbox[]>;
  /** As creating, owned and deployed by its owner. False when the id is held; a block that another one holds throws. */
  readonly create: (sandbox: NewSandbox) => Promise<boolean>;
  /** Compare-and-set on the epoch: false when somebody else acts on the sandbox since. */
  readonly change: (
    sandbox: Pick<Sandbox, "id" | "epoch">,
    change: SandboxChange,
  ) => Promise<boolean>;
  /** Notes that it was used; false when it is not up. */
  readonly touch: (id: string, at: string, expiresAt: string) => Promise<boolean>;
  /** Says that nothing of this deployer's is being brought up any more, whoever acts on the sandbox now. */
  readonly leave: (id: string, deployer: string) => Promise<void>;
};

export type StoredKey = ApiKey & {
  /** SHA-256 of the key's text, in hex. */
  readonly digest: string;
};

/** Its events are written by whoever adds and revokes, in the same transaction. */
export type KeyStore = {
  readonly get: (id: string) => Promise<StoredKey | null>;
  /** Every key of that name, revoked ones too, oldest first. */
  readonly named: (name: string) => Promise<readonly ApiKey[]>;
  /** Newest first. */
  readonly list: (limit: number) => Promise<readonly ApiKey[]>;
  /** Throws when the id is taken. */
  readonly add: (key: Omit<StoredKey, "lastUsedAt" | "revokedAt" | "revokedBy">) => Promise<void>;
  /** False when there is none, or it is revoked already. */
  readonly revoke: (
    id: string,
    by: { readonly by: string; readonly at: string },
  ) => Promise<boolean>;
  readonly noteUse: (id: string, at: string) => Promise<void>;
};

/** As it comes in: `state` is accepted or ignored. `body` is its text, from which the store takes secrets. */
export type NewDelivery = Omit<
  Delivery,
  "number" | "attempts" | "nextAttemptMs" | "settledAt" | "state" | "receivedAt"
> & { readonly body: string; readonly state: "accepted" | "ignored" };

export type DeliveryFilter = {
  readonly states?: readonly DeliveryState[];
  readonly limit: number;
};

export type DeliveryClaim = {
  /** Only these are taken, and only these are waited for in their lane. */
  readonly events: readonly string[];
  readonly owner: string;
  /** Their leases have ended, whatever they say. */
  readonly goneOwners: readonly string[];
  readonly nowMs: number;
  readonly untilMs: number;
};

export type DeliveryEnd = {
  readonly state: Exclude<DeliveryState, "working">;
  readonly reason: string | null;
  readonly nextAttemptMs: number;
};

/** The right to renew and settle a delivery: the number of the attempt that took it. */
export type DeliveryAttempt = Pick<Delivery, "id" | "attempts">;

/** The events of a delivery are written by whoever adds and settles it, in the same transaction. */
export type DeliveryStore = {
  /** The delivery that is there already, when its id or its event and body digest are known; null when it was stored. */
  readonly add: (delivery: NewDelivery) => Promise<Delivery | null>;
  readonly get: (id: string) => Promise<Delivery | null>;
  readonly body: (id: string) => Promise<string | null>;
  /** Newest first. */
  readonly list: (filter: DeliveryFilter) => Promise<readonly Delivery[]>;
  /** Each that works on one now, or was lost over it. */
  readonly owners: () => Promise<readonly string[]>;
  /**
   * The oldest that may be worked on: due, or left behind by an owner whose lease has ended, and with none before it in
   * its lane that is still open. It is working then, with one attempt more.
   */
  readonly claim: (claim: DeliveryClaim) => Promise<Delivery | null>;
  /** False when somebody else has taken it meanwhile. */
  readonly renew: (attempt: DeliveryAttempt, untilMs: number) => Promise<boolean>;
  /** Compare-and-set: false when it is not working on this attempt any more. */
  readonly settle: (attempt: DeliveryAttempt, end: DeliveryEnd) => Promise<boolean>;
  /** A dead one is accepted again, with all its attempts; false when it is not dead. */
  readonly revive: (id: string, nowMs: number) => Promise<boolean>;
};

export type NewPublished = Pick<
  Published,
  "source" | "project" | "repository" | "branch" | "sha" | "tree" | "sourceSha" | "parity"
>;

/** Its events are written by whoever publishes and moves, in the same transaction. */
export type PublishedStore = {
  /** The row that speaks of the folder in its source; not of one that was put away. */
  readonly current: (source: string, project: string) => Promise<Published | null>;
  /** Oldest first. */
  readonly list: (filter: {
    readonly states: readonly PublishedState[];
    readonly limit: number;
  }) => Promise<readonly Published[]>;
  /** Writes the current row, or the first one of the folder. It was published then unless the commit is the same. */
  readonly save: (published: NewPublished) => Promise<Published>;
  /** Compare-and-set on the state: false when it is another by now. The place stays unless one is given. */
  readonly move: (
    published: Pick<Published, "number" | "state">,
    to: { readonly state: PublishedState; readonly place?: string },
  ) => Promise<boolean>;
};

export type Counts<Word extends string> = Readonly<Record<Word, number>>;

/** Every state is named, also where there is none of it. */
export type Tally = {
  readonly cards: Counts<CardStatus>;
  readonly runs: Counts<RunStatus>;
  readonly approvals: Counts<ApprovalState>;
  readonly sandboxes: Counts<SandboxState>;
  readonly deliveries: Counts<DeliveryState>;
  /** Sums over all runs that there ever were. */
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
};

/** For whoever watches from outside; its cost does not grow with what single things hold. */
export type TallyStore = { readonly count: () => Promise<Tally> };

export type PullRequestFilter = {
  readonly states?: readonly PullRequestState[];
  readonly fullName?: string;
  readonly headSha?: string;
  /** Only those that are to be looked at by then. */
  readonly dueMs?: number;
  readonly limit: number;
};

/** Whoever looks after a pull request or a errand now, by a lease. */
export type Holder = { readonly owner: string; readonly untilMs: number };

export type ErrandEnd = {
  readonly state: Errand["state"];
  readonly failure: string | null;
  readonly answer: JsonObject | null;
  readonly nextAttemptMs: number;
};

/** The events of a change are written by whoever makes it, in the same transaction. */
export type PullRequestStore = {
  readonly get: (key: PullRequestKey) => Promise<TrackedPullRequest | null>;
  /** By the name its repository had last; names compare without case. */
  readonly named: (fullName: string, number: number) => Promise<TrackedPullRequest | null>;
  /** Last changed first. */
  readonly list: (filter: PullRequestFilter) => Promise<readonly TrackedPullRequest[]>;
  /** False when there is one already. */
  readonly insert: (row: TrackedPullRequest) => Promise<boolean>;
  /** Compare-and-set on the version of the row given: false when it is another by now. The store raises it. */
  readonly write: (row: TrackedPullRequest) => Promise<boolean>;
  readonly holder: (key: PullRequestKey) => Promise<Holder | null>;
  /** Compare-and-set on who was there: false when it is somebody else by now. Null lets go. */
  readonly hold: (
    key: PullRequestKey,
    change: { readonly from: Holder | null; readonly to: Holder | null },
  ) => Promise<boolean>;
  readonly errands: PullRequestErrands;
};

export type PullRequestErrands = {
  /** In the order they were asked for. */
  readonly list: (filter: {
    readonly key?: PullRequestKey;
    readonly kinds?: readonly Errand["kind"][];
    readonly states?: readonly Errand["state"][];
    readonly limit: number;
  }) => Promise<readonly Errand[]>;
  /** One that was asked for before stays as it is. */
  readonly add: (errand: NewErrand, nowMs: number) => Promise<void>;
  /** One attempt more, for this holder; false when somebody else took it, or it is not open any more. */
  readonly take: (errand: Pick<Errand, "id" | "attempts">, holder: Holder) => Promise<boolean>;
  /** False when it was taken by somebody else, or dropped. */
  readonly renew: (errand: Pick<Errand, "id" | "attempts">, untilMs: number) => Promise<boolean>;
  /** Compare-and-set as `renew`. */
  readonly settle: (errand: Pick<Errand, "id" | "attempts">, end: ErrandEnd) => Promise<boolean>;
  /** Open ones of these kinds, but for what is about `except`; those that run notice when they renew. */
  readonly drop: (
    key: PullRequestKey,
    which: { readonly kinds?: readonly Errand["kind"][]; readonly except?: string },
  ) => Promise<number>;
};

export type StoreTransaction = {
  readonly cards: CardStore;
  readonly comments: CommentStore;
  readonly runs: RunStore;
  readonly turns: TurnStore;
  readonly memories: MemoryStore;
  readonly phases: PhaseStore;
  readonly approvals: ApprovalStore;
  readonly sandboxes: SandboxStore;
  readonly keys: KeyStore;
  readonly deliveries: DeliveryStore;
  readonly published: PublishedStore;
  readonly tallies: TallyStore;

  readonly pullRequests: PullRequestStore;
  readonly events: EventLog;
};

/** The right to write for a run: a transaction that carries it fails with RUN_LOST when the run has a newer owner, or none. */
export type Fence = { readonly run: string; readonly epoch: number };

export type ChainCheck =
  | { readonly valid: true; readonly count: number; readonly lastHash: string }
  | { readonly valid: false; readonly seq: number; readonly problem: string };

/**
 * Contract (test/contract/store.suite.ts checks each line for every database):
 * - `transaction` is serial among all processes on the database; it is all or nothing, durable when it resolves, and
 *   rolled back when its work throws or returns a refusal (`{ ok: false }`).
 * - Several transactions asked for at once queue up; none is lost and none sees another's half. Those that wait together
 *   may share a commit; one that fails takes back only its own.
 * - A transaction may not be opened inside another.
 * - `read` sees one consistent state and cannot write.
 * - A database that is newer than this code is STORE_NEWER; a full disk is STORE_FULL and nothing of it was kept;
 *   an unreadable row is STORE_CORRUPT and never cast.
 * - `verifyChain` reads every event and names the first that was changed, removed or moved.
 */
export type Store = {
  readonly transaction: <Value>(
    work: (transaction: StoreTransaction) => Promise<Value>,
    fence?: Fence,
  ) => Promise<Value>;
  readonly read: <Value>(work: (transaction: StoreTransaction) => Promise<Value>) => Promise<Value>;
  readonly verifyChain: () => Promise<ChainCheck>;
  readonly close: () => Promise<void>;
};
