// `orket board`: the backlog as a tree, with what each card waits for.
import type { Board, BoardEpic, BoardIssue } from "../../app/board.ts";
import { readBoard, toBoard } from "../../app/board.ts";
import { assetRefusal } from "../../app/start-run.ts";
import { glyphOf, styleOf } from "../card-style.ts";
import { phaseLine } from "../phase-line.ts";
import type { Io } from "../io.ts";
import { createPaint, plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Options = GlobalOptions & { readonly department?: string };

export const board = async (cli: Cli, options: Options): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const read = await readBoard(engine, { department: options.department ?? null });
    if (!read.ok) {
      const refused = assetRefusal(read.error);
      return refused.ok ? 0 : showProblem(io, refused.error, options.json === true);
    }
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, ...toBoard(read.value) })}\n`);
    else if (isEmpty(read.value)) io.err(`${nothingIn(options.department)}\n`);
    else io.out(toText(io, read.value));
    return 0;
  });

const isEmpty = ({ rocks, orphanedEpics, orphanedIssues, alerts }: Board): boolean =>
  [rocks, orphanedEpics, orphanedIssues, alerts].every((list) => list.length === 0);

const nothingIn = (department: string | undefined): string =>
  department === undefined
    ? "The backlog is empty. Write a first epic, or start with one: orket init --yes"
    : `The department ${department} has no rock, epic or issue. See the whole board with: orket board`;

function toText(io: Io, { rocks, orphanedEpics, orphanedIssues, alerts, sprint }: Board): string {
  const paint = createPaint(io.color);
  const issueLine = (issue: BoardIssue, indent: string): string => {
    const wait =
      issue.waitReason === null
        ? ""
        : paint("yellow", `  ${issue.waitReason}: ${plain(issue.waitDetail ?? "")}`);
    const proof = issue.status === "done" && !issue.verified ? paint("dim", "  unverified") : "";
    const glyph = paint(styleOf(issue.status), glyphOf(issue.status));
    const seat = paint("dim", `  ${issue.seat ?? ""}`);
    return `${indent}${glyph} ${issue.id}  ${plain(issue.summary)}${seat}${proof}${wait}`;
  };
  const epicLines = (epic: BoardEpic, indent: string): string[] => {
    const done = epic.issues.filter((issue) => issue.status === "done").length;
    const head = `${indent}${paint(styleOf(epic.status), glyphOf(epic.status))} ${paint("bold", epic.id)}  ${plain(epic.name)}`;
    const count = paint("dim", `  ${done}/${epic.issues.length}`);
    return [`${head}${count}`, ...epic.issues.map((issue) => issueLine(issue, `${indent}  `))];
  };
  const lines = [paint("dim", `Sprint ${sprint.name}, ${sprint.start} to ${sprint.end}`)];
  const rockLines = rocks.flatMap((rock) => [
    `${paint(styleOf(rock.status), glyphOf(rock.status))} ${paint("bold", rock.id)}  ${plain(rock.name)}`,
    ...(rock.phase === null ? [] : [`  ${paint("dim", phaseLine(rock.phase))}`]),
    ...rock.epics.flatMap((epic) => epicLines(epic, "  ")),
  ]);
  lines.push(...rockLines);
  lines.push(...orphanedEpics.flatMap((epic) => epicLines(epic, "")));
  lines.push(...orphanedIssues.map((issue) => issueLine(issue, "")));
  lines.push(...alerts.map((alert) => `${paint("yellow", "!")} ${plain(alert.message)}`));
  return `${lines.join("\n")}\n`;
}
