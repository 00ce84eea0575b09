// Answers of models, from the one that is wanted to nonsense.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PLAN_LIMITS } from "../domain/driver-plan.ts";
import { parseReply } from "./drive-reply.ts";

const none = { answer: "Hello.", actions: [{ action: "none" }] };

test("a plan is found between words and fences, with defaults filled in", () => {
  const actions = [{ action: "adopt_issue", issue: "a", epic: "work" }];
  for (const said of [
    JSON.stringify({ actions }),
    `Sure!\n\`\`\`json\n${JSON.stringify({ answer: "", actions }, null, 2)}\n\`\`\`\nIs that {right}?`,
  ]) {
    const read = parseReply(said);
    assert.deepEqual(read.ok && read.value, {
      answer: "",
      actions: [{ action: "adopt_issue", issue: "a", epic: "work", department: "core" }],
    });
  }
});

test("R-63 what is no plan, or half of one, or two, is told as that", () => {
  const problem = (said: string): string => {
    const read = parseReply(said);
    return read.ok ? "" : read.error.join("; ");
  };
  assert.match(problem(""), /no JSON object/);
  assert.match(problem("I cannot do that."), /no JSON object/);
  assert.match(problem('{"answer": "only words"}'), /no JSON object/);
  assert.match(problem('[{"action": "none"}]'), /no JSON object/);
  assert.match(problem(`${JSON.stringify(none)}\n${JSON.stringify(none)}`), /more than one/);
  assert.match(problem('{"actions": [{"actions": [{"action": "none"}]}, '), /no JSON object/);
  assert.match(problem(JSON.stringify({ ...none, extra: 1 })), /extra/);
  assert.match(problem(JSON.stringify({ actions: "none" })), /\$\.actions/);
  assert.match(problem(JSON.stringify({ actions: [{ action: "run_command" }] })), /actions\.0/);
  assert.match(problem("x".repeat(300_000)), /characters/);
});

test("nothing that could be executed or lead to a file fits into a plan", () => {
  for (const key of ["verification", "verification_fixture", "params", "references", "command"]) {
    const issue = { summary: "x", [key]: {} };
    const actions = [{ action: "create_issue", epic: "work", issue }];
    assert.ok(!parseReply(JSON.stringify({ actions })).ok, key);
  }
});

test("counts and sizes have limits", () => {
  const fits = (actions: unknown): boolean => parseReply(JSON.stringify({ actions })).ok;
  const many = (count: number, value: unknown): readonly unknown[] =>
    Array.from({ length: count }, () => value);
  const { actionsMax, issuesMax, textCharactersMax } = PLAN_LIMITS;
  assert.ok(fits(many(actionsMax, { action: "none" })));
  assert.ok(!fits(many(actionsMax + 1, { action: "none" })));
  const epic = (issues: readonly unknown[]): unknown => [
    { action: "create_epic", name: "n", summary: "s", team: "t", environment: "e", issues },
  ];
  assert.ok(fits(epic(many(issuesMax, { summary: "s" }))));
  assert.ok(!fits(epic(many(issuesMax + 1, { summary: "s" }))));
  const directive = (length: number): unknown => [
    { action: "turn_directive", card: "c", text: "x".repeat(length) },
  ];
  assert.ok(fits(directive(textCharactersMax)));
  assert.ok(!fits(directive(textCharactersMax + 1)));
});

test("no text makes the reading fail", () => {
  const piece = fc.constantFrom('{"actions":', "[", "]", "}", '"', '{"action":"none"}', ",", "x");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      assert.equal(typeof parseReply(pieces.join("")).ok, "boolean");
    }),
  );
});
