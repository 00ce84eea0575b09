// What the graph draws: a card each, or, of many cards, an epic each but the one that is open.
import type { BacklogCard } from "./graph-data.ts";
import type { GraphNode } from "./graph-layout.ts";

export type Drawn = GraphNode & {
  /** null for an epic that is folded. */
  readonly card: BacklogCard | null;
  readonly epic: string;
  readonly cards: number;
};

const CARDS_MAX = 300;

export function nodesOf(cards: readonly BacklogCard[], open: string | null): readonly Drawn[] {
  const issues = cards.filter(({ kind }) => kind === "issue");
  const isFolded = issues.length > CARDS_MAX;
  const keys = new Map<string, string>();
  for (const card of issues) {
    const epic = `${card.build}/${card.epic ?? ""}`;
    keys.set(`${card.build}/${card.id}`, isFolded && epic !== open ? epic : keyOf(card));
  }
  const nodes = new Map<string, Drawn & { dependsOn: string[] }>();
  for (const card of issues) {
    const key = keys.get(keyOf(card)) ?? "";
    const isCard = key === keyOf(card);
    const epic = `${card.build}/${card.epic ?? ""}`;
    const node = nodes.get(key) ?? {
      key,
      card: isCard ? card : null,
      epic,
      cards: 0,
      dependsOn: [],
    };
    for (const id of card.dependsOn) node.dependsOn.push(keys.get(`${card.build}/${id}`) ?? "");
    nodes.set(key, { ...node, cards: node.cards + 1 });
  }
  return [...nodes.values()];
}

const keyOf = ({ build, id }: BacklogCard): string => `${build}/${id}`;

/** What it comes after; while some of that is not done, what it waits for. */
export function orderOf(card: BacklogCard, byKey: ReadonlyMap<string, BacklogCard>): string {
  if (card.dependsOn.length === 0) return "depends on nothing";
  const unmet = card.dependsOn.filter((id) => byKey.get(`${card.build}/${id}`)?.status !== "done");
  return unmet.length === 0
    ? `after ${card.dependsOn.join(", ")}`
    : `waits for ${unmet.join(", ")}`;
}

export const byKeyOf = (cards: readonly BacklogCard[]): ReadonlyMap<string, BacklogCard> =>
  new Map(cards.map((card) => [keyOf(card), card]));
