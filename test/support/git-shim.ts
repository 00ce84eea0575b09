// A `git` that stands before the real one on the PATH of a run and, when it is armed, kills or freezes the run at its next
// commit: before git has started, while git works, or after git is done and before the run hears of it.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type CommitMoment = "before" | "while" | "after";

export type GitShim = {
  /** To be put in front of PATH. */
  readonly folder: string;
  /** For one commit. */
  readonly arm: (moment: CommitMoment) => void;
  /** True as soon as the signal is sent. */
  readonly wentOff: () => boolean;
  /** Forgets that it went off, and whatever is still armed. */
  readonly disarm: () => void;
};

const scriptOf = (real: string, signal: "KILL" | "STOP"): string => `#!/bin/sh
here=\${0%/*}
took() { rm "$here/$1" 2>/dev/null; }
strike() { : > "$here/hit"; kill -${signal} $PPID; }
case " $* " in *" fast-import "*)
  if took before; then strike; ${signal === "KILL" ? "exit 1;" : ""} fi
  if took while; then exec 3<&0; ${real} "$@" <&3 & strike; wait $!; exit $?; fi
  if took after; then ${real} "$@"; code=$?; strike; exit $code; fi
esac
exec ${real} "$@"
`;

export function createGitShim(folder: string, signal: "KILL" | "STOP"): GitShim {
  mkdirSync(folder, { recursive: true });
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const path = join(folder, "git");
  writeFileSync(path, scriptOf(real, signal));
  chmodSync(path, 0o755);
  return {
    folder,
    arm: (moment) => writeFileSync(join(folder, moment), ""),
    wentOff: () => existsSync(join(folder, "hit")),
    disarm: () => {
      for (const name of ["before", "while", "after", "hit"])
        rmSync(join(folder, name), { force: true });
    },
  };
}
