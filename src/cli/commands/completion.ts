// `orket completion`: the commands, options and choices as they are defined, for three shells.
import type { Command } from "commander";
import type { Cli, GlobalOptions } from "../main.ts";

/** One command, flat: its words, and what may come next. */
type Entry = {
  readonly path: string;
  readonly about: string;
  readonly commands: readonly string[];
  readonly flags: readonly string[];
  /** Values of its first argument. */
  readonly values: readonly string[];
  /** Flags that take one of few words. */
  readonly choices: readonly { readonly flag: string; readonly words: readonly string[] }[];
};

const SCHEMA_KINDS = [
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
];

/** Flags whose value is a folder. */
const DIRECTORY_FLAGS = ["--project", "--keep"];

function entriesOf(command: Command, path: string): readonly Entry[] {
  const options = command.options.filter((option) => option.long != null);
  const [argument] = command.registeredArguments;
  const values = path === "schema" ? SCHEMA_KINDS : (argument?.argChoices ?? []);
  const own: Entry = {
    path,
    about: command.description(),
    commands: command.commands.map((one) => one.name()),
    flags: [...options.map((option) => option.long ?? ""), "--help"],
    values,
    choices: options.flatMap(({ long, argChoices }) =>
      long == null || argChoices === undefined ? [] : [{ flag: long, words: argChoices }],
    ),
  };
  const below = command.commands.flatMap((one) => entriesOf(one, `${path} ${one.name()}`.trim()));
  return [own, ...below];
}

const quoted = (path: string): string => `"${path}"`;

function bash(entries: readonly Entry[]): string {
  const paths = entries.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  const next = entries.map(
    ({ path, commands, values, flags }) =>
      `    ${quoted(path)}) choices="${[...commands, ...values, ...flags].join(" ")}" ;;`,
  );
  const values = entries.flatMap(({ path, choices }) =>
    choices.map(({ flag, words }) => `    "${path} ${flag}") choices="${words.join(" ")}" ;;`),
  );
  return `_orket() {
  local path="" longer choices="" index
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((index = 1; index < COMP_CWORD; index++)); do
    longer="\${path:+$path }\${COMP_WORDS[index]}"
    case "$longer" in ${paths.join("|")}) path="$longer" ;; esac
  done
  case "$previous" in
    ${DIRECTORY_FLAGS.join("|")}) COMPREPLY=($(compgen -d -- "$current")); return ;;
  esac
  case "$path" in
${next.join("\n")}
  esac
  case "$path $previous" in
${values.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -F _orket orket
`;
}

const zsh = (entries: readonly Entry[]): string => `#compdef orket
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(entries)}`;

function fish(entries: readonly Entry[]): string {
  const aboutOf = (path: string): string =>
    (entries.find((one) => one.path === path)?.about ?? "").replaceAll("'", "\\'");
  const rules = entries.flatMap(({ path, commands, values, flags, choices }) => {
    const words = path.split(" ").filter((word) => word !== "");
    const when = (more: readonly string[]): string =>
      words.length === 0
        ? "__fish_use_subcommand"
        : [
            ...words.map((word) => `__fish_seen_subcommand_from ${word}`),
            ...(more.length === 0 ? [] : [`not __fish_seen_subcommand_from ${more.join(" ")}`]),
          ].join("; and ");
    return [
      ...commands.map(
        (name) =>
          `complete -c orket -f -n '${when(commands)}' -a ${name} -d '${aboutOf(`${path} ${name}`.trim())}'`,
      ),
      ...(values.length === 0
        ? []
        : [`complete -c orket -f -n '${when([])}' -a '${values.join(" ")}'`]),
      ...flags.map((flag) => {
        const few = choices.find((one) => one.flag === flag);
        const value = few === undefined ? "" : ` -x -a '${few.words.join(" ")}'`;
        const folder = DIRECTORY_FLAGS.includes(flag)
          ? " -x -a '(__fish_complete_directories)'"
          : "";
        return `complete -c orket -n '${when([])}' -l ${flag.slice(2)}${value}${folder}`;
      }),
    ];
  });
  return `${rules.join("\n")}\n`;
}

const SHELLS: Readonly<Record<string, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

/** The commands are read from the program itself, so that no list beside it can be out of date. */
export const createCompletion =
  (program: Command) =>
  async ({ io }: Cli, options: GlobalOptions, [shell = ""]: readonly string[]): Promise<number> => {
    const script = SHELLS[shell]?.(entriesOf(program, "")) ?? "";
    io.out(options.json === true ? `${JSON.stringify({ v: 1, shell, script })}\n` : script);
    return 0;
  };
