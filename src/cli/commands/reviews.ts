// `orket reviews`: pull requests and their review cycles, or one with all that was said and done; and `orket webhook reconcile`.
import type { PullRequestView } from "../../app/pull-requests/read.ts";
import { listPullRequests, showPullRequest } from "../../app/pull-requests/read.ts";
import { viewOfErrand, viewOfPullRequest } from "../../app/pull-requests/view.ts";
import type { TrackedPullRequest } from "../../domain/pull-request.ts";
import { EXIT } from "../exit-codes.ts";
import { plain, plainLines, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

const LISTED = 100;

type Options = GlobalOptions & { readonly limit?: number };

export const reviews = async (
  cli: Cli,
  options: Options,
  [which]: readonly (string | undefined)[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const json = options.json === true;
    if (which !== undefined) {
      const [fullName = "", number = ""] = which.split("#");
      const shown = await showPullRequest(engine, { fullName, number: Number(number) });
      if (!shown.ok) return showProblem(io, shown.error, json);
      const { row, errands, asOfSeq } = shown.value;
      const review = { ...viewOfPullRequest(row), errands: errands.map(viewOfErrand) };
      if (json) io.out(`${JSON.stringify({ v: 1, review, asOfSeq })}\n`);
      else io.out(describe({ row, errands }));
      return EXIT.ok;
    }
    const { rows, asOfSeq } = await listPullRequests(engine, { limit: options.limit ?? LISTED });
    if (json)
      io.out(`${JSON.stringify({ v: 1, reviews: rows.map(viewOfPullRequest), asOfSeq })}\n`);
    else if (rows.length > 0) io.out(table([HEAD, ...rows.map(lineOf)]));
    else io.err("No pull request for a card is known yet.\n");
    return EXIT.ok;
  });

const HEAD = ["pull request", "state", "cycles", "card", "head", "title"];

const stateOf = ({ state, isRejecting, isEscalated }: TrackedPullRequest): string => {
  if (isRejecting) return "rejecting";
  return state === "active" && isEscalated ? "escalated" : state;
};

const lineOf = (row: TrackedPullRequest): readonly string[] => [
  plain(`${row.fullName}#${row.number}`),
  stateOf(row),
  String(row.cycles),
  plain(row.card),
  row.headSha.slice(0, 10),
  plain(row.title),
];

function describe({ row, errands }: Pick<PullRequestView, "row" | "errands">): string {
  const open = errands.filter(({ state }) => state === "open" || state === "given-up");
  return [
    `${plain(row.fullName)}#${row.number}  ${stateOf(row)}  ${plain(row.title)}`,
    `  card    ${plain(row.card)} in ${plain(row.build)}`,
    `  head    ${plain(row.headSha)} by ${plain(row.author)}`,
    `  page    ${plain(row.webUrl)}`,
    `  own verification    ${row.verification === null ? "none" : `${row.verification.verdict ?? "no verdict"} at ${plain(row.verification.sha.slice(0, 10))}`}`,
    ...(row.agentReview === null ? [] : [`  agent review    ${row.agentReview.kind}`]),
    ...row.rejections.map(
      ({ cycle, reviewer, headSha, reason }) =>
        `  cycle ${cycle}    ${plain(reviewer)} at ${plain(headSha.slice(0, 10))}: ${plain(reason)}`,
    ),
    ...(row.refusal?.refusals ?? []).map(
      ({ cause, detail }) => `  not merged    ${plain(cause)}: ${plain(detail)}`,
    ),
    ...open.map(
      ({ kind, state, attempts, failure }) =>
        `  ${state === "open" ? "to do" : "given up"}    ${kind}, ${attempts} attempts${failure === null ? "" : `: ${plainLines(failure)}`}`,
    ),
    "",
  ].join("\n");
}

export const webhookReconcile = async (cli: Cli, options: GlobalOptions): Promise<number> =>
  withProject(cli, options, async ({ reconcile }) => {
    const { io } = cli;
    const json = options.json === true;
    const stop = new AbortController();
    const forget = io.onSignal(() => stop.abort());
    try {
      const done = await reconcile(stop.signal);
      if (!done.ok) return showProblem(io, done.error, json);
      const { repositories, pullRequests, changes, failures } = done.value;
      if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
      else
        io.out(
          `${repositories} repositories, ${pullRequests} pull requests looked at, ${changes} changes made good.\n`,
        );
      for (const { what, reason } of failures) io.err(`${plain(what)}: ${plain(reason)}\n`);
      if (stop.signal.aborted) return EXIT.interrupted;
      return failures.length > 0 ? EXIT.endedBadly : EXIT.ok;
    } finally {
      forget();
    }
  });
