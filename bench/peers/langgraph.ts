// LangGraph.js with its SQLite checkpointer. One graph: a node that asks the model and answers its call, and an edge back to
// it. Model and tool share a node, which is one checkpoint a step; the usual two nodes would be two.
//
// `long` is one thread, `many` a thread for each piece of work. The state is the conversation, as for any agent; the variant
// `last-reply` keeps only a counter and the last reply, which is the least that LangGraph can store, and no agent could be
// continued from it. Durability is `sync`: the checkpoint is written before the next step, which is what a step means here.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { askStore, createMeter, readTask, storeFolder } from "./meter.ts";
import { replyOf } from "./reply.ts";

const task = readTask();
const meter = createMeter(task);
const turns = task.work === "long" ? task.size : 1;
mkdirSync(storeFolder(task));
const path = join(storeFolder(task), "langgraph.db");
const saver = SqliteSaver.fromConnString(path);
if (task.variant === "full") saver.db.pragma("synchronous=FULL");

let asked = 0;
/** In a thread the model is asked again only when the step before is on the disk. */
const askModel = () => {
  if (task.work === "long" && asked > 0) meter.step();
  asked += 1;
  return replyOf(asked);
};

const conversation = () =>
  new StateGraph(MessagesAnnotation)
    .addNode("agent", () => {
      const { text, tool, args, result } = askModel();
      const id = `call-${asked}`;
      return {
        messages: [
          new AIMessage({ content: text, tool_calls: [{ id, name: tool, args }] }),
          new ToolMessage({ content: result, tool_call_id: id }),
        ],
      };
    })
    .addEdge(START, "agent")
    .addConditionalEdges("agent", ({ messages }) => (messages.length > 2 * turns ? END : "agent"))
    .compile({ checkpointer: saver });

const Counted = Annotation.Root({ count: Annotation<number>(), last: Annotation<string>() });
const lastReply = () =>
  new StateGraph(Counted)
    .addNode("agent", ({ count }) => ({ count: count + 1, last: askModel().text }))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", ({ count }) => (count >= turns ? END : "agent"))
    .compile({ checkpointer: saver });

const settingsOf = (thread: number) => ({
  configurable: { thread_id: `thread-${thread}` },
  recursionLimit: turns + 10,
  durability: "sync" as const,
});
const graph = task.variant === "last-reply" ? null : conversation();
const counter = graph === null ? lastReply() : null;
const work = async (thread: number): Promise<void> => {
  await graph?.invoke({ messages: [new HumanMessage("Do the work.")] }, settingsOf(thread));
  await counter?.invoke({ count: 0, last: "" }, settingsOf(thread));
  meter.step();
};

let next = 0;
const worker = async (): Promise<void> => {
  while (next < task.size / turns) {
    next += 1;
    await work(next);
  }
};
await Promise.all(Array.from({ length: task.atOnce }, worker));

const journalMode = saver.db.pragma("journal_mode", { simple: true });
const synchronous = saver.db.pragma("synchronous", { simple: true });
saver.db.close();
const kept =
  "SELECT count(*) FROM checkpoints WHERE json_extract(CAST(metadata AS TEXT), '$.step') >= 1";
meter.print({ stored: askStore(path, kept), journalMode, synchronous });
