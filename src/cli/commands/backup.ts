// `orket backup` and `orket restore`: the state of the project into a new folder, and from there into an empty state.
import type { LeftOut } from "../../domain/backup.ts";
import { EXIT } from "../exit-codes.ts";
import { plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { refusalOf, showProblem } from "../problem.ts";
import { stoppable } from "../stoppable.ts";

const KIB = 1024;
const LEFT_OUT_SHOWN = 20;

export const backup = async (
  cli: Cli,
  { project, json = false }: GlobalOptions,
  [target = ""]: readonly string[],
): Promise<number> =>
  attended(cli, json, async (signal) => {
    const { io, workbench } = cli;
    const done = await workbench.backUp({ project: project ?? null, flags: {} }, target, signal);
    if (!done.ok) return showProblem(io, done.error, json);
    const { dir, database, files, bytes, leftOut } = done.value;
    if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
    else {
      const size = `${files} files, ${Math.ceil(bytes / KIB)} KiB`;
      io.out(`saved to ${plain(dir)}: ${database.events} events, ${size}\n`);
      showLeftOut(cli, leftOut);
    }
    return EXIT.ok;
  });

function showLeftOut({ io }: Cli, leftOut: readonly LeftOut[]): void {
  for (const { path, why } of leftOut.slice(0, LEFT_OUT_SHOWN))
    io.err(`left out: ${plain(path)} (${why})\n`);
  const more = leftOut.length - LEFT_OUT_SHOWN;
  if (more > 0) io.err(`left out: ${more} more; the manifest names them all\n`);
}

export const restore = async (
  cli: Cli,
  { project, json = false }: GlobalOptions,
  [source = ""]: readonly string[],
): Promise<number> =>
  attended(cli, json, async (signal) => {
    const { io, workbench } = cli;
    const done = await workbench.restore({ project: project ?? null, flags: {} }, source, signal);
    if (!done.ok) return showProblem(io, done.error, json);
    const { at, database, files, pausedRuns } = done.value;
    if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
    else {
      io.out(`restored the state of ${at}: ${database.events} events, ${files} files\n`);
      for (const run of pausedRuns) io.err(`${run} was being worked on: orket resume ${run}\n`);
      io.err("Keys that were revoked after that moment are live again: see orket keys list\n");
    }
    return EXIT.ok;
  });

async function attended(
  cli: Cli,
  json: boolean,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  try {
    return await stoppable(cli, work);
  } catch (error) {
    return showProblem(cli.io, refusalOf(error), json);
  }
}
