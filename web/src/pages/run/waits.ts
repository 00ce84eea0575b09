// Which of a run's waits are told first: where a person has to act, then what moves by itself, last what follows from others.
import type { RunView } from "../../api/types.ts";

type Wait = RunView["waits"][number];

const SHOWN = 20;

export type ShownWaits = { readonly shown: readonly Wait[]; readonly others: number };

export function firstWaits(waits: readonly Wait[]): ShownWaits {
  const shown = waits.toSorted((one, other) => rankOf(one) - rankOf(other)).slice(0, SHOWN);
  return { shown, others: waits.length - shown.length };
}

function rankOf({ on, waitsFor }: Wait): number {
  if (on === "a person") return 0;
  return waitsFor.startsWith("dependency") ? 2 : 1;
}
