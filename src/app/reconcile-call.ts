// A call that a crash cut off: begun and not ended. What it left tells whether it happened; nothing is repeated blindly.
//
//   what is there now      = what it was about to leave   it happened: its result is given as if it had been stored
//                          = what was there before it     it did not: it runs now
//                          anything else, or unreadable   nobody knows: its card is put to a person
import type { StoredResult, ToolCall } from "../domain/turn.ts";
import { linesOf } from "./tools/files.ts";
import type { Tool, ToolOutcome, ToolScope } from "./tools/tool.ts";

export type Reconciled =
  | { readonly kind: "happened"; readonly outcome: ToolOutcome }
  | { readonly kind: "not-happened" | "unverified" };

export async function reconcileCall(
  tool: Tool | undefined,
  { effect }: Pick<StoredResult, "effect">,
  { call, scope }: { readonly call: ToolCall; readonly scope: ToolScope },
): Promise<Reconciled> {
  if (tool?.trace === undefined) return { kind: "unverified" };
  // It was going to be refused, and will be again.
  if (effect === null) return { kind: "not-happened" };
  const now = await tool.trace.look(effect.path, scope);
  if (now === effect.after) return { kind: "happened", outcome: outcomeOf(tool, effect, call) };
  return { kind: now === effect.before ? "not-happened" : "unverified" };
}

/** What the tool would have said. */
function outcomeOf(
  tool: Tool,
  { path, after }: NonNullable<StoredResult["effect"]>,
  { args }: ToolCall,
): ToolOutcome {
  if (tool.path?.access !== "write") return { result: { ok: true } };
  const content = "content" in args ? args["content"] : null;
  if (after === null) return { result: { ok: true, path }, wrote: path };
  const lines = typeof content === "string" ? linesOf(content) : 0;
  return { result: { ok: true, path, digest: after }, wrote: path, lines };
}
