// `orket forge setup`: what a repository on the forge lacks, and with --execute the making of it.
import { EXIT } from "../exit-codes.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Options = GlobalOptions & {
  readonly receiver: string;
  readonly rotate?: boolean;
  readonly execute?: boolean;
};

const UNREACHED =
  "No test delivery arrived. See that `orket serve` runs and that the forge reaches the receiver: as it comes it calls no" +
  " private or loopback address; [webhook] ALLOWED_HOST_LIST=private,loopback in its settings allows them. A receiver that" +
  " had the same test delivery before takes it for a duplicate.\n";

export const forgeSetup = async (
  cli: Cli,
  options: Options,
  [repository = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ setUpForge }) => {
    const { io } = cli;
    const { receiver, rotate = false, execute: executes = false, json = false } = options;
    const done = await setUpForge({ repository, receiver, rotates: rotate, executes });
    if (!done.ok) return showProblem(io, done.error, json);
    const { hook, label, protection, arrives } = done.value;
    if (json) io.out(`${JSON.stringify({ v: 1, executed: executes, ...done.value })}\n`);
    else io.out(`hook: ${hook}\nlabel: ${label} if missing\nprotection: ${protection}\n`);
    if (!executes) io.err("Nothing was changed; --execute changes it.\n");
    if (arrives === true) io.err("A test delivery arrived.\n");
    if (arrives !== false) return EXIT.ok;
    io.err(UNREACHED);
    return EXIT.endedBadly;
  });
