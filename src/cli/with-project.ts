// Opens the project for one command, hands it over, and closes it whatever happens.
import type { Watcher } from "../app/engine.ts";
import { SILENT_WATCHER } from "../app/engine.ts";
import type { Cli, GlobalOptions } from "./main.ts";
import { refusalOf, showProblem } from "./problem.ts";
import type { Project } from "./workbench.ts";

export type OpenOptions = GlobalOptions & {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly watcher?: Watcher;
};

/** As a setting too, so that a model that cannot be is refused before a run exists. */
export const modelFlag = ({
  model,
}: {
  readonly model?: string;
}): Readonly<Record<string, string>> => (model === undefined ? {} : { model });

export async function withProject(
  { io, workbench }: Cli,
  options: OpenOptions,
  work: (project: Project) => Promise<number>,
): Promise<number> {
  const json = options.json === true;
  try {
    const request = { project: options.project ?? null, flags: options.flags ?? {} };
    const opened = await workbench.openProject(request, options.watcher ?? SILENT_WATCHER);
    if (!opened.ok) return showProblem(io, opened.error, json);
    try {
      return await work(opened.value);
    } finally {
      await opened.value.close();
    }
  } catch (error) {
    return showProblem(io, refusalOf(error), json);
  }
}
