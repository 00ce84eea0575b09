// What the palette can go to, and which of it fits the words that were typed.
import type { Card, Run } from "../api/types.ts";
import { RAIL, SYSTEM_PAGES } from "../rail.ts";

export type Target = {
  readonly kind: "Page" | "Card" | "Run";
  readonly name: string;
  readonly path: string;
};

const SHOWN_MAX = 12;

export const targetsOf = (
  cards: readonly Pick<Card, "id" | "build" | "summary" | "kind">[],
  runs: readonly Pick<Run, "id" | "card" | "status">[],
): readonly Target[] => [
  ...RAIL.map(({ word, path }) => ({ kind: "Page" as const, name: word, path })),
  ...SYSTEM_PAGES.slice(1).map(({ word, path }) => ({ kind: "Page" as const, name: word, path })),
  ...cards
    .filter(({ kind }) => kind === "issue")
    .map(({ id, build, summary }) => ({
      kind: "Card" as const,
      name: `${id} ${summary}`,
      path: `/board?card=${encodeURIComponent(`${build}:${id}`)}`,
    })),
  ...runs.map(({ id, card, status }) => ({
    kind: "Run" as const,
    name: `${id} ${card} ${status}`,
    path: `/runs/${encodeURIComponent(id)}`,
  })),
];

/** Each word occurs; those whose name begins with the first one stand first. */
export function findTargets(targets: readonly Target[], typed: string): readonly Target[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const [first = ""] = words;
  const fits = targets.filter(({ kind, name }) => {
    const text = `${kind} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ name }: Target): number => Number(!name.toLowerCase().startsWith(first));
  return fits.toSorted((one, other) => rank(one) - rank(other)).slice(0, SHOWN_MAX);
}
