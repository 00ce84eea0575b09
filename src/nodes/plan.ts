// The built-in plan node: the candidates in the default order of the backlog. Which cards are candidates is decided before.
import { compareCandidates } from "../domain/backlog.ts";
import type { PlanNode } from "../domain/decision.ts";

export const plan: PlanNode = ({ candidates }) =>
  candidates.toSorted(compareCandidates).map((candidate) => candidate.id);
