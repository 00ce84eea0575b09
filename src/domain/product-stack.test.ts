// What a repository may say of its stack, and what is said back where it does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { productStack } from "./product-stack.ts";

const said = (files: Parameters<typeof productStack>[0]): unknown => {
  const stack = productStack(files);
  return stack.ok ? stack.value : `${stack.error.code}: ${stack.error.message}`;
};

test("either file names the stack; settings beside it are none of it", () => {
  assert.equal(said({ ".orket.json": { stack: "node-react-postgres" } }), "node-react-postgres");
  assert.deepEqual(said({ "orket.yaml": { model: "m", stack: { services: {} } } }), {
    services: {},
  });
  assert.equal(said({ ".orket.json": { stack: "a" }, "orket.yaml": { model: "m" } }), "a");
});

test("no file, or settings without a stack, name none", () => {
  assert.equal(said({}), null);
  assert.equal(said({ "orket.yaml": { stack: null } }), null);
});

test("what is no answer is refused with the file and the reason", () => {
  assert.match(String(said({ ".orket.json": {} })), /^SANDBOX_INVALID: \.orket\.json .*no field/);
  assert.match(String(said({ "orket.yaml": ["a"] })), /orket\.yaml .* holds no object/);
  const both = { ".orket.json": { stack: "a" }, "orket.yaml": { stack: "a" } };
  assert.match(String(said(both)), /both name a stack/);
});
