// `orket cards …`: the stored cards, and what a person does to them.
import { archiveCards, commentOnCard, moveCardByRules } from "../../app/edit-cards.ts";
import { cardHistory, listCards, showCard } from "../../app/read-cards.ts";
import type { Card, CardStatus } from "../../domain/card.ts";
import type { Result } from "../../domain/result.ts";
import type { VerificationRun } from "../../domain/verdict.ts";
import { glyphOf, styleOf } from "../card-style.ts";
import { createPaint, plain, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

const CARDS_MAX = 10_000;
const EVENTS_MAX = 1000;

type ListOptions = GlobalOptions & { readonly build?: string; readonly status?: CardStatus };

export const cards = async (cli: Cli, options: ListOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const { build, status } = options;
    const query = {
      limit: CARDS_MAX,
      after: null,
      ...(build === undefined ? {} : { build }),
      ...(status === undefined ? {} : { statuses: [status] }),
    };
    const { cards: list, asOfSeq } = await listCards(engine, query);
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, cards: list, asOfSeq })}\n`);
    else if (list.length === 0)
      io.err(
        "No card is stored yet. A card is stored when its first run starts: orket run <card>\n",
      );
    else {
      const paint = createPaint(io.color);
      const rows = list.map((card) => [
        card.build,
        card.id,
        card.status,
        card.waitReason ?? "",
        plain(card.summary),
      ]);
      const head = ["build", "id", "status", "waits for", "summary"];
      io.out(table([head.map((name) => paint("bold", name)), ...rows]));
    }
    return 0;
  });

type CardOptions = GlobalOptions & { readonly build?: string };

export const cardsShow = async (
  cli: Cli,
  options: CardOptions,
  [id = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io } = cli;
    const name = { card: id, build: options.build ?? null };
    const read = await showCard(engine, name);
    if (!read.ok) return showProblem(io, read.error, options.json === true);
    const { card, brief, comments, verification } = read.value;
    const past = await cardHistory(engine, { ...name, after: 0, limit: EVENTS_MAX });
    const history = past.ok ? past.value.events : [];
    if (options.json === true) {
      io.out(`${JSON.stringify({ v: 1, card, brief, comments, history, verification })}\n`);
      return 0;
    }
    const paint = createPaint(io.color);
    io.out(
      `${paint(styleOf(card.status), glyphOf(card.status))} ${paint("bold", card.id)}  ${plain(card.summary)}\n`,
    );
    const facts = [
      [
        "status",
        card.waitReason === null
          ? card.status
          : `${card.status} (${card.waitReason}: ${plain(card.waitDetail ?? "")})`,
      ],
      ["build", card.build],
      ["seat", card.seat ?? ""],
      ["depends on", card.dependsOn.join(", ")],
      ["cycle", String(card.cycle)],
      ["resolution", plain(card.resolution ?? "")],
      ["verified", card.status === "done" ? (card.verified ? "yes" : "no") : ""],
      ["verification", verification === null ? "" : verificationLine(verification)],
    ];
    io.out(
      table(
        facts
          .filter(([, value]) => value !== "")
          .map(([name = "", value = ""]) => [`  ${name}`, value]),
      ),
    );
    if (comments.length > 0)
      io.out(
        `\n${comments.map((one) => `  ${one.at}  ${one.author}: ${plain(one.text)}`).join("\n")}\n`,
      );
    const moves = history.filter(
      (event) => event.type === "card-moved" || event.type === "tool-denied",
    );
    const words = moves.map(({ at, actor, type, data }) =>
      type === "card-moved"
        ? `  ${at}  ${actor}: ${String(data["from"] as string)} → ${String(data["to"] as string)}`
        : `  ${at}  ${actor}: ${paint("red", "refused")} ${plain(data["reason"] as string)}`,
    );
    io.out(`\n${words.join("\n")}\n`);
    return 0;
  });

const verificationLine = ({ verdict, passed, total, cycle, at }: VerificationRun): string =>
  `${verdict ?? "no verdict"}, ${passed} of ${total} passed, in cycle ${cycle + 1}, ${at}`;

const moved = (cli: Cli, options: GlobalOptions, result: Result<Card>): number => {
  if (!result.ok) return showProblem(cli.io, result.error, options.json === true);
  const card = result.value;
  const text =
    options.json === true
      ? JSON.stringify({ v: 1, card })
      : `${card.id} is ${card.status} in ${card.build}`;
  cli.io.out(`${text}\n`);
  return 0;
};

type MoveOptions = CardOptions & { readonly waitReason?: string; readonly detail?: string };

export const cardsMove = async (
  cli: Cli,
  options: MoveOptions,
  [card = "", to = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { build = null, waitReason = null, detail = null } = options;
    const request = { card, build, to, waitReason, detail, person: cli.workbench.person };
    return moved(cli, options, await moveCardByRules(engine, request));
  });

export const cardsComment = async (
  cli: Cli,
  options: CardOptions,
  [card = "", text = ""]: readonly string[],
): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const request = { card, build: options.build ?? null, text, person: cli.workbench.person };
    return moved(cli, options, await commentOnCard(engine, request));
  });

type ArchiveOptions = GlobalOptions & {
  readonly card?: readonly string[];
  readonly build?: string;
  readonly related?: readonly string[];
  readonly reason?: string;
};

export const cardsArchive = async (cli: Cli, options: ArchiveOptions): Promise<number> =>
  withProject(cli, options, async ({ engine }) => {
    const { io, workbench } = cli;
    const { card = [], build = null, related = [], reason = null } = options;
    const done = await archiveCards(engine, {
      cardIds: card,
      build,
      relatedTokens: related,
      reason,
      person: workbench.person,
    });
    if (!done.ok) return showProblem(io, done.error, options.json === true);
    const { archivedIds, missingIds } = done.value;
    if (options.json === true) {
      const answer = {
        v: 1,
        ok: true,
        archived_count: archivedIds.length,
        archived_ids: archivedIds,
        missing_ids: missingIds,
      };
      io.out(`${JSON.stringify(answer)}\n`);
    } else {
      io.out(`archived ${archivedIds.length}: ${archivedIds.join(", ")}\n`);
      if (missingIds.length > 0) io.err(`not found: ${missingIds.join(", ")}\n`);
    }
    return 0;
  });
