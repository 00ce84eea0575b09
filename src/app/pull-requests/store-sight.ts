// Writes what was seen of a pull request: its row, the events, the errands and what happens to its card, in one transaction.
import type { Card } from "../../domain/card.ts";
import type { Actor } from "../../domain/card-moves.ts";
import { chooseCard, wordsOf } from "../../domain/pull-request-card.ts";
import type { NamedCard } from "../../domain/pull-request-card.ts";
import { errandOf } from "../../domain/pull-request-errand.ts";
import type { Advance, Rules, Sight } from "../../domain/pull-request-life.ts";
import { advance, trackNew } from "../../domain/pull-request-life.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { PullRequest } from "../../ports/forge.ts";
import type { StoreTransaction } from "../../ports/store.ts";
import { applyMove, cardEvent } from "../apply-move.ts";
import { writeTold } from "../write-told.ts";
import type { PullRequestLoop } from "./loop.ts";
import { eventOf, keyOfRow } from "./loop.ts";

export type Stored =
  | { readonly kind: "kept"; readonly row: TrackedPullRequest; readonly changes: number }
  | { readonly kind: "ignored"; readonly reason: string };

export type Seeing = {
  readonly sight: Sight & { readonly pull: PullRequest };
  readonly rules: Rules;
};

export async function storeSight(loop: PullRequestLoop, seeing: Seeing): Promise<Result<Stored>> {
  const stored = await writeTold(loop.engine, async (transaction) =>
    keep(loop, transaction, seeing),
  );
  if (stored.ok && stored.value.kind === "kept") stopOvertaken(loop, stored.value.row);
  return stored;
}

async function keep(
  loop: PullRequestLoop,
  transaction: StoreTransaction,
  { sight, rules }: Seeing,
): Promise<Result<Stored>> {
  const { pull } = sight;
  const key = { repository: pull.baseRepository, number: pull.number };
  const row = await transaction.pullRequests.get(key);
  if (row !== null)
    return keepKnown(loop, transaction, { from: row, to: advance(row, sight, rules) });
  if (!pull.isOpen) return ok({ kind: "ignored", reason: "It is not open, and not known here." });
  const named = await nameCard(transaction, pull);
  if (named.kind !== "card") return ok({ kind: "ignored", reason: whyNoCard(named) });
  const card = await transaction.cards.find(named.id);
  if (card === null) return ok({ kind: "ignored", reason: whyNoCard(named) });
  const createdAt = new Date(loop.engine.clock.now()).toISOString();
  const origin = { ...key, build: card.build, card: card.id, createdAt };
  const fresh = trackNew({ ...origin }, sight, rules);
  const kept = { ...fresh.row, lookAtMs: actedOnBy(loop) };
  if (!(await transaction.pullRequests.insert(kept))) return changed(kept);
  await writeRest(loop, transaction, fresh);
  return ok({ kind: "kept", row: kept, changes: fresh.events.length });
}

const ACTED_ON_MS = 10_000;

/**
 * Whoever looks acts on it at once, and then plans the next look. When the process is lost before that, somebody else has to
 * look: nothing else would of a pull request that is open no more.
 */
const actedOnBy = ({ engine }: PullRequestLoop): number => engine.clock.now() + ACTED_ON_MS;

const changed = ({ number }: TrackedPullRequest): Result<never> =>
  refuse("PULL_REQUEST_BUSY", `The pull request #${number} was changed by another process.`);

async function keepKnown(
  loop: PullRequestLoop,
  transaction: StoreTransaction,
  { from, to }: { readonly from: TrackedPullRequest; readonly to: Advance },
): Promise<Result<Stored>> {
  if (to.row === from) return ok({ kind: "kept", row: from, changes: 0 });
  // Whatever it waited for is looked at anew.
  const anew = { looks: 0, lookAtMs: actedOnBy(loop) };
  const next = to.events.length === 0 ? to.row : { ...to.row, ...anew };
  if (!(await transaction.pullRequests.write(next))) return changed(from);
  await writeRest(loop, transaction, to);
  const row = { ...next, version: next.version + 1 };
  return ok({ kind: "kept", row, changes: to.events.length });
}

async function writeRest(
  loop: PullRequestLoop,
  transaction: StoreTransaction,
  { row, events, errands, hasNewHead, dropsErrands }: Advance,
): Promise<void> {
  const { pullRequests } = transaction;
  const key = keyOfRow(row);
  const nowMs = loop.engine.clock.now();
  if (dropsErrands) await pullRequests.errands.drop(key, {});
  if (hasNewHead) await pullRequests.errands.drop(key, { kinds: ["review"], except: row.headSha });
  for (const errand of errands) await pullRequests.errands.add(errand, nowMs);
  await transaction.events.append(events.map((event) => eventOf(row, event)));
  if (!hasNewHead || row.isRejecting) return;
  // Asked for by whoever looks, done by whoever can.
  if (!(await bringCard(transaction, row))) return;
  await pullRequests.errands.add(errandOf(row, "review", { about: row.headSha }), nowMs);
}

const NO_CARD = "Neither title, body nor branch names a card.";
const whyNoCard = (named: NamedCard): string =>
  named.kind === "unknown" ? `It names ${named.id}, which is no card here.` : NO_CARD;

async function nameCard({ cards }: StoreTransaction, pull: PullRequest): Promise<NamedCard> {
  const texts = { title: pull.title, body: pull.body, branch: pull.headBranch };
  const known = new Set<string>();
  for (const word of wordsOf(texts)) {
    const card = await cards.find(word);
    if (card?.kind === "issue") known.add(word);
  }
  return chooseCard(texts, known);
}

/** As a person's, through the policy: see the table of moves. */
const WEBHOOK: Actor = { kind: "webhook", id: "forge", roles: [] };

/** True when the card is in review now. Another one is told of the head, and stays as it is. */
async function bringCard(transaction: StoreTransaction, row: TrackedPullRequest): Promise<boolean> {
  const card = await transaction.cards.get(row.build, row.card);
  if (card === null) return false;
  if (card.status === "code_review") return true;
  if (card.status === "in_progress" || card.status === "ready_for_testing") {
    const moved = await applyMove(transaction, card, {
      to: "code_review",
      actor: WEBHOOK,
      cause: "promote",
    });
    if (moved.ok) return true;
  }
  await tellCard(transaction, { card, row });
  return false;
}

async function tellCard(
  transaction: StoreTransaction,
  { card, row }: { readonly card: Card; readonly row: TrackedPullRequest },
): Promise<void> {
  const { build, id } = card;
  const { fullName, number, headSha } = row;
  const text = `The pull request ${fullName}#${number} has the head ${headSha}. The card is ${card.status}, so no review was started.`;
  await transaction.comments.add({ build, card: id, author: "engine", text, turn: null });
  await transaction.events.append([
    cardEvent(card, { type: "card-commented", actor: "engine", data: { text } }),
  ]);
}

/** A review of a head that is not the present one any more is of no use. */
function stopOvertaken({ running }: PullRequestLoop, row: TrackedPullRequest): void {
  for (const { repository, number, kind, about, stop } of running.values()) {
    if (kind !== "review" || repository !== row.repository || number !== row.number) continue;
    if (about !== row.headSha || row.state !== "active") stop.abort();
  }
}
