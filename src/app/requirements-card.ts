// The card that puts a question to people when work on another was sent back too often: in the backlog, and waiting for input.
import type { Card } from "../domain/card.ts";
import { EMPTY_BRIEF } from "../domain/card.ts";
import type { NewCard } from "../ports/store.ts";

const ID_CHARACTERS_MAX = 64;

export type Requirements = {
  /** Of its id. */
  readonly suffix: string;
  readonly summary: string;
  readonly description: string;
  readonly labels: readonly string[];
};

export const requirementsCard = (
  card: Card,
  { suffix, summary, description, labels }: Requirements,
): NewCard => ({
  build: card.build,
  id: `${card.id.slice(0, ID_CHARACTERS_MAX - suffix.length)}${suffix}`,
  kind: "issue",
  type: "issue",
  summary,
  status: "blocked",
  waitReason: "input",
  waitDetail: `Decide what ${card.id} must do, then release both cards.`,
  priority: card.priority,
  seat: card.seat,
  epic: card.epic,
  parent: card.id,
  department: card.department,
  position: card.position,
  dependsOn: [],
  retriesMax: card.retriesMax,
  assignee: null,
  brief: { ...EMPTY_BRIEF, description, labels },
});
