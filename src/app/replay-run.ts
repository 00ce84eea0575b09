// Plays a recorded run again on an engine that is new and empty, and gives its events as they can be compared.
import type { PlainEvent, Recording } from "../domain/recording.ts";
import { plainEvents } from "../domain/recording.ts";
import type { Result } from "../domain/result.ts";
import { ok } from "../domain/result.ts";
import { executeRun } from "./execute-run.ts";
import { startRun } from "./start-run.ts";
import { allEvents } from "./turn-numbers.ts";
import type { Turnstile } from "./turnstile.ts";

export async function replayRun(
  { engine, drive }: Turnstile,
  recording: Recording,
): Promise<Result<readonly PlainEvent[]>> {
  return drive(async (): Promise<Result<readonly PlainEvent[]>> => {
    const { card, build, department, model, budget, approve } = recording;
    const request = { card, build, department, model, budget, approve, restart: false };
    const started = await startRun(engine, request);
    if (!started.ok) return started;
    const execution = { run: started.value.id, resume: false, isOwnerGone: () => false };
    const done = await executeRun(engine, execution, new AbortController().signal);
    if (!done.ok) return done;
    const events = await engine.store.read(async (transaction) =>
      allEvents(transaction.events, {}),
    );
    return ok(plainEvents(events));
  });
}
