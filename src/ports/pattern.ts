// Matches a regular expression that somebody wrote down, within limits.

export type PatternQuestion = { readonly pattern: string; readonly text: string };

/** Contract: a pattern that is none, or takes longer than two seconds, is told apart from one that does not match. */
export type Patterns = {
  readonly match: (
    question: PatternQuestion,
  ) => Promise<"match" | "no-match" | "too-slow" | "invalid">;
};
