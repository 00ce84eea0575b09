// The command line: how a call is understood, and how it ends. Which commands there are stands in command-list.ts.
import { Command, CommanderError } from "commander";
import { addCommands } from "./command-list.ts";
import type { CommandAction } from "./define-command.ts";
import { EXIT } from "./exit-codes.ts";
import { ok } from "../domain/result.ts";
import type { Io } from "./io.ts";
import { refusalOf, showProblem } from "./problem.ts";
import type { Workbench } from "./workbench.ts";

export type Cli = { readonly io: Io; readonly workbench: Workbench };

export type GlobalOptions = { readonly project?: string; readonly json?: boolean };

/** Commands that load no settings. A misspelt variable stops them as it stops the others, which tell it with all the rest. */
const SETTLES_NOTHING = ["init", "schema", "completion", "demo"];

export async function runCli(cli: Cli, argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const call = async (command: Command, action: CommandAction): Promise<void> => {
    const refused = SETTLES_NOTHING.includes(command.name())
      ? await cli.workbench.checkVariables()
      : ok(null);
    if (!refused.ok) {
      exitCode = showProblem(cli.io, refused.error, argv.includes("--json"));
      return;
    }
    exitCode = await action(cli, command.optsWithGlobals(), command.args);
  };
  const program = createProgram(cli);
  addCommands(program, call);
  // `orket help run` is what many people try first.
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    const json = argv.includes("--json");
    if (error instanceof CommanderError)
      return endOfCall(cli.io, error, { json, called: calledOf(program, words) });
    return showProblem(cli.io, refusalOf(error), json);
  }
}

function createProgram({ io, workbench }: Cli): Command {
  return (
    new Command("orket")
      .description(
        "Works off a backlog with teams of LLM agents and lets none of them past the rules.",
      )
      .version(workbench.version, "--version", "print the version")
      .helpOption("-h, --help", "show this help")
      .helpCommand(false)
      .option("--project <dir>", "project directory; it may also stand after the command")
      .option("--json", "print JSON instead of text; it may also stand after the command")
      .exitOverride()
      .enablePositionalOptions()
      // Mistakes are shown the way all problems are, once, in endOfCall.
      .configureOutput({ writeOut: io.out, writeErr: io.err, outputError: () => {} })
      .addHelpText("after", AFTER_HELP)
  );
}

const AFTER_HELP = `
First steps:
  orket demo                  watch a small rock being worked off
  orket init my-project       start a project of your own

Exit codes:
  0 success   1 ended, but not well   2 usage   3 settings or assets   4 model provider
  5 denied by policy   6 waits for an approval   70 internal   130 interrupted
`;

/** The command as far as it was understood, for the help that fits. */
function calledOf(program: Command, words: readonly string[]): string {
  let found = program;
  const names = ["orket"];
  for (const word of words) {
    const next = found.commands.find((one) => one.name() === word);
    if (next === undefined) continue;
    found = next;
    names.push(word);
  }
  return names.join(" ");
}

/** Help and version were asked for, a group was called without its command, or the call was not understood. */
function endOfCall(
  io: Io,
  { exitCode, code, message }: CommanderError,
  { json, called }: { readonly json: boolean; readonly called: string },
): number {
  if (exitCode === 0) return EXIT.ok;
  if (code === "commander.help") return EXIT.usage;
  const fact = message.replace(/^error: /, "").replaceAll("\n", " ");
  const sentence = `${fact.charAt(0).toUpperCase()}${fact.slice(1)}${/[.?)]$/.test(fact) ? "" : "."}`;
  const wayOut = `See: ${called} --help`;
  const refusal = {
    code: "USAGE" as const,
    message: `${sentence} ${wayOut}`,
    details: { reason: code },
  };
  return showProblem(io, refusal, json);
}
