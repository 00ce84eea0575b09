// What has to hold for a merge by rule, in words, and the reasons against each. A test holds this against the rule's own list.
import type { Review } from "../../api/types.ts";

type Condition = { readonly word: string; readonly causes: readonly string[] };

export const CONDITIONS: readonly Condition[] = [
  { word: "The organization merges by rule", causes: ["auto-merge-off"] },
  { word: "It is open, and no draft", causes: ["merged", "not-open", "draft"] },
  {
    word: "It goes from this repository to the covered branch",
    causes: ["other-branch", "other-repository"],
  },
  { word: "Enough reviewers approve this head", causes: ["approvals-missing"] },
  { word: "Nobody asks for changes", causes: ["changes-requested"] },
  { word: "The required statuses are green", causes: ["status-not-green"] },
  { word: "No protected path is touched", causes: ["protected-path", "paths-unknown"] },
  { word: "Its own verification passed for this head", causes: ["not-verified"] },
  { word: "It can be merged without a conflict", causes: ["conflict", "check-running"] },
];

type Shown = { readonly word: string; readonly details: readonly string[] };

/** What is missing first. */
export function conditionsOf(refusals: Review["refusals"]): readonly Shown[] {
  const shown = CONDITIONS.map(({ word, causes }) => ({
    word,
    details: refusals.filter(({ cause }) => causes.includes(cause)).map(({ detail }) => detail),
  }));
  const known = new Set(CONDITIONS.flatMap(({ causes }) => causes));
  const others = refusals.filter(({ cause }) => !known.has(cause));
  shown.push(...others.map(({ cause, detail }) => ({ word: cause, details: [detail] })));
  const isMissing = ({ details }: Shown): boolean => details.length > 0;
  return [...shown.filter(isMissing), ...shown.filter((one) => !isMissing(one))];
}
