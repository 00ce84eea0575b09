// What a call to the forge needs of the git directory on this machine: whether a commit is there, which refs it has, a ref
// that keeps what was fetched. No network here.
import { EngineError } from "../../domain/errors.ts";
import type { ProcessResult } from "../../ports/process.ts";
import type { GitRemoteDeps } from "./call.ts";

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

const OPTIONS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.fsync=committed,reference",
  "protocol.allow=never",
  "safe.bareRepository=explicit",
  "gc.auto=0",
].flatMap((option) => ["-c", option]);

type Local = { readonly gitDir: string; readonly args: readonly string[] };

async function runLocal(
  { processes, searchPath }: GitRemoteDeps,
  { gitDir, args }: Local,
): Promise<ProcessResult> {
  return processes.run({
    argv: ["git", `--git-dir=${gitDir}`, "--no-pager", ...OPTIONS, ...args],
    cwd: "/",
    env: {
      PATH: searchPath,
      LC_ALL: "C",
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ALLOW_PROTOCOL: "",
    },
    timeoutMs: TIMEOUT_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
}

async function outputOf(deps: GitRemoteDeps, local: Local): Promise<string> {
  const { ended, exitCode, stdout, stderr } = await runLocal(deps, local);
  if (ended === "exited" && exitCode === 0) return stdout;
  throw new EngineError("WORKSPACE_FAILED", `git ${local.args[0] ?? ""} failed (${ended}).`, {
    details: { gitDir: local.gitDir, exitCode, reason: stderr.slice(-500) },
  });
}

export async function requireCommit(
  deps: GitRemoteDeps,
  gitDir: string,
  sha: string,
): Promise<void> {
  await outputOf(deps, { gitDir, args: ["cat-file", "-e", `${sha}^{commit}`] });
}

/** As a file of packed refs, so that the server sends only what is missing. */
export async function knownRefs(deps: GitRemoteDeps, gitDir: string): Promise<string> {
  const format = "--format=%(objectname) %(refname)";
  const lines = await outputOf(deps, { gitDir, args: ["for-each-ref", "--sort=refname", format] });
  return lines === "" ? "" : `# pack-refs with: sorted \n${lines}`;
}

type Kept = { readonly gitDir: string; readonly ref: string; readonly sha: string };

export async function keepRef(deps: GitRemoteDeps, { gitDir, ref, sha }: Kept): Promise<void> {
  await outputOf(deps, { gitDir, args: ["update-ref", "--no-deref", ref, sha] });
}
