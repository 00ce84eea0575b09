// `orket runs pause` and `orket runs cancel`: stop a run, whichever process works on it.
import { stopRun } from "../../app/stop-run.ts";
import type { RunWish } from "../../domain/run.ts";
import { EXIT } from "../exit-codes.ts";
import { projectFlag } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Stop = (cli: Cli, options: GlobalOptions, args: readonly string[]) => Promise<number>;

const stopWith =
  (wish: RunWish): Stop =>
  async (cli, options, [run = ""]) =>
    withProject(cli, options, async ({ engine }) => {
      const { io, workbench } = cli;
      const { person: by, isOwnerGone } = workbench;
      const stopped = await stopRun(engine, { run, wish, by, isOwnerGone });
      if (!stopped.ok) return showProblem(io, stopped.error, options.json === true);
      const { id, status, reason } = stopped.value;
      if (options.json === true) io.out(`${JSON.stringify({ v: 1, run: stopped.value })}\n`);
      else io.out(`${id} is ${status}${reason === null ? "" : ` (${reason})`}\n`);
      if (status === "running")
        io.err("It pauses when its running steps have ended; no new one starts.\n");
      const there = projectFlag(options.project);
      if (status === "paused") io.err(`Go on with: orket runs continue ${id}${there}\n`);
      return EXIT.ok;
    });

export const runsPause = stopWith("pause");
export const runsCancel = stopWith("cancel");
