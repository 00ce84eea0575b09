// What a build's log on disk says, beside what the event table says of the same build.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";

export type LogRecord = {
  readonly seq: number;
  readonly type: string;
  readonly build: string;
  readonly run: string | null;
  readonly card: string | null;
  readonly turn: string | null;
  readonly [name: string]: unknown;
};

export const logPath = (dir: string, build: string): string =>
  join(dir, ".orket/logs", `${build}.jsonl`);

/** Every line of the log, those of rotated files first; throws on a line that is no JSON. */
export function recordsOf(dir: string, build: string): readonly LogRecord[] {
  const path = logPath(dir, build);
  return [4, 3, 2, 1]
    .map((age) => `${path}.${age}`)
    .concat(path)
    .filter((name) => existsSync(name))
    .flatMap((name) => readFileSync(name, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogRecord);
}

/** The same records as the table has them. */
export async function eventsOf(dir: string, build: string): Promise<readonly LogRecord[]> {
  const path = join(dir, ".orket/orket.db");
  const store = await openSqliteStore({ path, clock: createSystemClock(), readOnly: true });
  try {
    const list = await store.read(async ({ events }) => events.list({ build, limit: 100_000 }));
    return list.map(({ seq, at, type, run, card, turn, actor, data }) => {
      const ids = { run: run ?? null, card: card ?? null, turn: turn ?? null };
      return { seq, at, type, build, ...ids, actor, data };
    });
  } finally {
    await store.close();
  }
}
