// What a turn gathers while it plays and nothing stores: a turn that is taken up again gathers it from the stored results.
import type { ToolCall, ToolResult } from "../../domain/turn.ts";
import type { ToolScope } from "./tool.ts";

export async function recallCall(
  { memory, workspace }: Pick<ToolScope, "memory" | "workspace">,
  { tool, args }: ToolCall,
  result: ToolResult,
): Promise<void> {
  if (!result.ok) return;
  if (tool === "create_issue") memory.cardsCreated += 1;
  const { comment, path } = args as { readonly comment?: unknown; readonly path?: unknown };
  if (tool === "add_issue_comment" && typeof comment === "string") memory.comments.push(comment);
  if (typeof path !== "string") return;
  const resolved = await workspace.resolve(path);
  if (!resolved.ok) return;
  const { digest } = result;
  if (typeof digest === "string") memory.seen.set(resolved.value, digest);
  else if (tool === "delete_file") memory.seen.delete(resolved.value);
}
