// The built-in gate node: it adds nothing to the mechanical rules, which have judged the call before it is asked.
import type { GateNode } from "../domain/decision.ts";

export const gate: GateNode = () => ({ kind: "abstain" });
