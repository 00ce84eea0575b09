// The verdicts of the security checks: their order, their looks, and how many there are of each.
import type { Posture } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";

type Check = Posture["checks"][number];

const ORDER = ["refuse", "warn", "ok"] as const satisfies readonly Check["verdict"][];

export const LOOKS: Readonly<Record<Check["verdict"], Look>> = {
  refuse: { tone: "failed", icon: "failed", word: "FAIL" },
  warn: { tone: "waiting", icon: "waiting", word: "warn" },
  ok: { tone: "done", icon: "verified", word: "pass" },
};

export const failuresFirst = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict));

/** `9 pass 1 warn 1 FAIL`; what there is none of is left out. */
export const countsOf = (checks: readonly Pick<Check, "verdict">[]): string =>
  ORDER.toReversed()
    .map((verdict) => [checks.filter((one) => one.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${LOOKS[verdict].word}`)
    .join(" ");
