// A program run by a test to make its scene: no limits, throws when it fails.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

export async function runCommand(file: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(file, [...args]);
  return stdout;
}
