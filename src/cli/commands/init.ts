// `orket init`: a small, valid project to start from. Files that are there already are kept as they are.
import type { Cli, GlobalOptions } from "../main.ts";

export async function init(
  { io, workbench }: Cli,
  options: GlobalOptions,
  [dir]: readonly string[],
): Promise<number> {
  const target = dir ?? options.project ?? ".";
  const { written, kept } = await workbench.initProject(target);
  if (options.json === true) {
    io.out(`${JSON.stringify({ v: 1, dir: target, written, kept })}\n`);
    return 0;
  }
  for (const file of written) io.out(`wrote  ${file}\n`);
  for (const file of kept) io.out(`kept   ${file}\n`);
  const into = target === "." ? "" : `cd ${target} && `;
  io.err(`\nNext:\n  ${into}orket board\n  ${into}orket run greeting --model ollama:<model>\n`);
  return 0;
}
