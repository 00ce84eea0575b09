// Mastra: a workflow on its LibSQL storage, whose step asks the model and answers its call. `long` is one run of a loop over
// that step, `many` a run for each piece of work. The input of each round of the loop is the conversation so far, and Mastra
// stores the snapshot of the run, with that input, before it begins the round: so the step before is on the disk then.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Mastra } from "@mastra/core/mastra";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { LibSQLStore } from "@mastra/libsql";
import { z } from "zod";
import { askStore, createMeter, readTask, storeFolder } from "./meter.ts";
import { replyOf } from "./reply.ts";

const task = readTask();
const meter = createMeter(task);
const turns = task.work === "long" ? task.size : 1;
mkdirSync(storeFolder(task));
const path = join(storeFolder(task), "mastra.db");
const storage = new LibSQLStore({ id: "bench", url: `file:${path}` });

const Conversation = z.object({ messages: z.array(z.record(z.string(), z.unknown())) });
let asked = 0;
const turn = createStep({
  id: "turn",
  inputSchema: Conversation,
  outputSchema: Conversation,
  execute: async ({ inputData }) => {
    // In a run the model is asked again only when the step before is on the disk.
    if (task.work === "long" && asked > 0) meter.step();
    asked += 1;
    const { text, tool, args, result } = replyOf(asked);
    const id = `call-${asked}`;
    const reply = { role: "assistant", content: text, calls: [{ id, tool, args }] };
    const answer = { role: "tool", callId: id, content: result };
    return { messages: [...inputData.messages, reply, answer] };
  },
});
const workflow = createWorkflow({
  id: "agent",
  inputSchema: Conversation,
  outputSchema: Conversation,
})
  .dountil(turn, async ({ inputData }) => inputData.messages.length > 2 * turns)
  .commit();
const mastra = new Mastra({ storage, workflows: { agent: workflow }, logger: false });

const work = async (): Promise<void> => {
  const run = await mastra.getWorkflow("agent").createRun();
  const done = await run.start({
    inputData: { messages: [{ role: "user", content: "Do the work." }] },
  });
  if (done.status !== "success") throw new Error(`The workflow ended with ${done.status}.`);
  meter.step();
};

let next = 0;
const worker = async (): Promise<void> => {
  while (next < task.size / turns) {
    next += 1;
    await work();
  }
};
await Promise.all(Array.from({ length: task.atOnce }, worker));

/** The storage's own connection, which its type keeps to itself. */
const { client } = storage as unknown as {
  readonly client: {
    readonly execute: (sql: string) => Promise<{
      readonly rows: readonly Readonly<Record<string, unknown>>[];
    }>;
    readonly close: () => void;
  };
};
const ask = async (sql: string, column: string): Promise<unknown> =>
  (await client.execute(sql)).rows[0]?.[column];
const journalMode = await ask("PRAGMA journal_mode", "journal_mode");
const synchronous = await ask("PRAGMA synchronous", "synchronous");
client.close();
const messages = askStore(
  path,
  "SELECT sum(json_array_length(snapshot, '$.context.turn.output.messages')) FROM mastra_workflow_snapshot",
);
// A question for each run, then two for each step.
meter.print({ stored: (messages - task.size / turns) / 2, journalMode, synchronous });
