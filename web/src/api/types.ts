// The wire types of the server, as the pages name them. They are read off the server's own schemas and hold no code.
import type { z } from "zod";
import type {
  cardPage,
  cardSchema,
  cardViewSchema,
  eventPage,
  eventSchema,
  healthSchema,
  heartbeatSchema,
  keySchema,
  metricsSchema,
  problemSchema,
  runPage,
  runSchema,
  runViewSchema,
  versionSchema,
} from "../../../src/http/api.ts";
import type {
  approvalPage,
  approvalSchema,
  boardSchema,
  calendarSchema,
  chatSchema,
  planSchema,
  explorerSchema,
  fileSchema,
  postureSchema,
  previewSchema,
  runFilesSchema,
  sandboxHealthSchema,
  sandboxPage,
  sandboxSchema,
  savedSchema,
  settingsSchema,
  turnPage,
  turnViewSchema,
} from "../../../src/http/api-project.ts";
import type { reviewPage, reviewSchema, reviewView } from "../../../src/http/routes/reviews.ts";

export type Review = z.output<typeof reviewSchema>;
export type ReviewPage = z.output<typeof reviewPage>;
export type ReviewView = z.output<typeof reviewView>;
export type ReviewLimits = ReviewPage["limits"];
export type Sandbox = z.output<typeof sandboxSchema>;
export type SandboxHealth = z.output<typeof sandboxHealthSchema>;
export type SandboxPage = z.output<typeof sandboxPage>;
export type Heartbeat = z.output<typeof heartbeatSchema>;
export type Metrics = z.output<typeof metricsSchema>;
export type DriverAnswer = z.output<typeof chatSchema>;
export type WaitingPlan = z.output<typeof planSchema>;
export type RunFiles = z.output<typeof runFilesSchema>;
export type Problem = z.output<typeof problemSchema>;
export type Health = z.output<typeof healthSchema>;
export type OwnKey = z.output<typeof keySchema>;
export type Version = z.output<typeof versionSchema>;
export type WireEvent = z.output<typeof eventSchema>;
export type EventPage = z.output<typeof eventPage>;
export type Card = z.output<typeof cardSchema>;
export type CardPage = z.output<typeof cardPage>;
export type CardView = z.output<typeof cardViewSchema>;
export type CardStatus = Card["status"];
export type Run = z.output<typeof runSchema>;
export type RunPage = z.output<typeof runPage>;
export type RunView = z.output<typeof runViewSchema>;
export type Approval = z.output<typeof approvalSchema>;
export type ApprovalPage = z.output<typeof approvalPage>;
export type TurnPage = z.output<typeof turnPage>;
export type TurnView = z.output<typeof turnViewSchema>;
export type Posture = z.output<typeof postureSchema>;
export type Preview = z.output<typeof previewSchema>;
export type Calendar = z.output<typeof calendarSchema>;
export type Settings = z.output<typeof settingsSchema>;
export type Setting = Settings["settings"][number];
export type Folder = z.output<typeof explorerSchema>;
export type ProjectFile = z.output<typeof fileSchema>;
export type SavedFile = z.output<typeof savedSchema>;
type BoardAnswer = z.output<typeof boardSchema>;

/** The parts of the tree that the board draws; the schema leaves them open. */
export type BoardIssue = Pick<
  Card,
  | "id"
  | "summary"
  | "status"
  | "waitReason"
  | "waitDetail"
  | "verified"
  | "cycle"
  | "seat"
  | "priority"
> & {
  readonly dependsOn: readonly string[];
  readonly score: number;
  /** null while no run has stored the card. */
  readonly build: string | null;
  readonly since: string | null;
};
export type BoardEpic = {
  readonly id: string;
  readonly name: string;
  readonly department: string;
  readonly team: string;
  readonly status: CardStatus;
  readonly build: string | null;
  readonly issues: readonly BoardIssue[];
};
export type BoardRock = {
  readonly id: string;
  readonly name: string;
  readonly status: CardStatus;
  readonly epics: readonly BoardEpic[];
};
export type Board = Omit<BoardAnswer, "rocks" | "orphaned_epics" | "orphaned_issues"> & {
  readonly rocks: readonly BoardRock[];
  readonly orphaned_epics: readonly BoardEpic[];
  readonly orphaned_issues: readonly BoardIssue[];
};
