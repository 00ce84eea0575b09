// Which of the places that name a model is taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelInput } from "../domain/decision.ts";
import { selectModel } from "./select-model.ts";

const FULL: ModelInput = {
  role: "coder",
  flag: "p:flag",
  epicOverrides: { coder: "p:epic" },
  roleSettings: { coder: "p:role" },
  environment: { name: "local", model: "p:environment" },
  departmentDefault: "p:department",
  organizationDefault: "p:organization",
  setting: "p:setting",
};

test("R-66 the places are asked in their order, and an empty one is passed by", () => {
  const steps: readonly (readonly [string, Partial<ModelInput>])[] = [
    ["p:flag", {}],
    ["p:epic", { flag: null }],
    ["p:role", { epicOverrides: {} }],
    ["p:environment", { roleSettings: { coder: "" } }],
    ["p:department", { environment: { name: "local", model: "  " } }],
    ["p:organization", { departmentDefault: "" }],
    ["p:setting", { organizationDefault: null }],
    ["", { setting: null }],
  ];
  let facts = FULL;
  for (const [expected, change] of steps) {
    facts = { ...facts, ...change };
    assert.deepEqual(selectModel(Object.freeze(facts)), { model: expected });
  }
});

test("overrides are found by role without case and dashes, and only by their own names", () => {
  const facts = { ...FULL, flag: " " };
  assert.equal(
    selectModel({ ...facts, role: "Lead Architect", epicOverrides: { "lead-architect": " p:x " } })
      .model,
    "p:x",
  );
  assert.equal(selectModel({ ...facts, role: "constructor" }).model, "p:environment");
});

test("an override that is no text is passed by", () => {
  const junk = { coder: 5 } as unknown as ModelInput["epicOverrides"];
  assert.equal(selectModel({ ...FULL, flag: null, epicOverrides: junk }).model, "p:role");
});
