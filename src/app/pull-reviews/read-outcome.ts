// What a review run came to, read from the log: the decision, the reason, the comments of the turn that decided, and the verdict
// of exactly the files that were reviewed. Read again it says the same, so that it can be posted after a crash.
import type { Event, EventType } from "../../domain/events.ts";
import type { Json } from "../../domain/json.ts";
import type { ReviewComment } from "../../domain/review-text.ts";
import type { Verdict } from "../../domain/verdict.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import type { Engine } from "../engine.ts";
import type { CardKey, QueuedReview } from "./find-review.ts";

export type ReadOutcome = {
  readonly kind: "approved" | "changes-requested" | "not-reviewed";
  readonly reason: string;
  readonly comments: readonly ReviewComment[];
  readonly verdict: Verdict | null;
};

const EVENTS_MAX = 1000;
const TYPES: readonly EventType[] = [
  "card-moved",
  "card-commented",
  "review-started",
  "review-rejected",
  "review-commented",
];

export async function readOutcome(
  { store }: Pick<Engine, "store">,
  card: CardKey,
  { run, tree }: QueuedReview,
): Promise<ReadOutcome> {
  return store.read(async ({ events, cards }) => {
    const { build, id } = card;
    const told = await events.list({
      run: run.id,
      build,
      card: id,
      types: TYPES,
      limit: EVENTS_MAX,
    });
    const wasShown = told.some(({ type }) => type === "review-started");
    const verdict = await verdictOf(events, card, { tree, run: wasShown ? null : run.id });
    const decided = decisionIn(told);
    if (decided !== null) {
      const comments = told.filter(({ turn }) => turn === decided.turn).flatMap(commentOf);
      return { kind: decided.kind, reason: decided.reason, comments, verdict };
    }
    const detail = (await cards.get(build, id))?.waitDetail ?? null;
    const reason = detail ?? run.detail ?? `The review ended without a decision (${run.status}).`;
    return { kind: "not-reviewed", reason, comments: [], verdict };
  });
}

type Decision = Pick<ReadOutcome, "kind" | "reason"> & { readonly turn: string | undefined };

function decisionIn(told: readonly Event[]): Decision | null {
  for (const { type, turn, data } of told) {
    if (type === "review-rejected")
      return { kind: "changes-requested", reason: textOf(data["reason"]), turn };
    if (type !== "card-moved" || data["to"] !== "done") continue;
    const said = told
      .filter((event) => event.type === "card-commented" && event.turn === turn)
      .map((event) => textOf(event.data["text"]));
    return { kind: "approved", reason: said.join("\n\n"), turn };
  }
  return null;
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function commentOf({ type, data }: Event): readonly ReviewComment[] {
  const { path, line, body, isInDiff } = data;
  if (type !== "review-commented" || typeof path !== "string" || typeof line !== "number")
    return [];
  return [{ path, line, body: textOf(body), isInDiff: isInDiff === true }];
}

/**
 * Of the newest verification of these very files. One from before this run counts when the run's reviewer was shown it; that
 * it still stood then is what the run looked at before.
 */
async function verdictOf(
  events: StoreTransaction["events"],
  { build, id }: CardKey,
  { tree, run }: { readonly tree: string; readonly run: string | null },
): Promise<Verdict | null> {
  const finished = await events.list({
    build,
    card: id,
    types: ["verification-finished"],
    before: Number.MAX_SAFE_INTEGER,
    limit: EVENTS_MAX,
    ...(run === null ? {} : { run }),
  });
  const last = finished.findLast(({ data }) => data["workspaceDigest"] === tree);
  const verdict = last?.data["verdict"];
  return verdict === "pass" || verdict === "fail" ? verdict : null;
}
