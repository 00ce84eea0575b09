// The command line: which commands there are, and how a call ends. Each command's module is loaded when it is called.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { EXIT } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { refusalOf, showProblem } from "./problem.ts";
import type { Workbench } from "./workbench.ts";

export type Cli = { readonly io: Io; readonly workbench: Workbench };

export type GlobalOptions = { readonly project?: string; readonly json?: boolean };

export async function runCli(cli: Cli, argv: readonly string[]): Promise<number> {
  const { io } = cli;
  let exitCode: number = EXIT.ok;
  const program = createProgram(cli, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return showProblem(io, refusalOf(error), argv.includes("--json"));
  }
}

type Done = (code: number) => void;
type Action = (cli: Cli, options: never, args: readonly string[]) => Promise<number>;

function createProgram(cli: Cli, done: Done): Command {
  const { io, workbench } = cli;
  const program = new Command("orket")
    .description(
      "Works off a backlog with teams of LLM agents and lets none of them past the rules.",
    )
    .version(workbench.version, "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showHelpAfterError("(see orket --help)")
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText(
      "after",
      "\nFirst steps:\n  orket demo                  watch a small rock being worked off\n  orket init my-project       start a project of your own\n",
    );
  const command = (name: string, description: string, example: string): Command =>
    addCommand(program, { name, description, example });
  const run =
    (load: () => Promise<Action>) =>
    async (...given: unknown[]): Promise<void> => {
      const self = given.at(-1) as Command;
      const args = self.args;
      const action = await load();
      done(await action(cli, self.opts() as never, args));
    };
  setUpCommands(command, run);
  runCommands(command, run);
  backlogCommands(command, run);
  return program;
}

type AddCommand = (name: string, description: string, example: string) => Command;
type Run = (load: () => Promise<Action>) => (...given: unknown[]) => Promise<void>;

function addCommand(
  program: Command,
  { name, description, example }: { name: string; description: string; example: string },
): Command {
  const words = name.split(" ");
  const first = words[0] ?? "";
  const isGroup =
    words.length > 1 && !(words[1] ?? "").startsWith("<") && !(words[1] ?? "").startsWith("[");
  const parent = isGroup ? program.commands.find((one) => one.name() === first) : program;
  if (parent === undefined) throw new TypeError(`The command ${name} has no parent.`);
  return parent
    .command(isGroup ? words.slice(1).join(" ") : name)
    .description(description)
    .enablePositionalOptions()
    .helpOption("-h, --help", "show this help")
    .addOption(new Option("--project <dir>", "project directory (default: this one)"))
    .addOption(new Option("--json", "print one JSON document instead of text"))
    .addHelpText("after", `\nExample:\n  ${example}`);
}

const action = (load: () => Promise<unknown>) => load as () => Promise<Action>;

function setUpCommands(command: AddCommand, run: Run): void {
  command("demo", "run the shipped sample rock from end to end", "orket demo")
    .option("--model <model>", "work with a real model instead of the script, such as ollama:qwen3")
    .option("--keep <dir>", "make the project there instead of a temporary folder")
    .action(run(action(async () => (await import("./commands/demo.ts")).demo)));
  command(
    "init [dir]",
    "write a small, valid project; never overwrites a file",
    "orket init --yes my-project",
  )
    .option("-y, --yes", "do not ask")
    .action(run(action(async () => (await import("./commands/init.ts")).init)));
  command(
    "doctor",
    "check this machine and the project, with a fix for each finding",
    "orket doctor",
  ).action(run(action(async () => (await import("./commands/doctor.ts")).doctor)));
  command("config", "the settings in force", "orket config show");
  command(
    "config show",
    "print every setting with its value and where it came from",
    "orket config show --json",
  ).action(run(action(async () => (await import("./commands/config.ts")).configShow)));
  command(
    "schema <kind>",
    "print the JSON Schema of an asset kind, or of settings",
    "orket schema epic",
  ).action(run(action(async () => (await import("./commands/config.ts")).schema)));
  command(
    "completion <shell>",
    "print a completion script for bash, zsh or fish",
    'eval "$(orket completion bash)"',
  ).action(run(action(async () => (await import("./commands/completion.ts")).completion)));
}

function runCommands(command: AddCommand, run: Run): void {
  command("run <card>", "run a rock, an epic or one issue", "orket run greeting --max-minutes 30")
    .option("--build <id>", "name of the build (default: from the card)")
    .option("--restart", "start every card again; the history stays")
    .option("--model <model>", "model of every seat, as <provider>:<model>")
    .option("--department <name>", "look for the card in this department")
    .option("--max-tokens <n>", "stop when this many tokens are used", positive)
    .option("--max-cost <usd>", "stop when this much is spent", positive)
    .option("--max-minutes <n>", "stop after this long", positive)
    .addOption(
      new Option(
        "--approve <how>",
        "what a call that needs a person gets; nobody can be asked yet, so both mean no",
      ).choices(["ask", "deny"]),
    )
    .action(run(action(async () => (await import("./commands/run.ts")).run)));
  command(
    "resume <run>",
    "go on with a run that was stopped, blocked or lost its process",
    "orket resume run-01j9…",
  ).action(run(action(async () => (await import("./commands/run.ts")).resume)));
  command("runs", "list the runs, newest first", "orket runs --json").action(
    run(action(async () => (await import("./commands/runs.ts")).runs)),
  );
  command(
    "runs show <run>",
    "one run: what each card waits for, its turns and commits",
    "orket runs show run-01j9… --diff",
  )
    .option("--diff", "also show what each turn changed")
    .action(run(action(async () => (await import("./commands/runs.ts")).runsShow)));
}

function backlogCommands(command: AddCommand, run: Run): void {
  command("board", "the tree of rocks, epics and issues", "orket board")
    .option("--department <name>", "only this department")
    .action(run(action(async () => (await import("./commands/board.ts")).board)));
  command("cards", "list the stored cards", "orket cards --status blocked")
    .option("--build <id>", "only this build")
    .option("--status <status>", "only this status")
    .action(run(action(async () => (await import("./commands/cards.ts")).cards)));
  command("cards show <card>", "one card with its comments and history", "orket cards show api-001")
    .option("--build <id>", "the card of this build")
    .action(run(action(async () => (await import("./commands/cards.ts")).cardsShow)));
  command(
    "cards move <card> <status>",
    "move a card, as far as the rules allow",
    "orket cards move api-001 ready",
  )
    .option("--build <id>", "the card of this build")
    .option("--wait-reason <reason>", "resource, dependency, review, input or system")
    .option("--detail <text>", "what it waits for, in words")
    .action(run(action(async () => (await import("./commands/cards.ts")).cardsMove)));
  command(
    "cards comment <card> <text>",
    "write a comment that the next turn sees",
    'orket cards comment api-001 "Use UTC."',
  )
    .option("--build <id>", "the card of this build")
    .action(run(action(async () => (await import("./commands/cards.ts")).cardsComment)));
  command(
    "cards archive",
    "archive cards by id, build or word",
    'orket cards archive --card api-001 --reason "obsolete"',
  )
    .option("--card <id...>", "cards by id")
    .option("--build <id>", "all cards of this build")
    .option("--related <token...>", "cards whose id or summary contains this")
    .option("--reason <text>", "kept with the event")
    .action(run(action(async () => (await import("./commands/cards.ts")).cardsArchive)));
  command("preview <asset>", "the prompt exactly as a run would send it", "orket preview api-001")
    .option("--department <name>", "look for the card in this department")
    .option("--build <id>", "the card of this build")
    .option("--model <model>", "as if with this model")
    .action(run(action(async () => (await import("./commands/preview.ts")).preview)));
  command("events", "the event log", "orket events verify");
  command("events verify", "check the hash chain of the event log", "orket events verify").action(
    run(action(async () => (await import("./commands/events.ts")).eventsVerify)),
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It is a number above 0.");
  return value;
}
