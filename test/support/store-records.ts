// Records for tests of the store: complete ones, of which a test states only what it is about.
import type { CardStatus } from "../../src/domain/card.ts";
import type { CardMove } from "../../src/domain/card-moves.ts";
import type { NewEvent } from "../../src/domain/events.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import type { Step } from "../../src/domain/turn.ts";
import type {
  NewApproval,
  NewCard,
  NewMemory,
  RunStore,
  TurnStore,
} from "../../src/ports/store.ts";

export const newCard = (id: string, more: Partial<NewCard> = {}): NewCard => ({
  build: "build-a",
  id,
  kind: "issue",
  type: "story",
  summary: `Work on ${id}`,
  status: "ready",
  waitReason: null,
  waitDetail: null,
  priority: 2,
  seat: "coder",
  epic: "a",
  parent: null,
  department: "core",
  position: 0,
  dependsOn: [],
  retriesMax: 3,
  assignee: null,
  brief: {
    description: "What is wanted",
    note: "",
    requirements: "R1",
    acceptance: ["it works"],
    labels: [],
    references: [],
    params: { depth: { of: [1, null, "x"] } },
    verification: null,
  },
  ...more,
});

type NewRun = Parameters<RunStore["insert"]>[0];

export const newRun = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id,
  card: "a",
  kind: "epic",
  builds: ["build-a"],
  status: "queued",
  budget: NO_BUDGET,
  model: null,
  createdAt: "2025-03-01T10:00:00.000Z",
  ...more,
});

type NewTurn = Parameters<TurnStore["insert"]>[0];

export const newTurn = (id: string, more: Partial<NewTurn> = {}): NewTurn => ({
  id,
  run: "run-1",
  build: "build-a",
  card: "A-1",
  number: 1,
  seat: "coder",
  kind: "work",
  cycle: 0,
  model: "scripted",
  status: "live",
  startedAt: "2025-03-01T10:00:00.000Z",
  ...more,
});

export const newMemory = (words: string, more: Partial<NewMemory> = {}): NewMemory => ({
  project: "Orket",
  build: "build-a",
  card: "A-1",
  run: "run-1",
  turn: "turn-1",
  seat: "coder",
  words,
  ...more,
});

export const newStep = (
  number: number,
  more: Partial<Omit<Step, "results">> = {},
): Omit<Step, "results"> => ({
  number,
  text: `reply ${number}`,
  calls: [],
  usage: { inputTokens: 10, outputTokens: 2, costUsd: 0.5 },
  ...more,
});

export const newApproval = (id: string, more: Partial<NewApproval> = {}): NewApproval => ({
  id,
  kind: "tool",
  run: "run-1",
  build: "build-a",
  card: "A-1",
  turn: "turn-1",
  step: 1,
  call: "call-1-1",
  epoch: 1,
  tool: "reset_issue",
  riskClass: "sensitive",
  arguments: { issue_id: "A-2", confirm: true },
  argsHash: "a".repeat(64),
  payload: {},
  reason: "its class is sensitive",
  requestedAt: "2025-03-01T10:00:00.000Z",
  expiresAt: "2025-03-02T10:00:00.000Z",
  ...more,
});

/** A question that belongs to no run: whether a plan is applied. */
export const newPlanApproval = (id: string, more: Partial<NewApproval> = {}): NewApproval =>
  newApproval(id, {
    kind: "plan",
    run: null,
    build: null,
    card: null,
    turn: null,
    step: null,
    call: null,
    epoch: null,
    tool: null,
    riskClass: null,
    arguments: {},
    payload: { summary: "Two new issues", files: [{ path: "model/core/epics/a.yaml" }] },
    ...more,
  });

export const newEvent = (more: Partial<NewEvent> = {}): NewEvent => ({
  type: "card-moved",
  actor: "engine",
  data: { from: "ready", to: "in_progress" },
  ...more,
});

export const moveTo = (
  from: CardStatus,
  to: CardStatus,
  more: Partial<CardMove> = {},
): CardMove => ({
  from,
  to,
  waitReason: to === "blocked" || to === "waiting_for_developer" ? "input" : null,
  waitDetail: null,
  cause: "command",
  ...more,
});
