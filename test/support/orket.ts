// The product as a child process, the way a person starts it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const BIN = fileURLToPath(new URL("../../bin/orket", import.meta.url));

/** Compiled code is kept between the many short processes of the tests. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type Started = {
  readonly pid: number;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves when standard output and error together contain the text. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
};

type Setting = {
  readonly cwd: string;
  /** Another copy of the product. */
  readonly bin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After how long a process that hangs is killed; a minute unless it is said. */
  readonly msMax?: number;
  /** Each whole line of standard output, as soon as it is there. */
  readonly onLine?: (line: string) => void;
};

const MS_MAX = 60_000;

/** Starts `orket` with a clean environment; killed after a minute, so that a hanging test says so. */
export function startOrket(args: readonly string[], setting: Setting): Started {
  const { cwd, bin = BIN, env = {}, msMax = MS_MAX, onLine } = setting;
  const inherited = { PATH: process.env["PATH"] ?? "", HOME: cwd, XDG_CACHE_HOME: CACHE };
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...inherited, ...env },
    timeout: msMax,
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  let lineStart = 0;
  if (onLine !== undefined)
    listeners.add(() => {
      for (let end = out.indexOf("\n", lineStart); end >= 0; end = out.indexOf("\n", lineStart)) {
        const line = out.slice(lineStart, end);
        lineStart = end + 1;
        onLine(line);
      }
    });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
  return {
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    says: async (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!`${out}${err}`.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`It ended without saying ${text}: ${out}${err}`)));
      }),
    ended,
  };
}

export const runOrket = async (args: readonly string[], setting: Setting): Promise<Ended> =>
  startOrket(args, setting).ended;
