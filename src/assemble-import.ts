// The part of the composition root that takes a project of the predecessor over.
import { createDiskAssets } from "./adapters/assets/disk.ts";
import { openOldProject } from "./adapters/old-project/open.ts";
import type { Engine } from "./app/engine.ts";
import type { ImportReport } from "./app/import-project.ts";
import { importProject } from "./app/import-project.ts";
import type { ImportRequest } from "./cli/workbench.ts";
import type { Result } from "./domain/result.ts";

export type ImportSetting = {
  readonly engine: Pick<Engine, "store" | "watcher" | "clock">;
  readonly dir: string;
};

export const importFrom = async (
  { engine, dir }: ImportSetting,
  { source, database, executes, person }: ImportRequest,
): Promise<Result<ImportReport>> => {
  const old = openOldProject({
    source,
    projectDir: dir,
    database,
    loadAssets: async (folder) => createDiskAssets({ projectDir: folder, env: {} }).load(),
  });
  return importProject({ ...engine, old, person }, executes);
};
