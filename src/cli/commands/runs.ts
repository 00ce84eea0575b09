// `orket runs` and `orket runs show`: what ran, why it does not move, and what each turn did.
import type { PhaseReport } from "../../app/bug-fix-phase.ts";
import { phaseOfRock } from "../../app/bug-fix-phase.ts";
import { memberMetrics } from "../../app/member-metrics.ts";
import { listRuns } from "../../app/read-runs.ts";
import { turnDiffs } from "../../app/run-turns.ts";
import type { RunView } from "../../app/show-run.ts";
import { showRun } from "../../app/show-run.ts";
import type { MemberMetrics } from "../../domain/member-metrics.ts";
import type { Run } from "../../domain/run.ts";
import type { CardWait } from "../../domain/waiting.ts";
import { glyphOf, styleOf } from "../card-style.ts";
import type { Io } from "../io.ts";
import { createPaint, forReader, plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { phaseLine } from "../phase-line.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

const RUNS_MAX = 100;

export const runs = async (cli: Cli, options: GlobalOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const { runs: list, asOfSeq } = await listRuns(engine, { limit: RUNS_MAX });
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, runs: list, asOfSeq })}\n`);
    else if (list.length === 0) io.err("Nothing has run yet. Start with: orket run <card>\n");
    else
      io.out(
        table([
          ["run", "card", "status", "reason", "turns", "tokens", "started"],
          ...list.map(runRow),
        ]),
      );
    return 0;
  });

const runRow = (run: Run): readonly string[] => [
  run.id,
  run.card,
  run.status,
  run.reason ?? "",
  String(run.turns),
  String(run.usage.inputTokens + run.usage.outputTokens),
  run.startedAt ?? "",
];

type ShowOptions = GlobalOptions & { readonly diff?: boolean; readonly metrics?: boolean };

export const runsShow = async (
  cli: Cli,
  options: ShowOptions,
  [id = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const shown = await showRun(engine, id);
    if (!shown.ok) return showProblem(io, shown.error, options.json === true);
    const view = shown.value;
    const { kind, card } = view.run;
    const phase = kind === "rock" ? await phaseOfRock(engine, card) : null;
    const diffs = options.diff === true ? await turnDiffs(engine, view.turns) : null;
    const counted = options.metrics === true ? await memberMetrics(engine, id) : null;
    if (counted?.ok === false) return showProblem(io, counted.error, options.json === true);
    const metrics = counted?.value ?? null;
    if (options.json === true) {
      const more = {
        ...(diffs === null ? {} : { diffs }),
        ...(metrics === null ? {} : { metrics }),
      };
      io.out(`${JSON.stringify({ v: 1, ...view, phase, ...more })}\n`);
    } else {
      io.out(runText(io, view, phase));
      if (metrics !== null) io.out(`\n${table(metricRows(metrics))}`);
      for (const { turn, diff } of diffs ?? []) io.out(`\n── ${turn} ──\n${forReader(io, diff)}\n`);
    }
    return 0;
  });

function waitText(wait: CardWait | undefined): string {
  if (wait === undefined) return "";
  const { waitsFor, on, since, wayOut } = wait;
  const free = wayOut === null ? "" : ` — ${wayOut}`;
  const minute = since.slice(0, 16).replace("T", " ");
  return plain(`on ${on} since ${minute}: ${waitsFor}${free}`);
}

const metricRows = (
  metrics: Readonly<Record<string, MemberMetrics>>,
): readonly (readonly string[])[] => [
  ["  role", "tokens", "lines", "last action", "detail"],
  ...Object.entries(metrics).map(([role, { tokens, lines_written, last_action, detail }]) => [
    `  ${role}`,
    String(tokens),
    String(lines_written),
    plain(last_action),
    plain(detail),
  ]),
];

function runText(
  io: Io,
  { run, cards, turns, lease, waits, from }: RunView,
  phase: PhaseReport | null,
): string {
  const paint = createPaint(io.color);
  const head = `${paint("bold", run.id)}  ${run.card}  ${run.status}${run.reason === null ? "" : ` (${run.reason})`}\n`;
  const detail =
    run.detail === null || run.reason === "stalled"
      ? "" // what each card waits for stands beside it
      : `${run.detail
          .split("\n")
          .map((line) => `  ${plain(line)}`)
          .join("\n")}\n`;
  const origin = from === null ? "" : `  forked from ${from.run}:${from.turn}\n`;
  const owner = run.status === "running" && lease !== null ? `  worked on by ${lease.owner}\n` : "";
  const { inputTokens, outputTokens, costUsd } = run.usage;
  const cost = `  ${run.turns} turns, ${inputTokens} + ${outputTokens} tokens, ${costUsd.toFixed(4)} USD\n`;
  const after = phase === null ? "" : `  ${phaseLine(phase)}\n`;
  const cardRows = cards
    .filter((card) => card.kind === "issue")
    .map((card) => [
      `  ${paint(styleOf(card.status), glyphOf(card.status))} ${card.id}`,
      card.status,
      waitText(waits.find((wait) => wait.card === card.id)),
    ]);
  const turnRows = turns.map((turn) => [
    `  ${turn.numberInRun}`,
    turn.id,
    `${turn.card} #${turn.number}`,
    `${turn.seat} (${turn.kind})`,
    turn.commit?.slice(0, 10) ?? "",
    plain(turn.outcome ?? turn.status),
  ]);
  return `${head}${detail}${origin}${owner}${cost}${after}\n${table(cardRows)}\n${table(turnRows)}`;
}
