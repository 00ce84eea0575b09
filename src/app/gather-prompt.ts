// Collects the facts of a prompt from the store, the workspace and the project. Runs and `orket preview` both come here.
import type { Dialect } from "../domain/assets.ts";
import type { Card, CardBrief } from "../domain/card.ts";
import { EMPTY_BRIEF } from "../domain/card.ts";
import { dialectFamily } from "../domain/dialect.ts";
import type { TurnKind } from "../domain/turn.ts";
import type { ModelFacts } from "../ports/model.ts";
import type { StoreTransaction } from "../ports/store.ts";
import type { DependencyFacts, PromptFacts } from "./compile-prompt.ts";
import type { Session, Lane } from "./session.ts";
import { recall } from "./recall.ts";
import { rolesOf } from "./session.ts";
import { definitionOf, offeredTools } from "./tools/catalogue.ts";

const COMMENTS_MAX = 50;
const FILES_MAX = 50;

export type PromptQuestion = {
  readonly card: Card;
  readonly kind: TurnKind;
  readonly seat: string;
  readonly model: ModelFacts;
  /** For a card that no run has stored yet. */
  readonly brief?: CardBrief | null;
};
type From = {
  readonly session: Pick<Session, "engine" | "assets" | "patches" | "pullRequest">;
  readonly lane: Lane;
};

export async function gatherPrompt(
  { session, lane }: From,
  question: PromptQuestion,
): Promise<PromptFacts> {
  const { engine, assets, pullRequest } = session;
  const { card, kind, seat, model } = question;
  const roles = rolesOf(lane.team, seat);
  const family = dialectFamily(model.name);
  const stored = await engine.store.read(async (transaction) =>
    readStored(transaction, question, engine.settings.contextTurns),
  );
  const { brief } = stored;
  const idesign =
    assets.organization.idesign.enabled && lane.epic.idesign ? assets.organization.idesign : null;
  return {
    kind,
    seat,
    roles,
    idesign,
    promptPatch: await patchOf(session, seat, family),
    tools: offeredTools({ kind, roles, pullRequest }).map(definitionOf),
    pullRequest,
    dialect: model.nativeTools ? null : dialectOf(assets.dialects, family),
    agentsText: lane.agentsText,
    card,
    epic: lane.epic,
    contextWindow: model.contextWindow,
    ...stored,
    brief: { ...brief, references: [...new Set([...lane.epic.references, ...brief.references])] },
  };
}

/** A patch that is promoted while a run goes is for later runs. */
async function patchOf(
  { engine, patches }: From["session"],
  seat: string,
  family: string,
): Promise<string | null> {
  const key = `${seat}/${family}`;
  const known = patches.get(key) ?? engine.stateFiles.readPromptPatch(seat, family);
  patches.set(key, known);
  return known;
}

function dialectOf(dialects: Readonly<Record<string, Dialect>>, family: string): Dialect | null {
  return dialects[family] ?? dialects["generic"] ?? null;
}

type Stored = Pick<
  PromptFacts,
  "brief" | "dependencies" | "comments" | "verification" | "memories" | "history"
>;

async function readStored(
  transaction: StoreTransaction,
  { card, brief: given }: PromptQuestion,
  contextTurns: number,
): Promise<Stored> {
  const { cards, comments, turns } = transaction;
  const brief = given ?? (await cards.brief(card.build, card.id)) ?? EMPTY_BRIEF;
  return {
    brief,
    dependencies: await readDependencies(transaction, card),
    comments: await comments.list(card.build, card.id, COMMENTS_MAX),
    verification: await cards.lastVerification(card.build, card.id),
    memories: await recall(transaction, card, brief),
    history: await turns.history(card.build, card.id, contextTurns),
  };
}

async function readDependencies(
  { cards, turns }: StoreTransaction,
  card: Card,
): Promise<readonly DependencyFacts[]> {
  const facts: DependencyFacts[] = [];
  for (const id of card.dependsOn) {
    const dependency = await cards.get(card.build, id);
    if (dependency === null) continue;
    const files = await turns.filesOf(card.build, id, FILES_MAX);
    const { summary, status, resolution } = dependency;
    facts.push({ id, summary, status, resolution, files });
  }
  return facts;
}
