// `orket preview`: the prompt of a card as a run would send it now.
import { previewCard } from "../../app/preview.ts";
import { createPaint, forReader } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { modelFlag, withProject } from "../with-project.ts";

type Options = GlobalOptions & {
  readonly department?: string;
  readonly build?: string;
  readonly model?: string;
};

export const preview = async (
  cli: Cli,
  options: Options,
  [card = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, { ...options, flags: modelFlag(options) }, async ({ engine }) => {
    const { io } = cli;
    const { build = null, department = null, model = null } = options;
    const shown = await previewCard(engine, { card, build, department, model });
    if (!shown.ok) return showProblem(io, shown.error, options.json === true);
    if (options.json === true) {
      io.out(`${JSON.stringify({ v: 1, ...shown.value })}\n`);
      return 0;
    }
    const paint = createPaint(io.color);
    io.err(
      `${shown.value.card}: ${shown.value.kind} by ${shown.value.seat} with ${shown.value.model}\n\n`,
    );
    for (const message of shown.value.messages)
      io.out(`${paint("cyan", `── ${message.role} ──`)}\n${forReader(io, message.content)}\n\n`);
    return 0;
  });
