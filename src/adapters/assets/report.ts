// Collects the problems that show only when files are held together. What a file's own check has told is not told again.
import type { AssetProblem } from "../../domain/assets.ts";
import type { Path } from "./findings.ts";
import { jsonPath } from "./findings.ts";
import { nearestName } from "./nearest.ts";

export type Spot = { readonly file: string; readonly path: Path };
export type Told = { readonly code: string; readonly found: string; readonly expected: string };

export type Report = {
  readonly problem: (spot: Spot, told: Told) => void;
  readonly warning: (spot: Spot, told: Told) => void;
  /** `expected` text for a name that does not exist: the nearest of those that do. */
  readonly suggest: (name: string, known: Iterable<string>, otherwise: string) => string;
  readonly problems: readonly AssetProblem[];
  readonly warnings: readonly AssetProblem[];
};

/** Looking for the nearest of ten thousand names costs; after so many times the answer goes without. */
const SUGGESTIONS_MAX = 20;

export function createReport(known: readonly AssetProblem[]): Report {
  const told = new Set(known.map(({ file, path }) => `${file}\n${path}`));
  const problems: AssetProblem[] = [];
  const warnings: AssetProblem[] = [];
  let suggestions = 0;
  const isTold = ({ file, path }: Spot): boolean =>
    path.some((_, place) => told.has(`${file}\n${jsonPath(path.slice(0, place + 1))}`));
  const asProblem = ({ file, path }: Spot, facts: Told): AssetProblem => ({
    file,
    path: jsonPath(path),
    ...facts,
  });
  return {
    problems,
    warnings,
    problem: (spot, facts) => {
      if (!isTold(spot)) problems.push(asProblem(spot, facts));
    },
    warning: (spot, facts) => {
      warnings.push(asProblem(spot, facts));
    },
    suggest: (name, names, otherwise) => {
      suggestions += 1;
      const nearest = suggestions > SUGGESTIONS_MAX ? null : nearestName(name, names);
      return nearest === null ? otherwise : `${otherwise}; did you mean ${nearest}?`;
    },
  };
}
