// The real process as `Io`: streams, signals, the terminal. What a command may do with them stands in io.ts.
import { redactLooks } from "../domain/redact.ts";
import type { Io, Lines, Screen } from "./io.ts";

export type Streams = {
  readonly env: Io["env"];
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Takes secrets out of everything that is shown. */
  readonly redact?: (text: string) => string;
};

const EXIT_INTERRUPTED = 130;

export function createProcessIo({
  env,
  cwd,
  stdin,
  stdout,
  stderr,
  redact = redactLooks,
}: Streams): Io {
  const listeners = new Set<() => void>();
  let isRead = true;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!isRead) return;
    isRead = false;
    // Whoever reads us has gone: `orket board | head` ends quietly, and a run stops as at Ctrl-C instead of working unseen.
    if (listeners.size === 0) process.exit(0);
    for (const listener of listeners) listener();
  });
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const isAsked = stdin.isTTY && stderr.isTTY;
  return {
    env,
    cwd,
    color: stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    out: (text) => {
      if (isRead) stdout.write(redact(text));
    },
    outSecret: (text) => {
      if (isRead) stdout.write(text);
    },
    err: (text) => void stderr.write(redact(text)),
    screen: stdout.isTTY && env["TERM"] !== "dumb" ? screenOf(stdout) : null,
    ask: isAsked ? async (question) => ask(await openLines({ stdin, stderr }), question) : null,
    openLines: isAsked ? async () => openLines({ stdin, stderr }) : null,
    onSignal: (listener) => {
      listeners.add(listener);
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        listeners.delete(listener);
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

const screenOf = (stdout: NodeJS.WriteStream): Screen => ({
  size: () => ({ columns: stdout.columns, rows: stdout.rows }),
  onExit: (listener) => {
    process.once("exit", listener);
    return () => process.off("exit", listener);
  },
});

/** An empty answer when the person ends the input; Ctrl-C ends the program. */
async function ask(lines: Lines, question: string): Promise<string> {
  try {
    return (await lines.ask(question)) ?? "";
  } finally {
    lines.close();
  }
}

/** Lines that come before they are asked for, as from a paste, are kept in their order. */
async function openLines({ stdin, stderr }: Pick<Streams, "stdin" | "stderr">): Promise<Lines> {
  const { createInterface } = await import("node:readline");
  const line = createInterface({ input: stdin, output: stderr });
  const early: string[] = [];
  let waiting: ((text: string | null) => void) | null = null;
  let isOpen = true;
  const give = (text: string | null): void => {
    const taker = waiting;
    waiting = null;
    if (taker !== null) taker(text);
    else if (text !== null) early.push(text);
  };
  line.on("SIGINT", () => process.exit(EXIT_INTERRUPTED));
  line.on("line", give);
  line.on("close", () => {
    isOpen = false;
    give(null);
  });
  const next = async (question: string): Promise<string | null> => {
    if (!isOpen) return null;
    line.setPrompt(question);
    line.prompt();
    return new Promise((resolve) => (waiting = resolve));
  };
  return {
    ask: async (question) => early.shift() ?? next(question),
    askAnew: next,
    close: () => line.close(),
  };
}
