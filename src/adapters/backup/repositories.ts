// Whether each git repository below a folder has what its branches name, asked of git itself.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Processes } from "../../ports/process.ts";

export type GitSetting = { readonly processes: Processes; readonly searchPath: string };

/** Folders of the state that hold repositories. */
const FOLDERS = ["git", "arrivals"];
const TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;
const ERROR_CHARACTERS_SHOWN = 300;

/** Gives how many there are. */
export async function checkRepositories(
  setting: GitSetting,
  root: string,
  signal: AbortSignal,
): Promise<Result<number>> {
  let count = 0;
  for (const folder of FOLDERS)
    for (const repository of await repositoriesIn(join(root, folder))) {
      const problem = await problemOf(setting, repository, signal);
      if (signal.aborted) return refuse("INTERRUPTED", "A signal stopped the check.");
      if (problem !== null)
        return refuse(
          "BACKUP_INVALID",
          `The repository ${repository.slice(root.length + 1)} is damaged: ${problem}`,
        );
      count += 1;
    }
  return ok(count);
}

async function repositoriesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const path = join(dir, entry.name);
    if (existsSync(join(path, "HEAD"))) found.push(path);
    else found.push(...(await repositoriesIn(path)));
  }
  return found;
}

async function problemOf(
  { processes, searchPath }: GitSetting,
  repository: string,
  signal: AbortSignal,
): Promise<string | null> {
  // With it, what the repository names could lie anywhere on the machine.
  if (existsSync(join(repository, "objects", "info", "alternates")))
    return "it borrows objects of another one.";
  const result = await processes.run({
    argv: [
      "git",
      `--git-dir=${repository}`,
      "-c",
      "safe.bareRepository=explicit",
      "fsck",
      "--connectivity-only",
      "--no-dangling",
      "--no-progress",
    ],
    cwd: "/",
    env: {
      PATH: searchPath,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_NO_LAZY_FETCH: "1",
    },
    timeoutMs: TIMEOUT_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
    signal,
  });
  if (result.ended === "exited" && result.exitCode === 0) return null;
  const said = `${result.stderr}${result.stdout}`.trim().slice(0, ERROR_CHARACTERS_SHOWN);
  return said === "" ? `git ended (${result.ended}, ${String(result.exitCode)}).` : said;
}
