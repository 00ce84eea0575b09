// Ends a computation that takes too long. Grammars backtrack, and a text can be made so that they do it for ever.
import { createContext, Script } from "node:vm";

export type TimeLimit = <Value>(task: () => Value, timeoutMs: number) => Value;

/** The limit interrupts JavaScript wherever it is, so a task must leave nothing half done that others can see. */
export function createTimeLimit(): TimeLimit {
  const context = createContext(Object.create(null) as Record<string, unknown>);
  const script = new Script("task()");
  return <Value>(task: () => Value, timeoutMs: number) => {
    context["task"] = task;
    return script.runInContext(context, { timeout: timeoutMs }) as Value;
  };
}
