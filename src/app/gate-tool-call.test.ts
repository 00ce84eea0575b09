// The gate against every policy: no setting of allow, ask and deny lets through what a mechanical rule refuses, and what a
// node asks for or denies stays so.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import fc from "fast-check";
import { openProject } from "../../test/support/open-project.ts";
import type { Card } from "../domain/card.ts";
import type { GateAnswer } from "../domain/decision.ts";
import type { PathRule, RiskPolicy } from "../domain/governance.ts";
import { DEFAULT_IDESIGN_RULES, RISK_CLASSES, RISK_VERDICTS } from "../domain/governance.ts";
import type { JsonObject } from "../domain/json.ts";
import { gateToolCall } from "./gate-tool-call.ts";
import { TOOLS } from "./tools/catalogue.ts";
import type { ToolScope } from "./tools/tool.ts";

const verdicts = fc.constantFrom(...RISK_VERDICTS);
const globs = fc.constantFrom("**", "*", "**/*", "src/**", ".git/**", "../**", "verification/**");
const policies: fc.Arbitrary<RiskPolicy> = fc.record({
  byClass: fc.dictionary(fc.constantFrom(...RISK_CLASSES), verdicts),
  byTool: fc.dictionary(fc.constantFrom(...TOOLS.keys(), "unknown"), verdicts),
  byPath: fc.array(fc.record<PathRule>({ glob: globs, read: verdicts, write: verdicts })),
});

type Attempt = readonly [tool: string, args: JsonObject];

/** What no policy may let through: tool, arguments. */
const REFUSED: readonly Attempt[] = [
  ["read_file", { path: "../../etc/passwd" }],
  ["write_file", { path: "/etc/passwd", content: "x" }],
  ["write_file", { path: ".git/hooks/pre-commit", content: "x" }],
  ["write_file", { path: "verification/a.py", content: "x" }],
  ["read_file", { path: ".env" }],
  ["delete_file", { path: "AGENTS.md", confirm: true }],
  ["write_file", { path: "main.ts", content: "x" }],
  ["write_file", { path: "src/stuff/thing.ts", content: "x" }],
  ["write_file", { path: "src/engines/a_engine.ts", content: "export const = ;" }],
  ["update_issue_status", { status: "done" }],
  ["update_issue_status", { status: "archived" }],
  ["write_file", { path: "docs/a.md" }],
  ["write_file", { $malformed: "not JSON" }],
  ["unknown", {}],
  ["archive_eval", { run: "run-1" }],
];

async function openGate(context: TestContext) {
  const { engine } = await openProject(context, {
    issues: [{ id: "api" }],
    script: "version: 1\n",
  });
  const workspace = await engine.workspaces.open("build-work");
  const card = { build: "build-work", id: "api", kind: "issue", status: "in_progress" } as Card;
  const scope = {
    run: "run-1",
    turn: "turn-1",
    kind: "work",
    seat: "coder",
    roles: ["coder"],
    card,
    workspace,
    references: [],
    team: { seats: [{ key: "coder", name: "Coder", roles: ["coder"] }], roles: {} },
    verification: { declared: false, verdict: null, required: false },
    memory: { seen: new Map(), comments: [], cardsCreated: 0 },
  } as unknown as ToolScope;
  const offered = [...TOOLS.values()].filter((tool) => tool.name !== "archive_eval");
  return async (policy: RiskPolicy, [tool, args]: Attempt, node?: GateAnswer) => {
    const { nodes } = engine;
    const gate = () => node ?? ({ kind: "abstain" } as const);
    const deps = {
      ...engine,
      nodes: { ...nodes, nodes: { ...nodes.nodes, gate } },
      settings: { ...engine.settings, riskPolicy: policy },
    };
    const call = { id: "call-1-1", tool, args };
    const question = { call, scope, offered, idesign: DEFAULT_IDESIGN_RULES };
    return (await gateToolCall(deps, question)).verdict;
  };
}

test("no policy turns what a mechanical rule refuses into a call that happens or is asked about", async (context) => {
  const gate = await openGate(context);
  await fc.assert(
    fc.asyncProperty(policies, fc.constantFrom(...REFUSED), async (policy, [tool, args]) => {
      const { kind } = await gate(policy, [tool, args]);
      assert.ok(kind !== "allow" && kind !== "ask", `${tool} ${JSON.stringify(args)}: ${kind}`);
    }),
    { numRuns: 300 },
  );
  const lenient = {
    byClass: {},
    byTool: {},
    byPath: [{ glob: "**", read: "allow", write: "allow" }],
  } as const;
  for (const [tool, args] of REFUSED) {
    const { kind } = await gate(lenient, [tool, args]);
    assert.ok(kind !== "allow" && kind !== "ask", `${tool} ${JSON.stringify(args)}: ${kind}`);
  }
  const fine = await gate(lenient, ["write_file", { path: "docs/a.md", content: "x" }]);
  assert.equal(fine.kind, "allow");
});

test("no policy lifts what a gate node asks for or denies, and no node lifts what the policy does", async (context) => {
  const gate = await openGate(context);
  const strictness = { allow: 0, abstain: 0, ask: 1, deny: 2, error: 3, violation: 3 } as const;
  const answers: fc.Arbitrary<GateAnswer> = fc.constantFrom(
    { kind: "abstain" },
    { kind: "ask", reason: "because" },
    { kind: "deny", reason: "because" },
  );
  await fc.assert(
    fc.asyncProperty(policies, answers, async (policy, answer) => {
      const attempt = ["write_file", { path: "docs/a.md", content: "x" }] as const;
      const alone = await gate(policy, attempt);
      const { kind } = await gate(policy, attempt, answer);
      assert.equal(strictness[kind], Math.max(strictness[alone.kind], strictness[answer.kind]));
    }),
  );
});
