// A model that does its card the way a careful one would, whatever was cut off before: it makes a ledger, adds one line to
// it, leaves a comment and a follow-up card, and looks before it repeats. Served over the OpenAI protocol.
import type { ServedAnswer, ServedCall } from "./model-server-frames.ts";
import type { ReceivedRequest } from "./model-server.ts";

type Message = {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
};

type Called = { readonly tool: string; readonly result: Record<string, unknown> };

const messagesOf = ({ body }: ReceivedRequest): readonly Message[] =>
  (body["messages"] ?? []) as readonly Message[];

const textOf = (messages: readonly Message[]): string =>
  messages.map((message) => JSON.stringify(message.content ?? "")).join("\n");

export const cardOf = (request: ReceivedRequest): string =>
  /id: ([a-z0-9-]+)/.exec(textOf(messagesOf(request)))?.[1] ?? "unknown";

/** The tools this turn has called so far, each with what came of it. */
function calledIn(messages: readonly Message[]): readonly Called[] {
  const asked = messages.flatMap((message) => message.tool_calls ?? []);
  return messages.flatMap((message): Called[] => {
    if (message.role !== "tool") return [];
    const name = asked.find((call) => call.id === message.tool_call_id)?.function.name ?? "";
    return [{ tool: name, result: JSON.parse(String(message.content)) as Called["result"] }];
  });
}

export const ledgerOf = (card: string): string => `docs/${card}.md`;
export const entryOf = (card: string): string => `entry of ${card}`;

/** Cards with this ending ask for one more card; what they ask for has none. */
const ROOT = /-root$/;

const call = (tool: string, input: unknown): ServedCall => ({ tool, input: JSON.stringify(input) });

/** What the model answers, without the words that name the reply. */
export function answerOf(request: ReceivedRequest): ServedAnswer {
  const messages = messagesOf(request);
  if (textOf(messages).includes("This is a review turn"))
    return { calls: [call("update_issue_status", { status: "done" })] };
  const card = cardOf(request);
  const done = calledIn(messages);
  const calls = workOf(card, done);
  return calls === null ? {} : { calls };
}

function workOf(card: string, done: readonly Called[]): readonly ServedCall[] | null {
  const path = ledgerOf(card);
  const entry = entryOf(card);
  const wasCalled = (tool: string): boolean => done.some((one) => one.tool === tool);
  const succeeded = (tool: string): boolean =>
    done.some((one) => one.tool === tool && one.result["ok"] === true);
  if (!succeeded("write_file")) {
    const comment = wasCalled("add_issue_comment")
      ? []
      : [call("add_issue_comment", { comment: `Started on ${card}.` })];
    return [call("write_file", { path, content: `# ${card}\nend\n` }), ...comment];
  }
  const lastRead = done.findLast((one) => one.tool === "read_file");
  const entered = succeeded("edit_file") || String(lastRead?.result["content"]).includes(entry);
  if (entered) return null;
  // An edit that may have happened is looked at before it is made again.
  if (done.at(-1)?.tool === "edit_file" || (wasCalled("edit_file") && lastRead === undefined))
    return [call("read_file", { path })];
  const followUp =
    ROOT.test(card) && !wasCalled("create_issue")
      ? [call("create_issue", { seat: "coder", summary: `Follow up on ${card}` })]
      : [];
  return [...followUp, call("edit_file", { path, old: "end\n", new: `${entry}\nend\n` })];
}
