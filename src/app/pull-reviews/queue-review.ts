// Stores the run that reviews one head, with the card's move to review and the event by which it is found again, in one
// transaction: all of it or none.
import type { ProjectAssets } from "../../domain/assets.ts";
import type { Card } from "../../domain/card.ts";
import { ENGINE } from "../../domain/card-moves.ts";
import type { PullUnderReview } from "../../domain/pull-review.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { NO_BUDGET } from "../../domain/run.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { applyMove, cardEvent } from "../apply-move.ts";
import type { Engine } from "../engine.ts";
import type { RunTarget } from "../start-run.ts";
import { assetRefusal, insertRun, pruned } from "../start-run.ts";
import type { CardKey } from "./find-review.ts";

/** From these a pull request brings a card to review; in review it is already. */
const REVIEWABLE: ReadonlySet<string> = new Set([
  "in_progress",
  "ready_for_testing",
  "code_review",
]);

export const isReviewable = ({ status, kind, orphaned }: Card): boolean =>
  kind === "issue" && !orphaned && REVIEWABLE.has(status);

export type QueueRequest = {
  readonly card: CardKey;
  readonly pullRequest: PullUnderReview;
  readonly tree: string;
};

type Deps = Pick<Engine, "assets" | "store" | "clock" | "ids" | "settings">;

/** Refused with BUILD_BUSY while another run holds the build, and with CARD_MOVE_REFUSED when the card is elsewhere by now. */
export async function queueReview(engine: Deps, request: QueueRequest): Promise<Result<Run>> {
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const { card: key, pullRequest, tree } = request;
  const card = await engine.store.read(async ({ cards }) => cards.get(key.build, key.id));
  const target = card === null ? null : targetOf(loaded.value, card);
  if (target === null)
    return refuse("ASSET_UNKNOWN", `The epic of ${key.id} is not among the project's assets.`, {
      card: key.id,
    });
  const { sha, repository, number } = pullRequest;
  const snapshot = { assets: pruned(loaded.value, target), target, pullRequest };
  return insertRun(
    engine,
    { model: null, budget: NO_BUDGET, restart: false },
    {
      snapshot,
      alsoWrite: async (transaction, run) => {
        const moved = await toReview(transaction, key, run);
        if (!moved.ok) return moved;
        const data = { repository, number, sha, tree };
        const event = { type: "pull-review-queued", actor: "engine", run, data } as const;
        await transaction.events.append([cardEvent(key, event)]);
        return ok(null);
      },
    },
  );
}

/** Its epic as the assets have it now; cards that turns made are in no asset, but their epic is. */
function targetOf({ epics }: ProjectAssets, card: Card): RunTarget | null {
  const [epicKey] =
    Object.entries(epics).find(
      ([, epic]) => epic.id === card.epic && epic.department === card.department,
    ) ?? [];
  if (epicKey === undefined) return null;
  const entries = [{ build: card.build, epicKey, after: [] }];
  return { kind: "issue", card: card.id, rock: null, entries, only: card.id, restart: false };
}

async function toReview(
  transaction: StoreTransaction,
  { build, id }: CardKey,
  run: string,
): Promise<Result<null>> {
  const card = await transaction.cards.get(build, id);
  if (card === null || !isReviewable(card))
    return refuse("CARD_MOVE_REFUSED", `${id} is ${card?.status ?? "gone"} by now.`, { card: id });
  if (card.status === "code_review") return ok(null);
  const move = { to: "code_review", actor: ENGINE, cause: "promote", origin: { run } } as const;
  const moved = await applyMove(transaction, card, move);
  return moved.ok ? ok(null) : moved;
}
