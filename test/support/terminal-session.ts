// The product on a terminal: its own `main` in this process, with streams that say they are a terminal and a screen that
// shows what a person would see. What the person types is typed when the screen asks for it.
import { PassThrough } from "node:stream";
import { main } from "../../src/main.ts";
import { createTerminal } from "./terminal.ts";

const SIZE = { columns: 200, rows: 60 };

export type TerminalSession = {
  /** Resolves when the screen, from what was seen the last time on, shows the text. */
  readonly sees: (text: string) => Promise<void>;
  readonly type: (text: string) => void;
  /** Ctrl-D. */
  readonly end: () => void;
  /** All that was ever shown, line by line. */
  readonly lines: () => readonly string[];
  /** As it was sent, with its colours. */
  readonly raw: () => string;
  readonly ended: Promise<number>;
};

export function startOnTerminal(args: readonly string[], cwd: string): TerminalSession {
  const terminal = createTerminal(SIZE);
  const stream = () => Object.assign(new PassThrough(), { isTTY: true, ...SIZE });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  let sent = "";
  let seen = 0;
  const listeners = new Set<() => void>();
  for (const output of [stdout, stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => {
      sent += text;
      terminal.write(text);
      for (const listener of listeners) listener();
    });
  }
  const surroundings = { argv: args, env: {}, cwd, stdin, stdout, stderr };
  const ended = main(surroundings as unknown as Parameters<typeof main>[0]);
  return {
    sees: async (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const place = sent.indexOf(text, seen);
          if (place < 0) return;
          seen = place + text.length;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`It ended without showing ${text}: ${sent}`)));
      }),
    type: (text) => void stdin.write(text),
    end: () => void stdin.end(),
    lines: terminal.all,
    raw: () => sent,
    ended,
  };
}
