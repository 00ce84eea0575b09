// `orket config show` and `orket schema`: what the settings are, and what files may hold.
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { table } from "../io.ts";

export async function configShow({ io, workbench }: Cli, options: GlobalOptions): Promise<number> {
  const shown = await workbench.showSettings({ project: options.project ?? null, flags: {} });
  if (!shown.ok) return showProblem(io, shown.error, options.json === true);
  if (options.json === true) {
    io.out(`${JSON.stringify({ v: 1, settings: shown.value })}\n`);
    return 0;
  }
  const rows = shown.value.map(({ key, value, origin, env, meaning }) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
    origin,
    env ?? "",
    meaning,
  ]);
  io.out(table([["setting", "value", "from", "variable", "meaning"], ...rows]));
  return 0;
}

export async function schema(
  { io, workbench }: Cli,
  options: GlobalOptions,
  [kind = ""]: readonly string[],
): Promise<number> {
  const found = await workbench.schemaOf(kind);
  if (!found.ok) return showProblem(io, found.error, options.json === true);
  const { value } = found;
  io.out(
    options.json === true
      ? `${JSON.stringify({ v: 1, kind, schema: value })}\n`
      : `${JSON.stringify(value, null, 2)}\n`,
  );
  return 0;
}
