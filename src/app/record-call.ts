// Writes down that a call over HTTP was let in or refused: facts about the call, nothing that its sender could choose freely.
import type { Engine } from "./engine.ts";
import { writeTold } from "./write-told.ts";

export type CallRecord = {
  /** The name of the key; null when there was no good one. */
  readonly key: string | null;
  readonly method: string;
  /** The route's pattern; null where no route answers. */
  readonly route: string | null;
  readonly address: string;
  readonly requestId: string;
  /** The scope of the key, or the code of the refusal. */
  readonly verdict: string;
};

type Recording = {
  readonly type: "key-used" | "key-refused";
  readonly call: CallRecord;
  /** How many like it were left out since the last one. */
  readonly unwritten?: number;
};

export async function recordCall(
  engine: Pick<Engine, "store" | "watcher">,
  { type, call, unwritten = 0 }: Recording,
): Promise<void> {
  const { key, ...data } = call;
  const actor = key === null ? "engine" : `human:${key}`;
  await writeTold(engine, async ({ events }) =>
    events.append([{ type, actor, data: { ...data, key, unwritten } }]),
  );
}
