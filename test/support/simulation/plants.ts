// Bugs put into the store on purpose, each with the rules that may give it away. A simulation that cannot find these is
// worth nothing.
import type { RunStore, StoreTransaction, TurnStore } from "../../../src/ports/store.ts";
import type { Plant } from "./world.ts";

type Planted = { readonly bug: string; readonly plant: Plant; readonly rules: readonly string[] };

const inTurns =
  (change: (turns: TurnStore) => Partial<TurnStore>) =>
  (transaction: StoreTransaction): StoreTransaction => ({
    ...transaction,
    turns: { ...transaction.turns, ...change(transaction.turns) },
  });

const inRuns =
  (change: (runs: RunStore) => Partial<RunStore>) =>
  (transaction: StoreTransaction): StoreTransaction => ({
    ...transaction,
    runs: { ...transaction.runs, ...change(transaction.runs) },
  });

export const PLANTED: readonly Planted[] = [
  {
    bug: "the fence lets an old owner write",
    plant: { dropsFence: true },
    rules: ["fence"],
  },
  {
    bug: "the journal forgets that a call was finished",
    plant: { transaction: inTurns(() => ({ finishCall: async () => {} })) },
    rules: ["call-twice"],
  },
  {
    bug: "the journal forgets the replies when a turn is taken up",
    plant: { transaction: inTurns(() => ({ steps: async () => [] })) },
    rules: ["asked-again", "reply-twice", "call-twice", "internal", "unexpected-failure"],
  },
  {
    bug: "every lease counts as expired",
    plant: {
      transaction: inRuns((runs) => ({
        claim: async (id, owner, ...[, untilMs]) =>
          runs.claim(id, owner, Number.MAX_SAFE_INTEGER, untilMs),
      })),
    },
    rules: ["stolen-lease"],
  },
  {
    bug: "a lease is never given back",
    plant: { transaction: inRuns(() => ({ release: async () => {} })) },
    rules: ["owner-left"],
  },
  {
    bug: "what a run spent is not counted",
    plant: { transaction: inRuns(() => ({ addUsage: async () => {} })) },
    rules: ["tables-and-events", "token-budget"],
  },
  {
    bug: "a card does not know its authors",
    plant: {
      transaction: (transaction) => ({
        ...transaction,
        cards: {
          ...transaction.cards,
          get: async (build, id) => {
            const card = await transaction.cards.get(build, id);
            return card === null ? null : { ...card, authorSeats: [] };
          },
          changedSince: async (build, seq) =>
            (await transaction.cards.changedSince(build, seq)).map((card) => ({
              ...card,
              authorSeats: [],
            })),
        },
      }),
    },
    rules: ["own-work-approved"],
  },
  {
    bug: "a move is told and not made",
    plant: {
      transaction: (transaction) => ({
        ...transaction,
        cards: { ...transaction.cards, move: async () => true },
      }),
    },
    rules: ["skipped-state", "tables-and-events", "two-live-turns", "done-too-early", "endless"],
  },
  {
    bug: "live turns are not seen when a run is taken over",
    plant: { transaction: inTurns(() => ({ list: async () => [] })) },
    rules: ["two-live-turns"],
  },
];
