// `orket events verify`: is the log what was written?
import { EXIT } from "../exit-codes.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

export const eventsVerify = async (cli: Cli, options: GlobalOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const chain = await engine.store.verifyChain();
    if (!chain.valid) {
      const message = `Event ${chain.seq} is the first that does not fit: ${chain.problem}. Restore the database from a backup.`;
      return showProblem(
        io,
        { code: "EVENTS_BROKEN", message, details: { seq: chain.seq } },
        options.json === true,
      );
    }
    const { count, lastHash } = chain;
    io.out(
      options.json === true
        ? `${JSON.stringify({ v: 1, valid: true, count, lastHash })}\n`
        : `${count} events, chain valid, last hash ${lastHash}\n`,
    );
    return EXIT.ok;
  });
