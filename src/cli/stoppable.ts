// Work that a signal ends: it is asked to stop, and its exit code says that it was.
import { EXIT } from "./exit-codes.ts";
import type { Cli } from "./main.ts";

export async function stoppable(
  { io }: Cli,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  const unlisten = io.onSignal(() => stop.abort());
  try {
    const code = await work(stop.signal);
    return stop.signal.aborted ? EXIT.interrupted : code;
  } finally {
    unlisten();
  }
}
