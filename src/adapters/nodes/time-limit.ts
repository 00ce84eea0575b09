// A node is the user's code and may never return. It is called from inside a script of Node's `vm`, which alone can be cut
// off from outside; that keeps no secret from the node, it only gives the engine its thread back.
import { createContext, Script } from "node:vm";

/** What a node may take, as the contract of nodes has it. */
export const NODE_MS_MAX = 1000;

const CALL = new Script("call()", { filename: "node" });

/** The same function; a call that takes too long throws. */
export function withTimeLimit<Input, Answer>(
  node: (input: Input) => Answer,
  timeoutMs = NODE_MS_MAX,
): (input: Input) => Answer {
  const scope: { call?: () => Answer } = createContext({});
  return (input) => {
    scope.call = () => node(input);
    try {
      return CALL.runInContext(scope, { timeout: timeoutMs }) as Answer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
        throw new Error(`it did not answer within ${timeoutMs} ms`, { cause: error });
      throw error;
    }
  };
}
