// `orket completion`: the commands and their subcommands for three shells.
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";

const COMMANDS = [
  "demo",
  "init",
  "doctor",
  "config",
  "schema",
  "completion",
  "run",
  "resume",
  "runs",
  "board",
  "cards",
  "preview",
  "events",
];
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  config: ["show"],
  runs: ["show"],
  cards: ["show", "move", "comment", "archive"],
  events: ["verify"],
  completion: ["bash", "zsh", "fish"],
  schema: [
    "organization",
    "department",
    "team",
    "role",
    "dialect",
    "environment",
    "issue",
    "epic",
    "rock",
    "settings",
  ],
};

const bash = (): string => {
  const cases = Object.entries(SUBCOMMANDS).map(
    ([name, words]) => `    ${name}) words="${words.join(" ")}" ;;`,
  );
  return `_orket() {
  local words="${COMMANDS.join(" ")}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="" ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words --help --json --project" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _orket orket
`;
};

const zsh = (): string => `#compdef orket
autoload -U +X bashcompinit && bashcompinit
${bash()}`;

const fish = (): string => {
  const first = `complete -c orket -f -n __fish_use_subcommand -a "${COMMANDS.join(" ")}"`;
  const rest = Object.entries(SUBCOMMANDS).map(
    ([name, words]) =>
      `complete -c orket -f -n "__fish_seen_subcommand_from ${name}" -a "${words.join(" ")}"`,
  );
  return `${[first, ...rest].join("\n")}\n`;
};

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

export async function completion(
  { io }: Cli,
  options: GlobalOptions,
  [shell = ""]: readonly string[],
): Promise<number> {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined) {
    const message = `There is no completion for ${shell}; there is one for ${Object.keys(SHELLS).join(", ")}.`;
    return showProblem(io, { code: "USAGE", message, details: { shell } }, options.json === true);
  }
  io.out(write());
  return 0;
}
