// The files of the project itself, for people: the walk that keeps an agent inside its workspace keeps a request inside the
// project. What may be read or written of it is decided by the caller.
import { realpathSync } from "node:fs";
import type { FolderFiles } from "../../ports/workspace.ts";
import { createDiskFiles } from "./disk.ts";
import { requireDescriptorPaths } from "./safe-files.ts";

export function createProjectFiles(projectDir: string): FolderFiles {
  requireDescriptorPaths();
  const root = realpathSync(projectDir);
  const { read, write, list } = createDiskFiles({
    root,
    aliases: [...new Set([projectDir, root])],
  });
  return { read, write, list };
}
