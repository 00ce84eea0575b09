// The built-in gate node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gate } from "./gate.ts";

test("the built-in gate adds nothing to the mechanical rules", () => {
  const call = {
    tool: "write_file",
    risk: "write",
    args: {},
    card: "c",
    seat: "coder",
    roles: [],
    path: "a",
    builtIn: "allow",
  } as const;
  assert.deepEqual(gate(call), { kind: "abstain" });
  assert.deepEqual(gate({ ...call, builtIn: "ask" }), { kind: "abstain" });
});
