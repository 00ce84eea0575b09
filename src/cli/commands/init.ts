// `orket init`: a small, valid project to start from. Files that are there already are kept as they are.
import { EXIT } from "../exit-codes.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";

type Options = GlobalOptions & { readonly yes?: boolean };

export async function init(cli: Cli, options: Options, [dir]: readonly string[]): Promise<number> {
  const { io, workbench } = cli;
  const target = dir ?? options.project ?? ".";
  if (!(await isWanted(cli, options, target))) {
    io.err("Nothing was written.\n");
    return EXIT.endedBadly;
  }
  const made = await workbench.initProject(target);
  if (!made.ok) return showProblem(io, made.error, options.json === true);
  const { written, kept } = made.value;
  if (options.json === true) {
    io.out(`${JSON.stringify({ v: 1, dir: target, written, kept })}\n`);
    return EXIT.ok;
  }
  for (const file of written) io.out(`wrote  ${file}\n`);
  for (const file of kept) io.out(`kept   ${file}\n`);
  const into = target === "." ? "" : `cd ${target} && `;
  io.err(
    `\nNext:\n  ${into}orket doctor\n  orket board\n  orket run greeting --model ollama:<model>\n`,
  );
  return EXIT.ok;
}

/** Only a folder with files in it is worth a question, and only where somebody can answer. */
async function isWanted(
  { io, workbench }: Cli,
  { yes }: Options,
  target: string,
): Promise<boolean> {
  if (yes === true || io.ask === null || (await workbench.isEmptyDir(target))) return true;
  const question = `${target} is not empty. Add a project to it? No file is overwritten. [y/N] `;
  return /^\s*y(es)?\s*$/i.test(await io.ask(question));
}
