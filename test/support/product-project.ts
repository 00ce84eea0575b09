// A project in a git repository of its own, with folders of products that are committed as a person would commit them.
import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { tempFolder } from "./temp-folder.ts";

const DAY_MS = 24 * 3_600_000;

export type ProductProject = {
  readonly dir: string;
  readonly stateDir: string;
  readonly git: (...args: readonly string[]) => string;
  /** Writes files and commits them; null takes one away. `daysAgo` is when it was. */
  readonly commit: (
    files: Readonly<Record<string, string | null>>,
    daysAgo?: number,
  ) => Promise<string>;
  readonly write: (path: string, text: string) => Promise<void>;
};

/** `below` is where the project lies in the repository. */
export async function openProductProject(
  context: TestContext,
  below = "",
): Promise<ProductProject> {
  const top = await tempFolder(context);
  const dir = join(top, below);
  const stateDir = join(dir, ".orket");
  await mkdir(stateDir, { recursive: true });
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ann",
    GIT_AUTHOR_EMAIL: "ann@example.test",
    GIT_COMMITTER_NAME: "Bob",
    GIT_COMMITTER_EMAIL: "bob@example.test",
  };
  const run = (args: readonly string[], at?: string): string =>
    execFileSync("git", args, {
      cwd: dir,
      env:
        at === undefined
          ? environment
          : { ...environment, GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  run(["init", "-q", "-b", "main", top]);
  await write(".gitignore", ".orket\nignored\n");
  await write("orket.yaml", "");
  return {
    dir,
    stateDir,
    write,
    git: (...args) => run(args),
    commit: async (files, daysAgo = 100) => {
      for (const [path, text] of Object.entries(files)) {
        if (text === null) await rm(join(dir, path), { recursive: true });
        else await write(path, text);
      }
      const at = new Date(Date.now() - daysAgo * DAY_MS).toISOString();
      run(["add", "-A"]);
      run(["commit", "-q", "--allow-empty", "-m", `change ${Object.keys(files).join(" ")}`], at);
      return run(["rev-parse", "HEAD"]);
    },
  };
}
