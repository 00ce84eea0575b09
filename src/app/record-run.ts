// Makes a recording of a run that has ended: what it was asked and what its models answered, out of the log and the journal.
import type { Event } from "../domain/events.ts";
import type {
  Names,
  RecordedFinding,
  RecordedModel,
  RecordedReply,
  Recording,
} from "../domain/recording.ts";
import { createNames } from "../domain/recording.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { Run } from "../domain/run.ts";
import { isActive } from "../domain/run.ts";
import type { Step } from "../domain/turn.ts";
import type { StoreTransaction } from "../ports/store.ts";
import type { RunSnapshot } from "./start-run.ts";
import { allEvents } from "./turn-numbers.ts";
import { LACKS } from "./verifier.ts";

export type Recorded = {
  readonly recording: Recording;
  readonly events: readonly Event[];
  readonly snapshot: RunSnapshot;
};

export async function recordRun(
  transaction: StoreTransaction,
  { run: id, concurrency }: { readonly run: string; readonly concurrency: number },
): Promise<Result<Recorded>> {
  const { runs, events: log } = transaction;
  const run = await runs.get(id);
  const snapshot = (await runs.snapshot(id)) as unknown as RunSnapshot | null;
  if (run === null || snapshot === null)
    return refuse("RUN_UNKNOWN", `No run has the id ${id}. See them with: orket runs`, { run: id });
  const events = await allEvents(log, { run: id });
  const problem = unfit(run, events) ?? (await meddled(transaction, snapshot, events));
  if (problem !== null) return problem;
  const names = createNames();
  for (const event of events) names.learn(event);
  const { target } = snapshot;
  const recording = {
    card: run.card,
    department: null,
    build: target.rock ?? run.builds[0] ?? "",
    model: run.model,
    budget: run.budget,
    approve: snapshot.approve ?? "ask",
    concurrency,
    models: modelsOf(events),
    replies: await repliesOf(transaction, events, names),
    verifications: findingsOf(events, names),
  };
  return ok({ recording, events, snapshot });
}

/** A repetition starts from nothing and meets nobody: a run that did not cannot be repeated. */
function unfit(run: Run, events: readonly Event[]): Result<never> | null {
  const why = isActive(run.status)
    ? `it is ${run.status}`
    : events.some(({ type }) => type === "run-forked")
      ? "it began as a fork"
      : null;
  return why === null
    ? null
    : refuse("RUN_STATE", `Run ${run.id} cannot be recorded: ${why}.`, { run: run.id });
}

async function meddled(
  { events: log }: StoreTransaction,
  { target }: RunSnapshot,
  events: readonly Event[],
): Promise<Result<never> | null> {
  const first = events[0]?.seq ?? 0;
  const last = events.at(-1)?.seq ?? 0;
  const builds = new Set([target.rock ?? "", ...target.entries.map((entry) => entry.build)]);
  for (const build of builds) {
    const all = await allEvents(log, { build, before: last + 1 });
    const other = all.find(({ seq, run }) => seq < first || run !== events[0]?.run);
    if (other === undefined) continue;
    const what =
      other.seq < first ? "its build had been worked on before" : `${other.actor} took part`;
    return refuse("RUN_STATE", `The run cannot be recorded: ${what} (event ${other.seq}).`, {
      event: other.seq,
    });
  }
  return null;
}

function modelsOf(events: readonly Event[]): Recording["models"] {
  const selected = events.filter(({ type }) => type === "model-selected");
  return Object.fromEntries(
    selected.map(({ data }) => {
      const { nativeTools, contextWindow, price } = data;
      return [data["model"] as string, { nativeTools, contextWindow, price } as RecordedModel];
    }),
  );
}

/** In the order of the log, so that a failed call stands before the reply that came at last. */
async function repliesOf(
  { turns }: StoreTransaction,
  events: readonly Event[],
  names: Names,
): Promise<Recording["replies"]> {
  const replies: Record<string, Record<string, RecordedReply[]>> = {};
  const steps = new Map<string, readonly Step[]>();
  const seats = new Map<string, string>();
  for (const event of events) {
    const { type, turn, card } = event;
    if (turn === undefined || card === undefined) continue;
    if (type === "turn-started") {
      steps.set(turn, await turns.steps(turn));
      seats.set(turn, event.data["seat"] as string);
    }
    const answer = answerOf(event, steps.get(turn) ?? []);
    if (answer === null) continue;
    const named = JSON.parse(names.toNames(JSON.stringify(answer))) as RecordedReply;
    const ofCard = (replies[names.toNames(card)] ??= {});
    (ofCard[seats.get(turn) ?? ""] ??= []).push(named);
  }
  return replies;
}

/** Of each card, as the log has them: executed, refused, or blocked because the machine lacked something. */
function findingsOf(events: readonly Event[], names: Names): Recording["verifications"] {
  const findings: Record<string, RecordedFinding[]> = {};
  for (const event of events) {
    const finding = findingOf(event);
    if (finding !== null) (findings[names.toNames(event.card ?? "")] ??= []).push(finding);
  }
  return findings;
}

function findingOf({ type, data }: Event): RecordedFinding | null {
  if (type === "verification-finished") {
    const { fixtureDigest, basis, scenarios } = data;
    return { fixtureDigest, basis, scenarios } as unknown as RecordedFinding;
  }
  if (type === "verification-refused") {
    const { code, message } = data;
    return { refused: { code, message } } as unknown as RecordedFinding;
  }
  const { alert, detail } = data;
  return type === "alert-raised" && LACKS.has(alert as string)
    ? ({ lack: { alert, detail } } as unknown as RecordedFinding)
    : null;
}

function answerOf({ type, data }: Event, steps: readonly Step[]): RecordedReply | null {
  if (type === "model-retried")
    return {
      failure: {
        code: data["code"] as string,
        message: "recorded failure",
        status: typeof data["status"] === "number" ? data["status"] : null,
      },
    };
  if (type === "turn-failed") {
    const [, code, message = ""] =
      /^(MODEL_[A-Z_]+): ([\s\S]*)$/.exec(data["detail"] as string) ?? [];
    return code === undefined ? null : { failure: { code, message, status: null } };
  }
  const step = type === "model-called" ? steps.find(({ number }) => number === data["step"]) : null;
  if (step === null || step === undefined) return null;
  const { inputTokens, outputTokens } = step.usage;
  return {
    text: step.text,
    calls: step.calls.map(({ tool, args }) => ({ tool, args: args as JsonObject })),
    usage: { inputTokens, outputTokens },
  };
}
