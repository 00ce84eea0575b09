// One git command on a repository of Orket's own, with nothing of the machine's or the workspace's configuration in force.
// The work tree is never given to git: what is committed is read by tracked.ts and handed over as bytes.
import { EngineError } from "../../domain/errors.ts";
import type { Processes, ProcessResult } from "../../ports/process.ts";

export type GitSetting = {
  readonly processes: Processes;
  /** Where git is looked for, as in PATH. */
  readonly searchPath: string;
};

export type GitCommand = {
  readonly gitDir: string;
  readonly args: readonly string[];
  readonly stdin?: Uint8Array;
  readonly outputBytesMax?: number;
};

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const ERROR_CHARACTERS_SHOWN = 500;
/** The id git gives to a tree without entries; as the source of attributes it means that there are none. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const OPTIONS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  `attr.tree=${EMPTY_TREE}`,
  "core.autocrlf=false",
  "core.quotePath=false",
  "core.fsync=committed,loose-object,reference",
  "core.fsyncMethod=batch",
  // How long git itself waits for a lock of another process; one that is still there was left by a killed one.
  "core.filesRefLockTimeout=1000",
  "gc.auto=0",
  "protocol.allow=never",
  "submodule.recurse=false",
  "safe.bareRepository=explicit",
  "credential.helper=",
].flatMap((option) => ["-c", option]);

const environment = (searchPath: string): Readonly<Record<string, string>> => ({
  PATH: searchPath,
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_ALLOW_PROTOCOL: "",
  GIT_DEFAULT_HASH: "sha1",
  GIT_DEFAULT_REF_FORMAT: "files",
});

/** Any exit code is an answer; that git does not run at all is a failure. */
export async function runGit(
  { processes, searchPath }: GitSetting,
  command: GitCommand,
): Promise<ProcessResult> {
  const result = await processes.run({
    argv: [
      "git",
      `--git-dir=${command.gitDir}`,
      "--literal-pathspecs",
      "--no-pager",
      ...OPTIONS,
      ...command.args,
    ],
    cwd: "/",
    env: environment(searchPath),
    timeoutMs: TIMEOUT_MS,
    outputBytesMax: command.outputBytesMax ?? OUTPUT_BYTES_MAX,
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
  });
  if (result.ended === "not-started") {
    throw new EngineError(
      "WORKSPACE_FAILED",
      "git could not be started. Install git 2.30 or newer and put it on the PATH.",
      {
        details: { reason: result.stderr },
      },
    );
  }
  if (result.ended === "timeout") throw gitFailure(command, result);
  return result;
}

/** The output of a command that has to succeed. */
export async function gitOutput(setting: GitSetting, command: GitCommand): Promise<string> {
  const result = await runGit(setting, command);
  if (result.ended !== "exited" || result.exitCode !== 0) throw gitFailure(command, result);
  return result.stdout;
}

export function gitFailure(
  { args }: GitCommand,
  { ended, exitCode, stderr }: ProcessResult,
): EngineError {
  const reason = stderr.trim().slice(-ERROR_CHARACTERS_SHOWN);
  const details = { command: args[0], ended, exitCode, reason };
  if (/No space left on device|Out of diskspace|Disk quota exceeded|File too large/i.test(stderr)) {
    return new EngineError(
      "STORE_FULL",
      "The disk is full: git could not write. Make room, then resume.",
      { details },
    );
  }
  return new EngineError(
    "WORKSPACE_FAILED",
    `git ${args[0] ?? ""} failed (${ended}, ${exitCode ?? "no exit code"}): ${reason}`,
    {
      details,
    },
  );
}
