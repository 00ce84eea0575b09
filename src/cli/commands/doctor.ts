// `orket doctor`: what is well, what is not, and the line that mends it.
import { EXIT } from "../exit-codes.ts";
import { createPaint, plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";

export async function doctor({ io, workbench }: Cli, options: GlobalOptions): Promise<number> {
  const checks = await workbench.diagnose({ project: options.project ?? null, flags: {} });
  const code = checks.every((check) => check.ok) ? EXIT.ok : EXIT.configuration;
  if (options.json === true) {
    io.out(`${JSON.stringify({ v: 1, checks })}\n`);
    return code;
  }
  const paint = createPaint(io.color);
  for (const { name, ok, found, fix, isWarning = false } of checks) {
    const word = isWarning ? paint("yellow", "warn") : paint("green", "ok  ");
    io.out(`${ok ? word : paint("red", "FAIL")}  ${name.padEnd(16)}  ${plain(found)}\n`);
    for (const line of fix?.split("\n") ?? [])
      io.out(`      ${paint("yellow", "fix")}  ${plain(line)}\n`);
  }
  return code;
}
