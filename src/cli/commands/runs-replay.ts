// `orket runs export` and `orket runs replay`: keep a run as a recording, and see whether it goes the same way later.
import { describeDifference } from "../../domain/recording.ts";
import { EXIT } from "../exit-codes.ts";
import { plain, projectFlag } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type ExportOptions = GlobalOptions & { readonly to: string };

export const runsExport = async (
  cli: Cli,
  options: ExportOptions,
  [run = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async (project) => {
    const { io } = cli;
    const { to } = options;
    const exported = await project.exportRun(run, to);
    if (!exported.ok) return showProblem(io, exported.error, options.json === true);
    const { events } = exported.value;
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, run, dir: to, events })}\n`);
    else io.out(`${run} is recorded in ${to}: ${events} events\n`);
    io.err(
      `See later whether it goes the same way: orket runs replay ${to}${projectFlag(options.project)}\n`,
    );
    return EXIT.ok;
  });

export const runsReplay = async (
  cli: Cli,
  options: GlobalOptions,
  [dir = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async (project) => {
    const { io } = cli;
    const replayed = await project.replay(dir);
    if (!replayed.ok) return showProblem(io, replayed.error, options.json === true);
    const { events, difference } = replayed.value;
    const same = difference === null;
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, same, events, difference })}\n`);
    else if (difference === null) io.out(`${events} events, all as recorded\n`);
    else for (const line of describeDifference(difference).split("\n")) io.out(`${plain(line)}\n`);
    return same ? EXIT.ok : EXIT.endedBadly;
  });
