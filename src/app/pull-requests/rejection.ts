// The end of a pull request that was sent back too often: its requirements become a card that waits for a person, and the row
// is rejected, once every errand of it is confirmed.
import { createdFacts } from "../../domain/card-history.ts";
import { REJECTION_ERRANDS } from "../../domain/pull-request-errand.ts";
import { requirementsText, requirementsTitle } from "../../domain/pull-request-text.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { cardEvent } from "../apply-move.ts";
import { requirementsCard } from "../requirements-card.ts";
import { eventOf, keyOfRow } from "./loop.ts";
import type { Ground } from "./read-sight.ts";

const ERRANDS_MAX = 1000;

export async function endRejection(
  transaction: StoreTransaction,
  { row, ground }: { readonly row: TrackedPullRequest; readonly ground: Ground },
): Promise<TrackedPullRequest> {
  const { pullRequests, events } = transaction;
  const errands = await pullRequests.errands.list({
    key: keyOfRow(row),
    kinds: REJECTION_ERRANDS,
    states: ["done"],
    limit: ERRANDS_MAX,
  });
  const mine = errands.filter(({ round }) => round === row.round);
  if (!row.isRejecting || mine.length < REJECTION_ERRANDS.length) return row;
  const card = await fileCard(transaction, row, ground);
  const issue = mine.find(({ kind }) => kind === "rejection-issue")?.answer?.["issue"] ?? null;
  const next: TrackedPullRequest = {
    ...row,
    state: "rejected",
    isRejecting: false,
    refusal: null,
  };
  if (!(await pullRequests.write(next))) return row;
  const data = { cycles: row.cycles, headSha: row.headSha, issue, card };
  await events.append([eventOf(next, { type: "pr-rejected", data })]);
  return { ...next, version: next.version + 1 };
}

/** The id of the card; null when the card that it belongs to is gone. */
async function fileCard(
  { cards, events }: StoreTransaction,
  row: TrackedPullRequest,
  { policy }: Ground,
): Promise<string | null> {
  const card = await cards.get(row.build, row.card);
  if (card === null) return null;
  const made = requirementsCard(card, {
    suffix: `-pr${row.repository}-${row.number}-${row.round}`,
    summary: requirementsTitle(row),
    description: requirementsText(row),
    labels: policy.labels,
  });
  if (!(await cards.insert(made))) return made.id;
  const data = createdFacts(made);
  await events.append([cardEvent(made, { type: "card-created", actor: "engine", data })]);
  return made.id;
}
