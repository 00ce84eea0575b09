// `orket verify <issue>`: executes the verification of one card alone, stores what it found and shows each scenario.
import { verifyByHand } from "../../app/verify-by-hand.ts";
import type { Verified } from "../../app/verify-card.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { createPaint, plain } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Options = GlobalOptions & { readonly build?: string };

export const verify = async (
  cli: Cli,
  options: Options,
  [card = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io, workbench } = cli;
    const json = options.json === true;
    const stop = new AbortController();
    const release = io.onSignal(() => stop.abort());
    try {
      const request = { card, build: options.build ?? null, person: workbench.person };
      const verified = await verifyByHand(engine, request, stop.signal);
      if (!verified.ok) return showProblem(io, verified.error, json);
      if (json) io.out(`${JSON.stringify({ v: 1, ...verified.value })}\n`);
      else show(io, verified.value.verification);
      return exitCodeOf(verified.value.verification);
    } finally {
      release();
    }
  });

function show(io: Io, { logs, verdict, total, passed, failed, notExecuted }: Verified): void {
  const paint = createPaint(io.color);
  const styled = logs.map((line) => {
    if (line.startsWith("[PASS]")) return paint("green", plain(line));
    return line.startsWith("[FAIL]") ? paint("red", plain(line)) : plain(line);
  });
  const counts = [`${passed} of ${total} passed`, `${failed} failed`];
  if (notExecuted > 0) counts.push(`${notExecuted} not executed`);
  io.out(`${[...styled, `verdict: ${verdict ?? "none"} (${counts.join(", ")})`].join("\n")}\n`);
}

/** Without a verdict something of this machine is missing: walls, or a sandbox. */
function exitCodeOf({ verdict }: Verified): number {
  if (verdict === "pass") return EXIT.ok;
  return verdict === "fail" ? EXIT.endedBadly : EXIT.configuration;
}
