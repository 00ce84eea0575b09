// The rows of the timeline: each card of the run with its turns and the moment it could first have begun.
import { durationOf } from "../runs/amounts.ts";
import type { BacklogCard } from "./graph-data.ts";
import type { Bar, Span, Turn } from "./timeline-layout.ts";
import { spanOfTurn } from "./timeline-layout.ts";

export type Row = {
  readonly key: string;
  readonly build: string;
  readonly card: string;
  readonly turns: readonly Turn[];
  /** null while it waits for others or had no turn. */
  readonly ableAt: number | null;
};

const keyOf = ({ build, card }: { readonly build: string; readonly card: string }): string =>
  `${build}/${card}`;

type Known = { readonly cards: readonly BacklogCard[]; readonly begin: number };

/** By their first turn; those without one come last, in the order of the backlog. */
export function rowsOf(turns: readonly Turn[], { cards, begin }: Known): readonly Row[] {
  const byCard = new Map<string, Turn[]>();
  const add = (key: string, turn: Turn): void => {
    const known = byCard.get(key);
    if (known === undefined) byCard.set(key, [turn]);
    else known.push(turn);
  };
  for (const turn of turns) add(keyOf(turn), turn);
  const known = new Map(
    cards
      .filter(({ kind }) => kind === "issue")
      .map((card) => [keyOf({ build: card.build, card: card.id }), card]),
  );
  const keys = [...new Set([...byCard.keys(), ...known.keys()])];
  return keys.map((key) => {
    const own = byCard.get(key) ?? [];
    const card = known.get(key);
    const [first] = own;
    const build = first?.build ?? card?.build ?? "";
    const ends = (card?.dependsOn ?? []).flatMap((id) => lastEnd(byCard.get(`${build}/${id}`)));
    return {
      key,
      build,
      card: first?.card ?? card?.id ?? "",
      turns: own,
      ableAt: first === undefined ? null : Math.max(begin, ...ends),
    };
  });
}

function lastEnd(turns: readonly Turn[] | undefined): readonly number[] {
  const end = turns?.at(-1)?.endedAt ?? null;
  return end === null ? [] : [Date.parse(end)];
}

export const isFailed = ({ status }: Turn): boolean => status === "failed" || status === "violated";

export const failedRows = (rows: readonly Row[]): readonly Row[] =>
  rows.flatMap((row) => {
    const turns = row.turns.filter(isFailed);
    return turns.length === 0 ? [] : [{ ...row, turns, ableAt: null }];
  });

export function wholeOf(turns: readonly Turn[], { from, to }: Span): Span {
  const spans = turns.map((turn) => spanOfTurn(turn, to));
  const first = spans.reduce((least, span) => Math.min(least, span.from), from);
  return { from: first, to: spans.reduce((most, span) => Math.max(most, span.to), first + 1) };
}

export function lengthOf(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds > 0 && milliseconds < 10_000)
    return `${Number((milliseconds / 1000).toFixed(1))} s`;
  return durationOf(milliseconds);
}

/** `LEDG-14, turn 3, coder, committed, 41 s`. */
export function nameOfBar({ turns }: Bar, now: number): string {
  const [first] = turns;
  const last = turns.at(-1);
  if (first === undefined || last === undefined) return "";
  const { from } = spanOfTurn(first, now);
  const length = lengthOf(spanOfTurn(last, now).to - from);
  if (turns.length === 1)
    return `${first.card}, turn ${first.numberInRun}, ${first.seat}, ${first.status}, ${length}`;
  const failed = turns.filter(isFailed).length;
  const numbers = `${turns.length} turns, ${first.numberInRun} to ${last.numberInRun}`;
  return `${first.card}, ${numbers}, ${failed} failed, ${length}`;
}
