// `orket memory` and `orket memory forget`: what turns left for later ones, and what of it a person does not want kept.
import { forgetMemory, listMemories } from "../../app/edit-memory.ts";
import { plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type ListOptions = GlobalOptions & { readonly search?: string };

export const memory = async (cli: Cli, options: ListOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const { memories, asOfSeq } = await listMemories(engine, options.search ?? null);
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, memories, asOfSeq })}\n`);
    else if (memories.length > 0) {
      const rows = memories.map((one) => [
        String(one.id),
        one.at.slice(0, 10),
        plain(one.build),
        one.card,
        plain(one.seat),
        plain(one.text),
      ]);
      io.out(table([["id", "date", "build", "card", "seat", "memory"], ...rows]));
    } else if (options.search !== undefined)
      io.err("No memory has one of these words. Words of three letters and more count.\n");
    else
      io.err(
        "Nothing is remembered yet. Turns that decide something leave a line for later ones.\n",
      );
    return 0;
  });

export const memoryForget = async (
  cli: Cli,
  options: GlobalOptions,
  [id = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io, workbench } = cli;
    const number = /^\d{1,15}$/.test(id) ? Number(id) : 0;
    const done = await forgetMemory(engine, { id: number, person: workbench.person });
    if (!done.ok) return showProblem(io, done.error, options.json === true);
    const forgotten = { id: number, text: done.value.text };
    io.out(
      options.json === true
        ? `${JSON.stringify({ v: 1, forgotten })}\n`
        : `forgotten: ${plain(forgotten.text)}\n`,
    );
    return 0;
  });
