// Starts the processes that use a store beside the test, and reads what they acknowledged.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

export type StoreProcess = {
  readonly child: ChildProcess;
  /** The lines it printed so far. */
  readonly lines: () => readonly string[];
  /** Resolves when it has printed that many lines. */
  readonly printed: (count: number) => Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
};

export function startStoreProcess(
  context: TestContext,
  script: "store-writer.ts" | "store-holder.ts",
  given: readonly string[],
): StoreProcess {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(execPath, [file, ...given], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const lines = (): readonly string[] => text.split("\n").slice(0, -1);
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const printed = async (count: number): Promise<void> => {
    while (lines().length < count) {
      const part = once(child.stdout, "data").then(() => true);
      if (!(await Promise.race([part, ended.then(() => false)]))) break;
    }
    if (lines().length < count) throw new Error(`${script} ended after ${lines().length} lines.`);
  };
  return { child, lines, printed, ended };
}
