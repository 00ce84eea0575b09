// The critical path: how much open work waits for a card. Used by the planner, the board and the organization loop.

/** A card as the graph sees it. */
export type PathCard = {
  readonly id: string;
  readonly priority: number;
  readonly dependsOn: readonly string[];
  readonly open: boolean;
};

/** A card and those that name it; `seenFrom` marks whom the last walk over it started from. */
type PathNode = {
  readonly card: PathCard;
  readonly waiting: PathNode[];
  seenFrom: PathNode | null;
};

/**
 * Score = priority + number of distinct open cards that transitively wait for the card. O(cards + edges) per card,
 * with marks instead of sets so that a chain of 10,000 stays under a second. A cycle cannot load; here it is simply
 * walked once.
 */
export function criticalPathScores(cards: readonly PathCard[]): Map<string, number> {
  const nodes = new Map(
    cards.map((card) => [card.id, { card, waiting: [], seenFrom: null } as PathNode]),
  );
  for (const node of nodes.values())
    for (const id of node.card.dependsOn) nodes.get(id)?.waiting.push(node);
  return new Map([...nodes].map(([id, node]) => [id, node.card.priority + countWaiting(node)]));
}

function countWaiting(start: PathNode): number {
  let waiting = 0;
  start.seenFrom = start;
  const stack = [start];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const next of node.waiting) {
      if (next.seenFrom === start) continue;
      next.seenFrom = start;
      if (next.card.open) waiting += 1;
      stack.push(next);
    }
  }
  return waiting;
}

/** The first cycle found among the cards, as ids from its start back to it; null when there is none. */
export function findCycle(
  cards: readonly Pick<PathCard, "id" | "dependsOn">[],
): readonly string[] | null {
  const byId = new Map(cards.map((card) => [card.id, card]));
  const state = new Map<string, "open" | "closed">();
  for (const card of cards) {
    const cycle = walkFrom(card.id, byId, state);
    if (cycle !== null) return cycle;
  }
  return null;
}

// Iterative depth first: a file with 10,000 chained issues must not end in a stack overflow.
function walkFrom(
  start: string,
  byId: ReadonlyMap<string, Pick<PathCard, "id" | "dependsOn">>,
  state: Map<string, "open" | "closed">,
): readonly string[] | null {
  if (state.has(start)) return null;
  const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
  state.set(start, "open");
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const dependency = byId.get(top.id)?.dependsOn[top.next];
    top.next += 1;
    if (dependency === undefined) {
      state.set(top.id, "closed");
      path.pop();
    } else if (state.get(dependency) === "open") {
      const ids = path.map((entry) => entry.id);
      return [...ids.slice(ids.indexOf(dependency)), dependency];
    } else if (!state.has(dependency) && byId.has(dependency)) {
      state.set(dependency, "open");
      path.push({ id: dependency, next: 0 });
    }
  }
  return null;
}
