// `orket sandboxes`: what runs, and bringing up, stopping and looking into one.
import type { Engine } from "../../app/engine.ts";
import { deploySandbox } from "../../app/sandboxes/deploy.ts";
import { sandboxHealth } from "../../app/sandboxes/health.ts";
import { sandboxLogs } from "../../app/sandboxes/logs.ts";
import type { SandboxListing } from "../../app/sandboxes/recover.ts";
import { listSandboxes, recoverSandboxes, removeOrphan } from "../../app/sandboxes/recover.ts";
import { stopSandbox } from "../../app/sandboxes/stop.ts";
import type { SandboxView } from "../../app/sandboxes/view.ts";
import { buildMeant, viewOfSandbox } from "../../app/sandboxes/view.ts";
import { assetRefusal } from "../../app/start-run.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { sandboxIdFrom } from "../../domain/sandbox-id.ts";
import { EXIT } from "../exit-codes.ts";
import { createPaint, plain, plainLines, projectFlag, table } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";

type Command<Options = GlobalOptions> = (
  cli: Cli,
  options: Options,
  args: readonly string[],
) => Promise<number>;

/** What was left by a process that is gone is put right first; without an engine that waits. */
async function withEngine(
  cli: Cli,
  options: GlobalOptions,
  work: (engine: Engine, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  return withProject(cli, options, async ({ engine }) => {
    const stop = new AbortController();
    const forget = cli.io.onSignal(() => {
      if (stop.signal.aborted) cli.io.exitNow(EXIT.interrupted);
      cli.io.err("Stopping; what was begun is taken back. Once more ends at once.\n");
      stop.abort();
    });
    try {
      await recoverSandboxes(engine, cli.workbench.isOwnerGone, stop.signal);
      return await work(engine, stop.signal);
    } finally {
      forget();
    }
  });
}

export const sandboxes: Command = async (cli, options) =>
  withEngine(cli, options, async (engine, signal) => {
    const { io } = cli;
    const listing = await listSandboxes(engine, signal);
    const { orphans, engine: trouble, asOfSeq } = listing;
    const list = listing.sandboxes.map(viewOfSandbox);
    if (options.json === true) {
      const known = { v: 1, sandboxes: list, orphans, engine: trouble, asOfSeq };
      io.out(`${JSON.stringify(known)}\n`);
      return EXIT.ok;
    }
    if (trouble !== null) io.err(`${plain(trouble)}\n`);
    const there = projectFlag(options.project);
    if (list.length === 0 && orphans.length === 0)
      io.err(`There is no sandbox. Bring one up with: orket sandboxes up <card>${there}\n`);
    else io.out(listTable(cli, { listing, list, nowMs: engine.clock.now() }));
    if (orphans.length > 0)
      io.err(
        `An orphan is known to the container engine and not to this project. Remove it with: orket sandboxes stop <id>${there}\n`,
      );
    return EXIT.ok;
  });

type Shown = {
  readonly listing: SandboxListing;
  readonly list: readonly SandboxView[];
  readonly nowMs: number;
};

function listTable({ io }: Cli, { listing, list, nowMs }: Shown): string {
  const paint = createPaint(io.color);
  const rows = list.map(({ id, state, createdAt, expiresAt, urls, reason }) => {
    const isUp = state === "running" || state === "unhealthy";
    return [
      id,
      state,
      span(nowMs - Date.parse(createdAt)),
      isUp ? span(Date.parse(expiresAt) - nowMs) : "",
      isUp ? urlsText(urls) : plain(reason?.split("\n")[0] ?? ""),
    ];
  });
  const orphaned = listing.orphans.map((id) => [plain(id), "orphan", "", "", ""]);
  const head = ["id", "state", "age", "expires in", "urls"].map((name) => paint("bold", name));
  return table([head, ...rows, ...orphaned]);
}

const urlsText = (urls: SandboxView["urls"]): string =>
  Object.entries(urls)
    .map(([role, url]) => `${role} ${url}`)
    .join("  ");

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** In the largest unit that fits, as a person would say it. */
function span(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length);
  return unit === undefined ? "<1 min" : `${Math.floor(ms / unit[1])} ${unit[0]}`;
}

type UpOptions = GlobalOptions & { readonly stack?: string };

export const sandboxesUp: Command<UpOptions> = async (cli, options, [name = ""]) =>
  withEngine(cli, options, async (engine, signal) => {
    const { io, workbench } = cli;
    const json = options.json === true;
    const { stack = null } = options;
    const assets = await engine.assets.load();
    const build = assets.ok ? await buildMeant(engine, name) : assetRefusal(assets.error);
    if (!assets.ok || !build.ok) return showProblem(io, build.ok ? NOTHING : build.error, json);
    const { organization } = assets.value;
    const { isOwnerGone, person } = workbench;
    const asked = {
      build: build.value,
      stack,
      organization,
      actor: `human:${person}`,
      isOwnerGone,
    };
    if (!json) io.err(`Deploying ${plain(build.value)}; the first time can take minutes.\n`);
    const up = await deploySandbox(engine, asked, signal);
    if (!up.ok) return showProblem(io, up.error, json);
    const sandbox = viewOfSandbox(up.value);
    if (json) io.out(`${JSON.stringify({ v: 1, sandbox })}\n`);
    else {
      io.out(`${sandbox.id} ${sandbox.state}\n`);
      for (const [role, url] of Object.entries(sandbox.urls)) io.out(`  ${role}  ${url}\n`);
      const there = projectFlag(options.project);
      io.err(`See what it prints: orket sandboxes logs ${sandbox.id}${there}\n`);
    }
    return EXIT.ok;
  });

const NOTHING = { code: "INTERNAL", message: "Nothing was refused.", details: {} } as const;

export const sandboxesStop: Command = async (cli, options, [name = ""]) =>
  withEngine(cli, options, async (engine, signal) => {
    const { io, workbench } = cli;
    const json = options.json === true;
    const id = sandboxIdFrom(name, engine.ids.digest);
    const { isOwnerGone, person } = workbench;
    const actor = `human:${person}`;
    const stopped = await stopSandbox(engine, { id, actor, isOwnerGone }, signal);
    const done = stopped.ok
      ? ok(true)
      : stopped.error.code === "SANDBOX_UNKNOWN"
        ? await orOrphan(engine, { id, unknown: stopped }, signal)
        : stopped;
    if (!done.ok) return showProblem(io, done.error, json);
    if (json) io.out(`${JSON.stringify({ v: 1, id, state: "deleted" })}\n`);
    else io.out(`${id} is gone with its volumes; its ports are free.\n`);
    return EXIT.ok;
  });

type Unknown = { readonly id: string; readonly unknown: Result<never> };

async function orOrphan(
  engine: Engine,
  { id, unknown }: Unknown,
  signal: AbortSignal,
): Promise<Result<boolean>> {
  const removed = await removeOrphan(engine, id, signal);
  return removed.ok && !removed.value ? unknown : removed;
}

type LogsOptions = GlobalOptions & { readonly service?: string };

export const sandboxesLogs: Command<LogsOptions> = async (cli, options, [name = ""]) =>
  withEngine(cli, options, async (engine, signal) => {
    const { io } = cli;
    const id = sandboxIdFrom(name, engine.ids.digest);
    const { service = null } = options;
    const logs = await sandboxLogs(engine, { id, service }, signal);
    if (!logs.ok) return showProblem(io, logs.error, options.json === true);
    const text = logs.value;
    if (options.json === true) io.out(`${JSON.stringify({ v: 1, id, service, logs: text })}\n`);
    else io.out(plainLines(text.endsWith("\n") || text === "" ? text : `${text}\n`));
    return EXIT.ok;
  });

export const sandboxesHealth: Command = async (cli, options, [name = ""]) =>
  withEngine(cli, options, async (engine, signal) => {
    const { io } = cli;
    const id = sandboxIdFrom(name, engine.ids.digest);
    const found = await sandboxHealth(engine, id, signal);
    if (!found.ok) return showProblem(io, found.error, options.json === true);
    const { sandbox, healthy, illness, services } = found.value;
    if (options.json === true)
      io.out(`${JSON.stringify({ v: 1, id, state: sandbox.state, healthy, illness, services })}\n`);
    else {
      io.out(`${id} ${healthy ? "healthy" : `not healthy: ${plain(illness ?? sandbox.state)}`}\n`);
      const rows = services.map(({ service, state, health }) => [
        `  ${plain(service)}`,
        plain(state),
        health ?? "no check",
      ]);
      io.out(table(rows));
    }
    return healthy ? EXIT.ok : EXIT.endedBadly;
  });
