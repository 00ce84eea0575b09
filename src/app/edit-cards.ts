// What a person does to cards from outside a run: move, comment, archive. The same door, the same rules, the same events.
import type { Card } from "../domain/card.ts";
import type { Actor } from "../domain/card-moves.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Store, StoreTransaction } from "../ports/store.ts";
import { actorName, applyMove, cardEvent } from "./apply-move.ts";
import type { Engine } from "./engine.ts";
import type { Standing } from "./verify-card.ts";
import { verdictFor } from "./verify-card.ts";

type Deps = { readonly store: Store };
type MoveDeps = Deps & Pick<Engine, "workspaces" | "verifier">;

/** `build` null = the build of that card with the newest run. */
export type CardName = { readonly card: string; readonly build: string | null };

export async function findCard(
  { cards }: StoreTransaction,
  { card, build }: CardName,
): Promise<Result<Card>> {
  const found = build === null ? await cards.find(card) : await cards.get(build, card);
  return found === null
    ? refuse(
        "CARD_UNKNOWN",
        `No stored card is called ${card}. A card is stored when its first run starts; see: orket cards`,
        { card },
      )
    : ok(found);
}

export type MoveByHand = CardName & {
  readonly to: string;
  readonly waitReason: string | null;
  readonly detail: string | null;
  readonly person: string;
};

/** As the organization's rules have it now; where they do not load, the stricter one holds. */
export async function moveCardByRules(
  { assets, ...deps }: MoveDeps & Pick<Engine, "assets">,
  request: MoveByHand,
): Promise<Result<Card>> {
  const loaded = await assets.load();
  const verificationRequired = loaded.ok
    ? loaded.value.organization.process.requireVerification
    : true;
  return moveCardByHand(deps, { ...request, verificationRequired });
}

/** A person may finish a card too, but the verification rule holds for people as well. */
export async function moveCardByHand(
  deps: MoveDeps,
  request: MoveByHand & { readonly verificationRequired: boolean },
): Promise<Result<Card>> {
  // Digests are read before the transaction: it waits for nothing but the database.
  const standing = request.to === "done" ? await standingOf(deps, request) : null;
  return deps.store.transaction(async (transaction) => {
    const found = await findCard(transaction, request);
    if (!found.ok) return found;
    const card = found.value;
    const brief = await transaction.cards.brief(card.build, card.id);
    const verdict = standing === null ? null : await verdictFor(transaction, card, standing);
    return applyMove(transaction, card, {
      to: request.to,
      actor: human(request.person),
      cause: "command",
      waitReason: request.waitReason,
      waitDetail: request.detail,
      verification: {
        declared: brief?.verification != null,
        verdict,
        required: request.verificationRequired,
      },
    });
  });
}

/** What a verdict must be about to count; null when the card declares no verification. */
async function standingOf(
  { store, workspaces, verifier }: MoveDeps,
  request: CardName,
): Promise<Standing | null> {
  const read = await store.read(async (transaction) => {
    const found = await findCard(transaction, request);
    if (!found.ok) return null;
    const card = found.value;
    const brief = await transaction.cards.brief(card.build, card.id);
    return brief?.verification == null ? null : { card, verification: brief.verification };
  });
  if (read === null) return null;
  const workspace = await workspaces.open(read.card.build);
  const basis = await verifier.basis({ ...read, workspace });
  if (!basis.ok) return null;
  const workspaceDigest = await workspace.digest();
  return { cycle: read.card.cycle, workspaceDigest, basis: basis.value };
}

const human = (id: string): Actor => ({ kind: "human", id, roles: [] });

const COMMENT_CHARACTERS_MAX = 16_384;

export type CommentByHand = CardName & { readonly text: string; readonly person: string };

export const commentOnCard = async (
  { store }: Deps,
  request: CommentByHand,
): Promise<Result<Card>> =>
  store.transaction(async (transaction) => addComment(transaction, request));

/** The same, inside of a transaction that writes more. */
export async function addComment(
  transaction: StoreTransaction,
  request: CommentByHand,
): Promise<Result<Card>> {
  const text = request.text.trim();
  if (text === "" || text.length > COMMENT_CHARACTERS_MAX) {
    return refuse("USAGE", `A comment has between 1 and ${COMMENT_CHARACTERS_MAX} characters.`, {
      length: text.length,
    });
  }
  const found = await findCard(transaction, request);
  if (!found.ok) return found;
  const card = found.value;
  const author = actorName(human(request.person));
  await transaction.comments.add({ build: card.build, card: card.id, author, text, turn: null });
  await transaction.events.append([
    cardEvent(card, { type: "card-commented", actor: author, data: { text } }),
  ]);
  return found;
}

export type ArchiveRequest = {
  readonly cardIds: readonly string[];
  readonly build: string | null;
  /** Cards whose id, summary or labels contain one of these words. */
  readonly relatedTokens: readonly string[];
  readonly reason: string | null;
  readonly person: string;
};

export type Archived = {
  readonly archivedIds: readonly string[];
  readonly missingIds: readonly string[];
};

const CARDS_READ_MAX = 100_000;

/** One transaction for all that the selectors name; each card counts once, keeps its assignee, and is never archived twice. */
export async function archiveCards(
  { store }: Deps,
  request: ArchiveRequest,
): Promise<Result<Archived>> {
  const { cardIds, build, relatedTokens } = request;
  const tokens = relatedTokens
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== "");
  if (cardIds.length === 0 && build === null && tokens.length === 0) {
    return refuse(
      "ARCHIVE_SELECTOR_MISSING",
      "Provide at least one selector: card_ids, build_id, or related_tokens",
      {},
    );
  }
  return store.transaction(async (transaction): Promise<Result<Archived>> => {
    const all = await transaction.cards.list({ limit: CARDS_READ_MAX });
    const named = new Set(cardIds.map((id) => id.toLowerCase()));
    const chosen = new Map<string, Card>();
    for (const card of all) {
      const byBuild = build !== null && card.build === build;
      const byToken = tokens.some(
        (token) =>
          card.id.toLowerCase().includes(token) || card.summary.toLowerCase().includes(token),
      );
      if (named.has(card.id.toLowerCase()) || byBuild || byToken)
        chosen.set(`${card.build}/${card.id}`, card);
    }
    const archived = new Set<string>();
    for (const card of chosen.values()) {
      if (card.status === "archived") continue;
      const moved = await applyMove(transaction, card, {
        to: "archived",
        actor: human(request.person),
        cause: "archive",
      });
      if (!moved.ok) return moved;
      const data = { archivedBy: request.person, reason: request.reason };
      await transaction.events.append([
        cardEvent(card, { type: "card-archived", actor: `human:${request.person}`, data }),
      ]);
      archived.add(card.id);
    }
    const known = new Set(all.map((card) => card.id.toLowerCase()));
    const missing = [...new Set(cardIds)].filter((id) => !known.has(id.toLowerCase()));
    return ok({ archivedIds: [...archived].sort(), missingIds: missing.sort() });
  });
}
