// The folder of one compose project, `.orket/sandboxes/<id>/`: outside of every folder that an agent writes to, and read by
// nobody else. Holds the sources, the template's files and the secrets; the compose text itself goes in by a pipe.
import { chmod, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { SandboxDeployment } from "../../ports/sandbox.ts";
import type { SourceCaps } from "./copy-sources.ts";
import { copySources } from "./copy-sources.ts";

export type ProjectFolders = {
  readonly pathOf: (id: string) => string;
  /** What lay there before is gone first. */
  readonly prepare: (deployment: SandboxDeployment, signal: AbortSignal) => Promise<Result<string>>;
  readonly secretsOf: (id: string) => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
};

const SECRET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

export function createProjectFolders(stateDir: string, caps?: SourceCaps): ProjectFolders {
  const pathOf = (id: string): string => join(stateDir, "sandboxes", id);
  const remove = async (id: string): Promise<void> =>
    rm(pathOf(id), { recursive: true, force: true, maxRetries: 3 });
  return {
    pathOf,
    remove,
    prepare: async (deployment, signal) => {
      const bad = badName(deployment);
      if (bad !== undefined)
        return refuse("SANDBOX_INVALID", `${bad} is no name for a file of a sandbox.`, { bad });
      const folder = pathOf(deployment.id);
      try {
        await remove(deployment.id);
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await chmod(folder, 0o700);
        await writeFiles(folder, deployment);
        if (deployment.sourceDir === null) return ok(folder);
        const to = join(folder, "sources");
        const limits = { signal, ...(caps === undefined ? {} : { caps }) };
        const copied = await copySources(deployment.sourceDir, to, limits);
        return copied.ok ? ok(folder) : copied;
      } catch (error) {
        return refuse("SANDBOX_FAILED", `The sandbox's folder failed: ${reasonOf(error)}`);
      }
    },
    secretsOf: async (id) => {
      const folder = join(pathOf(id), "secrets");
      const names = await readdir(folder).catch(() => []);
      return Promise.all(names.map(async (name) => readFile(join(folder, name), "utf8")));
    },
  };
}

const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? "an unexpected error";

const badName = ({ files, secrets }: SandboxDeployment): string | undefined =>
  Object.keys(secrets).find((name) => !SECRET_NAME.test(name)) ??
  Object.keys(files).find(
    (path) =>
      path === "" ||
      isAbsolute(path) ||
      normalize(path) !== path ||
      path.startsWith("..") ||
      path.endsWith("/"),
  );

async function writeFiles(folder: string, { files, secrets }: SandboxDeployment): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, "files", path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, text, { flag: "wx", mode: 0o644 });
  }
  if (Object.keys(secrets).length === 0) return;
  await mkdir(join(folder, "secrets"), { mode: 0o700 });
  for (const [name, value] of Object.entries(secrets))
    await writeFile(join(folder, "secrets", name), value, { flag: "wx", mode: 0o600 });
}
