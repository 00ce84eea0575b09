// `orket serve`: the API until a signal ends it. The first signal stops in order, the second at once.
import type { Result } from "../../domain/result.ts";
import { EXIT } from "../exit-codes.ts";
import { createPaint, plain } from "../io.ts";
import type { Io } from "../io.ts";
import type { Cli, GlobalOptions } from "../main.ts";
import { showProblem } from "../problem.ts";
import { withProject } from "../with-project.ts";
import type { ServeReport, Serving } from "../workbench.ts";

type ServeOptions = GlobalOptions & { readonly host?: string; readonly port?: string };

export async function serve(cli: Cli, options: ServeOptions): Promise<number> {
  const { host, port, json = false } = options;
  const flags = {
    ...(host === undefined ? {} : { "server.host": host }),
    ...(port === undefined ? {} : { "server.port": port }),
  };
  return withProject(cli, { ...options, flags }, async ({ serve: start }) => {
    const stop = listenForSignals(cli.io);
    try {
      const started: Result<Serving> = await start();
      if (!started.ok) return showProblem(cli.io, started.error, json);
      const { report, stop: end } = started.value;
      if (json) cli.io.out(`${JSON.stringify({ v: 1, type: "serving", ...report })}\n`);
      else cli.io.out(startScreen(cli.io, report));
      for (const warning of report.warnings) cli.io.err(`warning: ${plain(warning)}\n`);
      await stop.asked;
      if (await end()) return EXIT.ok;
      cli.io.err("A run did not stop in time; it is taken up at the next start.\n");
      cli.io.exitNow(EXIT.endedBadly);
      return EXIT.endedBadly;
    } finally {
      stop.forget();
    }
  });
}

function listenForSignals(io: Io): { readonly asked: Promise<void>; readonly forget: () => void } {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let isAsked = false;
  const forget = io.onSignal(() => {
    if (isAsked) return io.exitNow(EXIT.interrupted);
    isAsked = true;
    io.err("Stopping; runs are paused and can be resumed. Once more ends at once.\n");
    resolve();
  });
  return { asked, forget };
}

const KEYS: Readonly<Record<ServeReport["keys"], string>> = {
  key: "needed for every call but /health",
  open: "none: everybody on this machine is let in",
  closed: "none set: every call but /health is refused",
};

function startScreen(io: Io, { addresses, keys, lostRuns }: ServeReport): string {
  const paint = createPaint(io.color);
  const rows = [
    ...addresses.map(({ name, url }) => [name, url]),
    ["key", KEYS[keys]],
    ...(lostRuns.length === 0 ? [] : [["lost runs", lostRuns.join(", ")]]),
  ];
  const lines = rows.map(([name = "", text = ""]) => `  ${name.padEnd(10)} ${plain(text)}\n`);
  return `${paint("bold", "Orket serves this project.")}\n${lines.join("")}  Ctrl-C stops it; runs are paused and can be resumed.\n`;
}
