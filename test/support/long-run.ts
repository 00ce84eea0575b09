// A run as long as few are: a hundred thousand events, some thousand turns, written into the store as the engine writes them.
import type { EVENT_TYPES } from "../../src/domain/events.ts";
import type { NewEvent } from "../../src/domain/events.ts";
import type { TestEngine } from "./project.ts";

export type LongRun = { readonly events: number; readonly turns: number };

const BATCH = 2000;

/** Begins with a run that ended; gives its id. */
export async function seedLongRun(
  { engine }: TestEngine,
  run: string,
  { events, turns }: LongRun,
): Promise<void> {
  const [build = ""] =
    (await engine.store.read(async (store) => store.runs.get(run)))?.builds ?? [];
  const origin = { run, build, card: "api", actor: "engine" };
  const each = Math.floor(events / turns);
  let batch: NewEvent[] = [];
  const flush = async (): Promise<void> => {
    const rows = batch;
    batch = [];
    await engine.store.transaction(async (store) => {
      for (const { turn, data } of rows.filter(({ type }) => type === "turn-started"))
        await store.turns.insert(
          {
            id: turn ?? "",
            run,
            build,
            card: "api",
            number: 100 + Number(data["number"]),
            seat: "coder",
            kind: "work",
            cycle: 0,
            model: "scripted:script.yaml",
            status: "live",
            startedAt: new Date(Date.UTC(2026, 0, 1) + Number(data["number"]) * 1000).toISOString(),
          },
          [{ role: "user", content: "Go on." }],
        );
      for (const { turn } of rows.filter(({ type }) => type === "turn-finished"))
        await store.turns.finish(turn ?? "", {
          status: "committed",
          outcome: "finished, on to review",
          commit: null,
          at: new Date(Date.UTC(2026, 0, 2)).toISOString(),
        });
      await store.events.append(rows);
    });
  };
  for (let number = 1; number <= turns; number += 1) {
    const turn = `turn-long-${String(number).padStart(6, "0")}`;
    for (let at = 0; at < each; at += 1) {
      const type = at === 0 ? "turn-started" : at === each - 1 ? "turn-finished" : callType(at);
      const data = { number, at, tool: "write_file", path: `src/part-${number}/file-${at}.ts` };
      batch.push({ ...origin, type, turn, data });
    }
    if (batch.length >= BATCH) await flush();
  }
  await flush();
}

const callType = (at: number): (typeof EVENT_TYPES)[number] =>
  at % 2 === 1 ? "tool-called" : "tool-finished";
