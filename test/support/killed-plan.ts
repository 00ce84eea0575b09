// A plan that does everything a plan can do to files, and says a word to a seat: for tests that kill it on its way.
import type { PlanAction } from "../../src/domain/driver-plan.ts";

export const KILLED_PLAN: readonly PlanAction[] = [
  {
    action: "create_issue",
    department: "core",
    epic: "work",
    issue: { summary: "More work", seat: "coder" },
  },
  {
    action: "create_epic",
    department: "core",
    name: "unplanned_support",
    summary: "Unplanned support",
    team: "core",
    environment: "local",
    issues: [],
  },
  { action: "adopt_issue", issue: "lost", department: "core", epic: "unplanned_support" },
  {
    action: "create_rock",
    department: "core",
    name: "run_the_business",
    epics: [{ epic: "unplanned_support" }, { epic: "work", depends_on: [] }],
  },
  { action: "turn_directive", card: "api", seat: "coder", text: "Use UTC." },
];

export const KILLED_FILES = {
  "model/core/issues/lost.yaml": "# Nobody wanted it\nsummary: A lost issue\nseat: coder\n",
};
