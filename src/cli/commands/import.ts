// `orket import`: what is taken over of an older project, what is not and why; done by --execute.
import type { ImportReport } from "../../app/import-project.ts";
import { EXIT } from "../exit-codes.ts";
import { plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Options = GlobalOptions & { readonly database?: string; readonly execute?: boolean };

const LINES_MAX = 200;

export const importOld = async (
  cli: Cli,
  options: Options,
  [source = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async (project) => {
    const { io, workbench } = cli;
    const { json = false, database = null, execute = false } = options;
    const request = { source, database, executes: execute, person: workbench.person };
    const done = await project.importFrom(request);
    if (!done.ok) return showProblem(io, done.error, json);
    if (json) io.out(`${JSON.stringify({ v: 1, ...done.value })}\n`);
    else show(cli, done.value);
    return EXIT.ok;
  });

function show({ io }: Cli, { execute, assets, cards, comments, notes }: ImportReport): void {
  const were = execute ? "" : " would be";
  io.out(
    `${assets.taken.length} files of assets${were} taken, ${assets.kept.length} are here already\n`,
  );
  io.out(
    `${cards.taken.length} cards${were} taken, ${cards.kept.length} are here already; ${comments} comments\n`,
  );
  const told = [
    ...assets.refused.map(
      ({ file, path, found, expected }) => `${file} ${path}: found ${found}, expected ${expected}`,
    ),
    ...notes.map(({ what, why }) => `${what}: ${why}`),
  ];
  if (told.length > 0) io.out("\nNot taken as it was:\n");
  for (const line of told.slice(0, LINES_MAX)) io.out(`  ${plain(line)}\n`);
  if (told.length > LINES_MAX)
    io.out(`  and ${told.length - LINES_MAX} more; see all with --json\n`);
  io.err(
    execute
      ? "Look at them with: orket board\n"
      : "Nothing was changed; --execute takes it over. The old project is never changed.\n",
  );
}
