// A state as shape, word and colour together, so that none of them carries it alone; and which state looks how.
import type { Card, Run, TurnPage } from "../api/types.ts";
import type { IconName } from "./icons.tsx";
import { Icon } from "./icons.tsx";
import { Text } from "./text.tsx";

export type Tone =
  | "muted"
  | "accent"
  | "ready"
  | "waiting"
  | "review"
  | "done"
  | "unverified"
  | "failed";

export type Look = {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly word: string;
  /** What is known of the reason, as long as it is. */
  readonly why?: string;
};

export const Chip = ({ tone, icon, word, why }: Look) => (
  <span className={`chip tone-${tone}`}>
    <Icon name={icon} />
    <span>
      <Text>{word}</Text>
      {why === undefined ? null : (
        <span className="why">
          {", "}
          <Text>{why}</Text>
        </span>
      )}
    </span>
  </span>
);

const CARD_LOOKS: Readonly<Record<Card["status"], Look>> = {
  ready: { tone: "ready", icon: "ready", word: "Ready" },
  in_progress: { tone: "accent", icon: "running", word: "In progress" },
  blocked: { tone: "waiting", icon: "waiting", word: "Blocked" },
  waiting_for_developer: { tone: "waiting", icon: "hand", word: "Needs you" },
  ready_for_testing: { tone: "review", icon: "review", word: "To test" },
  code_review: { tone: "review", icon: "review", word: "In review" },
  done: { tone: "unverified", icon: "unverified", word: "Done, unverified" },
  canceled: { tone: "muted", icon: "canceled", word: "Canceled" },
  archived: { tone: "muted", icon: "archived", word: "Archived" },
};

const VERIFIED: Look = { tone: "done", icon: "verified", word: "Done, verified" };

/** Done is never one mark: whether a verification proved it is part of the word. */
export const lookOfCard = ({ status, verified }: Pick<Card, "status" | "verified">): Look =>
  status === "done" && verified ? VERIFIED : CARD_LOOKS[status];

const RUN_LOOKS: Readonly<Record<Run["status"], Look>> = {
  queued: { tone: "ready", icon: "ready", word: "Queued" },
  running: { tone: "accent", icon: "running", word: "Running" },
  paused: { tone: "waiting", icon: "waiting", word: "Paused" },
  blocked: { tone: "waiting", icon: "waiting", word: "Blocked" },
  failed: { tone: "failed", icon: "failed", word: "Failed" },
  done: { tone: "done", icon: "verified", word: "Done" },
  canceled: { tone: "muted", icon: "canceled", word: "Canceled" },
};

type Turn = TurnPage["turns"][number];

const TURN_LOOKS: Readonly<Record<Turn["status"], Look>> = {
  live: { tone: "accent", icon: "running", word: "At work" },
  committed: { tone: "ready", icon: "ready", word: "Committed" },
  failed: { tone: "failed", icon: "failed", word: "Failed" },
  violated: { tone: "failed", icon: "failed", word: "Broke a rule" },
  dropped: { tone: "muted", icon: "canceled", word: "Dropped" },
};

export const lookOfTurn = ({ status }: Pick<Turn, "status">): Look => TURN_LOOKS[status];

/** Always with its reason. */
export function lookOfRun({
  status,
  reason,
  detail,
}: Pick<Run, "status" | "reason" | "detail">): Look {
  const { word, ...look } = RUN_LOOKS[status];
  return {
    ...look,
    word: reason === null || reason === "complete" ? word : `${word}: ${reason}`,
    ...(detail === null ? {} : { why: detail }),
  };
}
