// A sandbox as the registry knows it: its states and which may follow which, when it is healthy, when its time is over.
// What is inside of it is a stack (stack.ts); what really runs is the engine's word, asked by the application.
import type { Result } from "./result.ts";
import { ok, refuse } from "./result.ts";
import type { PublishedPort } from "./stack.ts";

export const SANDBOX_STATES = [
  "creating",
  "running",
  "unhealthy",
  "failed",
  "stopping",
  "deleted",
] as const;
export type SandboxState = (typeof SANDBOX_STATES)[number];

export type Sandbox = {
  readonly id: string;
  readonly build: string;
  /** Name of the stack, or `own`. */
  readonly stack: string;
  readonly state: SandboxState;
  /** Why it is failed or unhealthy. */
  readonly reason: string | null;
  /** Number of its port block; null when it holds none. */
  readonly block: number | null;
  readonly ports: readonly PublishedPort[];
  /** By role, without credentials. */
  readonly urls: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  /** Digest of the committed workspace that was copied; null when the stack needs no sources. */
  readonly sources: string | null;
  /** Health checks in a row that went badly. */
  readonly misses: number;
  /** Rises with each action; who acts with an older one has lost the sandbox. */
  readonly epoch: number;
  /** The process that creates or stops it; null when nobody does. */
  readonly owner: string | null;
  /** The process in which the engine may still be bringing it up, also after somebody else began to stop it. */
  readonly deployer: string | null;
  /** Until when its owner is believed to be at work, whatever is known of that process. */
  readonly busyUntil: string | null;
  /** The last check of its health that counted. */
  readonly checkedAt: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
};

/**
 *   creating ──▶ running ◀──▶ unhealthy
 *      │            │             │
 *      └────────────┴──▶ failed ◀─┘          any ──▶ stopping ──▶ deleted
 *                           ▲                            │
 *                           └────────────────────────────┘
 * Failed is also where a deletion ends that did not work; it can be repeated from there. A deleted one, and a failed one
 * that holds no ports any more, give their id back: it can be created again.
 */
const NEXT: Readonly<Record<SandboxState, readonly SandboxState[]>> = {
  creating: ["running", "unhealthy", "failed", "stopping"],
  running: ["unhealthy", "failed", "stopping"],
  unhealthy: ["running", "failed", "stopping"],
  failed: ["stopping"],
  stopping: ["deleted", "failed"],
  deleted: [],
};

export const canMove = (from: SandboxState, to: SandboxState): boolean => NEXT[from].includes(to);

export function decideSandboxMove(
  { id, state }: Pick<Sandbox, "id" | "state">,
  to: SandboxState,
): Result<SandboxState> {
  if (canMove(state, to)) return ok(to);
  const message = `The sandbox ${id} is ${state} and cannot become ${to}. See it with: orket sandboxes`;
  return refuse("SANDBOX_STATE", message, { sandbox: id, from: state, to });
}

/** Whether a new sandbox may take the id of this one. */
export const isReusable = ({ state, block }: Pick<Sandbox, "state" | "block">): boolean =>
  state === "deleted" || (state === "failed" && block === null);

export const isUp = ({ state }: Pick<Sandbox, "state">): boolean =>
  state === "running" || state === "unhealthy";

export const SANDBOX_TTL_MS = 24 * 3_600_000;

export const expiryOf = (usedMs: number): string => new Date(usedMs + SANDBOX_TTL_MS).toISOString();

export const isExpired = ({ expiresAt }: Pick<Sandbox, "expiresAt">, nowMs: number): boolean =>
  Date.parse(expiresAt) <= nowMs;

/** What the engine says of one service. */
export type ServiceFacts = {
  readonly service: string;
  readonly state: string;
  readonly health: "healthy" | "unhealthy" | "starting" | null;
};

/**
 * Why the sandbox is not healthy; null when it is: there is at least one service, and each is running and not failing its
 * check. An engine that names none at all says that nothing is there.
 */
export function illnessOf(
  services: readonly string[],
  facts: readonly ServiceFacts[],
): string | null {
  if (facts.length === 0) return "none of its services is there";
  const told = new Set(facts.map(({ service }) => service));
  const missing = services.filter((name) => !told.has(name));
  const ill = facts.filter(({ state, health }) => state !== "running" || health === "unhealthy");
  const lines = [
    ...missing.map((name) => `${name} is missing`),
    ...ill.map(({ service, state }) =>
      state === "running" ? `${service} fails its check` : `${service} is ${state}`,
    ),
  ];
  return lines.length === 0 ? null : lines.join(", ");
}

export const MISSES_MAX = 3;

export type HealthStep = Pick<Sandbox, "state" | "misses" | "reason">;

/** What a check makes of a sandbox that is up; a bad one counts, and the third in a row changes the state. */
export function healthStep(
  { state, misses, reason }: HealthStep,
  illness: string | null,
): HealthStep {
  if (illness === null) return { state: "running", misses: 0, reason: null };
  const count = Math.min(misses + 1, MISSES_MAX);
  if (count < MISSES_MAX && state === "running") return { state, misses: count, reason };
  return { state: "unhealthy", misses: count, reason: illness };
}
