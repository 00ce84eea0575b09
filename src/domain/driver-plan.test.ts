import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanAction } from "./driver-plan.ts";
import {
  assetActionsOf,
  checkNames,
  describeAction,
  directivesOf,
  directiveText,
  planProblem,
} from "./driver-plan.ts";

const issue = { summary: "Write it" };
const all: readonly PlanAction[] = [
  { action: "create_issue", department: "core", epic: "work", issue },
  {
    action: "create_epic",
    department: "core",
    name: "more",
    summary: "More",
    team: "crew",
    environment: "local",
    issues: [issue, { summary: "Test it", id: "t-1" }],
  },
  {
    action: "create_rock",
    department: "core",
    name: "big",
    epics: [{ epic: "work" }, { epic: "more", department: "core", depends_on: ["work"] }],
  },
  { action: "adopt_issue", issue: "t-1", department: "core", epic: "work" },
  { action: "assign_team", department: "core", epic: "work", team: "crew" },
  { action: "turn_directive", card: "t-1", seat: "coder", text: "Use UTC." },
  { action: "turn_directive", card: "t-1", text: "Use UTC." },
  { action: "none" },
];

test("every action has a line that a person can confirm", () => {
  assert.deepEqual(all.map(describeAction), [
    "create_issue in core/work: Write it",
    "create_epic core/more with 2 issues, team crew",
    "create_rock core/big: work, more",
    "adopt_issue t-1 into core/work",
    "assign_team crew to core/work",
    "turn_directive for coder on t-1",
    "turn_directive for any seat on t-1",
    "none",
  ]);
  const [, epic] = all;
  assert.ok(epic?.action === "create_epic");
  assert.match(describeAction({ ...epic, issues: [issue] }), /with 1 issue,/);
});

test("asset actions and directives keep their places in the plan", () => {
  assert.deepEqual(
    assetActionsOf(all).map(({ place }) => place),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(
    directivesOf(all).map(({ place, directive }) => [place, directiveText(directive)]),
    [
      [5, "For the seat coder: Use UTC."],
      [6, "Use UTC."],
    ],
  );
});

test("R-46 a name that could be a path is a problem, wherever an action has one", () => {
  assert.deepEqual(checkNames(all), []);
  const bad = "../x";
  const paths = (action: PlanAction): readonly string[] =>
    checkNames([action]).map(({ path }) => path.replace("$.actions[0].", ""));
  const department = bad;
  assert.deepEqual(
    paths({ action: "create_issue", department, epic: "/etc", issue: { ...issue, id: "a/b" } }),
    ["department", "epic", "issue.id"],
  );
  assert.deepEqual(
    paths({
      action: "create_epic",
      department,
      name: "",
      summary: "x",
      team: bad,
      environment: "a b",
      issues: [{ ...issue, id: ".hidden" }],
    }),
    ["department", "name", "team", "environment", "issues[0].id"],
  );
  assert.deepEqual(
    paths({
      action: "create_rock",
      department,
      name: "x".repeat(65),
      epics: [{ epic: bad, department: "\0" }],
    }),
    ["department", "name", "epics[0].epic", "epics[0].department"],
  );
  assert.deepEqual(paths({ action: "adopt_issue", issue: bad, department, epic: bad }), [
    "issue",
    "department",
    "epic",
  ]);
  assert.deepEqual(paths({ action: "assign_team", department, epic: bad, team: bad }), [
    "department",
    "epic",
    "team",
  ]);
  assert.deepEqual(paths({ action: "turn_directive", card: bad, text: "x" }), ["card"]);
});

test("a problem names the plan, the action and the field, or the action alone", () => {
  const told = { code: "c", found: "f", expected: "e" };
  assert.deepEqual(planProblem(2, "epic", told), {
    ...told,
    file: "plan",
    path: "$.actions[2].epic",
  });
  assert.equal(planProblem(2, "", told).path, "$.actions[2]");
});
