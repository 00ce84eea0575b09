// The command line: turns words into one call of a manager and its answer into lines. Whatever came from a page is made harmless
// for a terminal before it is shown.
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Polled, WatchManager } from "../managers/watch-manager.ts";
import type { History, Poll } from "../schemas/poll.ts";
import type { Settings } from "../schemas/settings.ts";
import { settingsSchema } from "../schemas/settings.ts";
import type { NewWatch, Watch } from "../schemas/watch.ts";
import { newWatchSchema } from "../schemas/watch.ts";
import { toMoney } from "../utils/format-money.ts";
import { plain } from "../utils/markup.ts";
import type { Result } from "../utils/result.ts";
import { ok, refuse } from "../utils/result.ts";

export const USAGE = `sneaky-price-watch: watches prices on pages that you are entitled to read

  watch URL TARGET   adds a page; serve reads it from then on
  check ID           reads a watched page once, now
  check URL TARGET   reads any page once and keeps nothing
  list               the watched pages
  history ID         every price that was read
  remove ID
  serve              reads what is due, and shows it at http://127.0.0.1:7070

TARGET: --css QUERY | --xpath QUERY | --role ROLE [--role-name NAME] | --text WORDS
Pages:  --name NAME  --reader browser|http  --drop 20  --every 60 (minutes)  --decimal auto|dot|comma  --currency EUR
All:    --database FILE | --memory  --allow-private HOST  --host-gap 10 (seconds)  --chromium PATH  --json
Serve:  --listen 127.0.0.1  --port 7070  --host-name NAME
Alerts go to the webhook --webhook URL or SNEAKY_WEBHOOK_URL, else they are printed.`;

const OPTIONS = {
  ...Object.fromEntries(
    [
      "css",
      "xpath",
      "role",
      "role-name",
      "text",
      "name",
      "reader",
      "drop",
      "every",
      "decimal",
      "currency",
      "database",
      "host-gap",
      "chromium",
      "webhook",
      "listen",
      "port",
    ].map((name) => [name, { type: "string" as const }]),
  ),
  "allow-private": { type: "string", multiple: true },
  "host-name": { type: "string", multiple: true },
  memory: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "watch" | "check-page"; readonly watch: NewWatch }
  | { readonly kind: "check" | "history" | "remove"; readonly id: string }
  | { readonly kind: "list" }
  | { readonly kind: "serve" };
export type Order = {
  readonly command: Command;
  readonly settings: Settings;
  readonly isJson: boolean;
};

type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What was asked for, or what is wrong with it. `webhookUrl` comes from the environment: it may hold a secret. */
export function parseOrder(
  argv: readonly string[],
  webhookUrl: string | undefined,
): Result<Order, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
    });
    const [name = "help", ...words] = positionals;
    const command: Command =
      values.help === true ? { kind: "help" } : toCommand(name, words, values);
    const settings = settingsSchema.parse(toSettings(values, command, webhookUrl));
    return ok({ command, settings, isJson: values.json === true });
  } catch (error) {
    return refuse(
      error instanceof z.ZodError
        ? z.prettifyError(error)
        : error instanceof Error
          ? error.message
          : String(error),
    );
  }
}

function toCommand(name: string, words: readonly string[], flags: Flags): Command {
  const [word] = words;
  const one = (): string => {
    if (word === undefined || words.length > 1) throw new Error(`${name} takes one id or URL.`);
    return word;
  };
  switch (name) {
    case "help":
    case "list":
    case "serve":
      if (words.length > 0) throw new Error(`${name} takes no further words.`);
      return { kind: name };
    case "watch":
      return { kind: "watch", watch: toWatch(one(), flags) };
    case "check":
      return /^https?:/i.test(one())
        ? { kind: "check-page", watch: toWatch(one(), flags) }
        : { kind: "check", id: one() };
    case "history":
    case "remove":
      return { kind: name, id: one() };
    default:
      throw new Error(`There is no command ${name}.`);
  }
}

const given = (entries: Flags): Flags =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
const toNumber = (value: Flags[string]): number | undefined =>
  value === undefined ? undefined : Number(value === "" ? Number.NaN : value);

function toWatch(url: string, flags: Flags): NewWatch {
  const { css, xpath, role, text, name, reader, decimal, currency } = flags;
  const targets = [
    ...(css === undefined ? [] : [{ kind: "css", query: css }]),
    ...(xpath === undefined ? [] : [{ kind: "xpath", query: xpath }]),
    ...(role === undefined ? [] : [{ kind: "role", role, name: flags["role-name"] ?? null }]),
    ...(text === undefined ? [] : [{ kind: "text", text }]),
  ];
  if (targets.length !== 1)
    throw new Error("Name the price by exactly one of --css, --xpath, --role and --text.");
  const rest = given({ name, reader, decimal, currency });
  const numbers = { dropPercent: toNumber(flags["drop"]), everyMinutes: toNumber(flags["every"]) };
  return newWatchSchema.parse({ url, target: targets[0], ...rest, ...numbers });
}

function toSettings(flags: Flags, command: Command, webhookUrl: string | undefined): object {
  if (flags["memory"] === true && flags["database"] !== undefined)
    throw new Error("Either --memory or --database.");
  const gap = toNumber(flags["host-gap"]);
  return {
    ...(flags["memory"] === true || command.kind === "check-page"
      ? { database: null }
      : given({ database: flags["database"] })),
    ...given({
      listen: flags["listen"],
      chromium: flags["chromium"],
      webhook: flags["webhook"] ?? webhookUrl,
    }),
    ...given({ hostNames: flags["host-name"], allowPrivate: flags["allow-private"] }),
    port: toNumber(flags["port"]),
    hostGapMs: gap === undefined ? undefined : gap * 1000,
  };
}

export type Answer = {
  readonly exitCode: number;
  readonly data: unknown;
  readonly lines: readonly string[];
};
type Asked = Exclude<Command, { kind: "help" } | { kind: "serve" }>;

/** Exit codes: 0 done, 1 there is no such watch or no room, 3 the page told no price. */
export async function answer(
  watches: WatchManager,
  command: Asked,
  signal: AbortSignal,
): Promise<Answer> {
  switch (command.kind) {
    case "watch": {
      const added = watches.addWatch(command.watch);
      return added.ok
        ? {
            exitCode: 0,
            data: added.value,
            lines: [
              `${added.value.id}  ${added.value.name} is watched. Start serve to have it read.`,
            ],
          }
        : failure(added.error);
    }
    case "check-page": {
      const added = watches.addWatch(command.watch);
      return added.ok
        ? tellPolled(await watches.pollNow(added.value.id, signal))
        : failure(added.error);
    }
    case "check":
      return tellPolled(await watches.pollNow(command.id, signal));
    case "list": {
      const all = watches.listWatches();
      return {
        exitCode: 0,
        data: all,
        lines: all.length === 0 ? ["Nothing is watched."] : all.map(listLine),
      };
    }
    case "history": {
      const history = watches.findHistory(command.id);
      return history === null
        ? MISSING
        : { exitCode: 0, data: history, lines: historyLines(history) };
    }
    case "remove":
      return watches.removeWatch(command.id)
        ? { exitCode: 0, data: { removed: command.id }, lines: ["Removed, with its history."] }
        : MISSING;
  }
}

const failure = (error: string): Answer => ({ exitCode: 1, data: { error }, lines: [error] });
const MISSING = failure("There is no such watch: list shows them.");
const tellPolled = (polled: Polled | null): Answer =>
  polled === null
    ? MISSING
    : {
        exitCode: polled.poll.outcome === "price" ? 0 : 3,
        data: polled,
        lines: [pollLine(polled.poll)],
      };

export const pollLine = (poll: Poll): string => {
  const what =
    poll.outcome === "price"
      ? toMoney(poll.price)
      : `${poll.outcome} (${poll.reason}): ${plain(poll.detail)}`;
  return `${new Date(poll.at).toISOString()}  ${poll.watchId}  ${what}`;
};
const listLine = ({ id, name, baseline, everyMinutes, dropPercent, url }: Watch): string =>
  `${id}  ${plain(name)}  baseline ${baseline === null ? "not yet" : toMoney(baseline)}  −${dropPercent} %  each ${everyMinutes} min  ${plain(url)}`;
const historyLines = ({ polls, alerts }: History): readonly string[] => [
  ...polls.map(pollLine),
  ...alerts.map(
    ({ at, from, to, deliveredAt }) =>
      `${new Date(at).toISOString()}  alert  ${toMoney(from)} → ${toMoney(to)}  ${deliveredAt === null ? "not delivered" : "delivered"}`,
  ),
];
