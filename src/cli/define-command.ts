// How a command is defined: words, arguments, help, and the module that is loaded when it is called. Which there are stands in
// command-list.ts.
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { Cli } from "./main.ts";

/** Options are what the definition below makes of them; each command's own type says which it reads. */
export type CommandAction = (cli: Cli, options: never, args: readonly string[]) => Promise<number>;

export type Call = (command: Command, action: CommandAction) => Promise<void>;

export type Definition = {
  /** Words and arguments, such as `cards move <card> <status>`. */
  readonly name: string;
  readonly about: string;
  readonly example: string;
  /** What `--json` gives; null where the command only groups others. */
  readonly json: "document" | "lines" | null;
  /** Whether it works on a project. */
  readonly onProject: boolean;
  readonly load: (() => Promise<unknown>) | null;
};

export type Add = (definition: Definition) => Command;

const JSON_MEANS = {
  document: "print one JSON document",
  lines: "print JSON Lines: one event a line, the result last",
} as const;

export const addTo =
  (program: Command, call: Call): Add =>
  (definition) =>
    addCommand(program, call, definition);

function addCommand(program: Command, call: Call, definition: Definition): Command {
  const { name, about, example, json, onProject, load } = definition;
  const words = name.split(" ");
  const group =
    /^[a-z]/.test(words[1] ?? "") && program.commands.find((one) => one.name() === words[0]);
  const command = (group || program)
    .command(group ? words.slice(1).join(" ") : name)
    .description(about)
    .enablePositionalOptions()
    .helpCommand(false)
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", `\nExample:\n  ${example}`);
  if (onProject) command.option("--project <dir>", "project directory (default: this one)");
  if (json !== null) command.option("--json", JSON_MEANS[json]);
  if (load !== null) command.action(async () => call(command, (await load()) as CommandAction));
  return command;
}

const DAYS_MAX = 3650;

export function days(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > DAYS_MAX)
    throw new InvalidArgumentError(`It is a whole number from 1 to ${DAYS_MAX}.`);
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It is a number above 0.");
  return value;
}
