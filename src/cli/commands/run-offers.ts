// What comes after a run in the terminal where it goes out to the forge: what was built as a pull request, and what became of it.
import type { Offered, OfferRequest } from "../../app/offers/offer-run.ts";
import { waitsFor } from "../../app/offers/offer-run.ts";
import type { Refusal } from "../../domain/result.ts";
import type { Run } from "../../domain/run.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { plain } from "../io.ts";
import type { Cli } from "../main.ts";
import { showProblem } from "../problem.ts";
import type { Project } from "../workbench.ts";

/** Null where nobody asked for a pull request by name. */
export type OfferTarget = OfferRequest["repository"] | null;
type Ended = { readonly run: Run; readonly offerTo: OfferTarget };
type Done = { readonly offered: readonly Offered[]; readonly problem: Refusal | null };

/** What a person asked for, else what the organization has opened by itself. Only what is done goes out. */
export async function offerAfter(
  { io }: Cli,
  { offers }: Project,
  { run, offerTo }: Ended,
): Promise<Done> {
  if (run.status !== "done") return { offered: [], problem: null };
  // What waits for the forge is given up; what is there by then is found by the next call.
  const stop = new AbortController();
  const forget = io.onSignal(() => stop.abort());
  try {
    if (offerTo === null) {
      const { offered, waits } = await offers.offerDue(stop.signal);
      return { offered, problem: waits };
    }
    const done = await offers.offer({ run, repository: offerTo }, stop.signal);
    if (!done.ok) return { offered: [], problem: done.error };
    return { offered: done.value, problem: waitsFor(done.value) };
  } finally {
    forget();
  }
}

/** Gives the exit code of what went wrong; null where nothing did. */
export function showOffered({ io }: Cli, { offered, problem }: Done, json: boolean): number | null {
  const problems: Refusal[] = problem === null ? [] : [problem];
  for (const { build, repository, outcome } of offered) {
    if (outcome.kind === "refused") {
      if (outcome.error !== problem) problems.push(outcome.error);
    } else if (!json) {
      io.out(`${plain(build)}: ${wordsOf(outcome, repository)}\n`);
    }
  }
  for (const one of problems) showProblem(io, one, json);
  const [first] = problems;
  return first === undefined ? null : EXIT_CODES[first.code];
}

type Outcome = Exclude<Offered["outcome"], { readonly kind: "refused" }>;

const WORDS = {
  opened: "opened as",
  updated: "brought up to date in",
  unchanged: "unchanged in",
} as const;

const wordsOf = (outcome: Outcome, repository: string): string =>
  outcome.kind === "nothing"
    ? `${plain(repository)} has all of it already; no pull request was opened`
    : `${WORDS[outcome.kind]} pull request #${outcome.number}: ${plain(outcome.url)}`;
