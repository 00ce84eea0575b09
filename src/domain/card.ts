// Cards: what a rock, an epic and an issue have in common, the words of their life, and the reading of a priority.
// Who may move a card where stands in card-moves.ts.
import type { Verification } from "./assets.ts";
import type { JsonObject } from "./json.ts";

export const CARD_KINDS = ["rock", "epic", "issue"] as const;
export type CardKind = (typeof CARD_KINDS)[number];

export const CARD_TYPES = ["rock", "epic", "issue", "story", "bug", "task"] as const;
export type CardType = (typeof CARD_TYPES)[number];

export const CARD_STATUSES = [
  "ready",
  "in_progress",
  "blocked",
  "waiting_for_developer",
  "ready_for_testing",
  "code_review",
  "done",
  "canceled",
  "archived",
] as const;
export type CardStatus = (typeof CARD_STATUSES)[number];

export const WAIT_REASONS = ["resource", "dependency", "review", "input", "system"] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** What every reader may know of a stored card. A card is identified by its build and its id together. */
export type Card = {
  readonly build: string;
  readonly id: string;
  readonly kind: CardKind;
  readonly type: CardType;
  readonly summary: string;
  readonly status: CardStatus;
  /** Set exactly while the status is `blocked` or `waiting_for_developer`. */
  readonly waitReason: WaitReason | null;
  /** What it waits for, in words: the unmet dependency, the question, the error. */
  readonly waitDetail: string | null;
  /** Rises by one with each write; every write states the version it expects. */
  readonly version: number;
  readonly priority: number;
  /** Normalized seat key; null on epics and rocks. */
  readonly seat: string | null;
  /** Id of the epic the issue belongs to; null on epics and rocks. */
  readonly epic: string | null;
  readonly parent: string | null;
  readonly department: string;
  /** Place in its file; the tie-break after the time of creation. */
  readonly position: number;
  readonly dependsOn: readonly string[];
  readonly retryCount: number;
  readonly retriesMax: number;
  /** Number of rejections in review since the last done, restart or human unblock. */
  readonly cycle: number;
  readonly verified: boolean;
  /** A record whose asset no longer defines it: kept, never dispatched, not counted. */
  readonly orphaned: boolean;
  /** Seats whose turns changed the workspace for this card since its last done or restart; none of them may review it. */
  readonly authorSeats: readonly string[];
  readonly assignee: string | null;
  readonly credits: number;
  readonly resolution: string | null;
  readonly lastError: string | null;
  /** Moments are ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Since when it has its status; other changes leave it alone. */
  readonly statusSince: string;
};

/** What a card is about, as its asset or the tool call that created it said; everything a prompt shows of it. */
export type CardBrief = {
  readonly description: string;
  readonly note: string;
  readonly requirements: string;
  readonly acceptance: readonly string[];
  readonly labels: readonly string[];
  readonly references: readonly string[];
  readonly params: JsonObject;
  readonly verification: Verification | null;
};

export const EMPTY_BRIEF: CardBrief = {
  description: "",
  note: "",
  requirements: "",
  acceptance: [],
  labels: [],
  references: [],
  params: {},
  verification: null,
};

/** What has happened to a card on which nobody worked yet. */
export const UNTOUCHED = {
  retryCount: 0,
  cycle: 0,
  verified: false,
  orphaned: false,
  authorSeats: [],
  credits: 0,
  resolution: null,
  lastError: null,
} as const satisfies Partial<Card>;

const CLOSED: ReadonlySet<CardStatus> = new Set(["done", "canceled", "archived"]);

/** Nothing more happens to it by itself. */
export const isClosed = (status: CardStatus): boolean => CLOSED.has(status);

export const isCardStatus = (value: unknown): value is CardStatus =>
  typeof value === "string" && (CARD_STATUSES as readonly string[]).includes(value);

export const isWaitReason = (value: unknown): value is WaitReason =>
  typeof value === "string" && (WAIT_REASONS as readonly string[]).includes(value);

const PRIORITY_WORDS: ReadonlyMap<string, number> = new Map([
  ["critical", 4],
  ["high", 3],
  ["medium", 2],
  ["low", 1],
]);

/** The one reader of a priority, for assets and stored records alike; null when it is none. Words in any case, numbers from 0. */
export function parsePriority(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : null;
  if (typeof value !== "string") return null;
  const text = value.trim().toLowerCase();
  const word = PRIORITY_WORDS.get(text);
  if (word !== undefined) return word;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/** The word a prompt uses: the nearest of the four, from above. */
export function priorityWord(priority: number): string {
  if (priority >= 4) return "critical";
  if (priority >= 3) return "high";
  return priority >= 2 ? "medium" : "low";
}

/** A card id, and every other name that becomes part of a path. */
export const CARD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const BUILD_SEGMENTS_MAX = 4;

/** A build's id is its path under a folder: in `workspaces` its files, in `git` its history, in `logs` its log. */
export function isBuildId(id: string): boolean {
  const segments = id.split("/");
  // `a.git/b` would lie inside of the repository of the build `a`.
  return (
    segments.length <= BUILD_SEGMENTS_MAX &&
    segments.every((name) => CARD_ID_PATTERN.test(name) && !/\.git$/i.test(name))
  );
}

/** Lower case, every run of other characters a dash, at most 40 characters. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
