// `orket smoke`: the release canary, against a running server or one that it starts for the purpose.
import type { SmokeResult } from "../../app/smoke.ts";
import { EXIT } from "../exit-codes.ts";
import { createPaint, plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";

type Options = GlobalOptions & { readonly url?: string; readonly webhookUrl?: string };

export async function smoke({ io, workbench }: Cli, options: Options): Promise<number> {
  const { url = null, webhookUrl = null, json = false } = options;
  const known = await workbench.checkVariables();
  if (!known.ok) return showProblem(io, known.error, json);
  const stop = new AbortController();
  const forget = io.onSignal(() => stop.abort());
  const done = await workbench.smoke({ url, webhookUrl, signal: stop.signal }).finally(forget);
  if (stop.signal.aborted) return EXIT.interrupted;
  if (!done.ok) return showProblem(io, done.error, json);
  const { passed, checks } = done.value;
  if (json) io.out(`${JSON.stringify({ v: 1, passed, checks })}\n`);
  else {
    const paint = createPaint(io.color);
    const words = { pass: paint("green", "pass"), fail: paint("red", "FAIL"), "not-run": "  - " };
    for (const one of checks) io.out(`${words[one.verdict]}  ${lineOf(one)}\n`);
    const failed = checks.filter(({ verdict }) => verdict === "fail").length;
    io.out(passed ? "\nAll that was asked is as it must be.\n" : `\n${failed} failed.\n`);
  }
  return passed ? EXIT.ok : EXIT.endedBadly;
}

const lineOf = ({ name, fact, remedy }: SmokeResult): string =>
  [name, fact, remedy]
    .filter((part) => part !== null)
    .map(plain)
    .join("\n      ");
