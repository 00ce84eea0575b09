// Structure rules on given facts. That the facts are read rightly is tested beside the parser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkStructure, languageOf } from "./structure.ts";
import type { SourceFacts } from "./structure.ts";

const NOTHING: SourceFacts = { errorLine: null, classes: [], imports: [] };
const importing = (specifier: string, names: readonly string[] = []): SourceFacts => ({
  ...NOTHING,
  imports: [{ specifier, names, line: 3 }],
});
const withClass = (name: string, methods = 1): SourceFacts => ({
  ...NOTHING,
  classes: [{ name, line: 7, methods }],
});
const errorsOf = (path: string, facts: SourceFacts): number =>
  checkStructure(path, facts).errors.length;

test("the language follows from the suffix, in any case", () => {
  for (const path of ["a.py", "a.PYI"]) assert.equal(languageOf(path), "python");
  for (const path of ["a.js", "a.jsx", "a.mjs", "a.cjs"])
    assert.equal(languageOf(path), "javascript");
  for (const path of ["a.ts", "a.TSX", "a.mts", "a.cts", "a.d.ts"])
    assert.equal(languageOf(path), "typescript");
  for (const path of ["a.go", "a.md", "py", "a.vue", ""]) assert.equal(languageOf(path), null);
});

test("a syntax error is refused with its line, wherever the file lies", () => {
  for (const path of ["utils/a.py", "tests/test_a.py", "managers/user_manager.py"]) {
    const { errors } = checkStructure(path, { ...NOTHING, errorLine: 12 });
    assert.deepEqual(errors, [
      "iDesign AST Violation: the text is no valid source: syntax error (Line: 12)",
    ]);
  }
});

test("a class in a component's file carries the component's word", () => {
  const { errors } = checkStructure("managers/user_manager.py", withClass("Helper"));
  assert.deepEqual(errors, [
    "iDesign AST Violation: class Helper in a manager file does not carry 'manager' in its name (Line: 7)",
  ]);
  assert.match(
    checkStructure("engines/price_engine.py", withClass("Price")).errors[0] ?? "",
    /in an engine file/,
  );
  assert.match(
    checkStructure("accessors/db_accessor.py", withClass("Db")).errors[0] ?? "",
    /in an accessor file/,
  );
  assert.equal(errorsOf("managers/user_manager.py", withClass("UserMANAGER")), 0);
  assert.equal(
    errorsOf("managers/user_manager.ts", withClass("")),
    0,
    "an expression that nothing names",
  );
  assert.equal(errorsOf("managers/user_manager.ts", withClass("default")), 1);
  assert.equal(errorsOf("utils/text.py", withClass("Helper")), 0);
});

test("outside the component folders the end of the file name tells the component", () => {
  assert.equal(errorsOf("services/price_engine.py", withClass("Price")), 1);
  assert.equal(errorsOf("src/services/PriceEngine.ts", withClass("Price")), 1);
  assert.equal(errorsOf("price_engine.py", withClass("Price")), 1);
  assert.equal(errorsOf("utils/engine_room.py", withClass("Room")), 0);
});

test("R-51 tests are free of naming and import rules", () => {
  assert.equal(errorsOf("tests/test_user_manager.py", withClass("TestUser")), 0);
  assert.equal(errorsOf("tests/price_engine.py", withClass("Price")), 0);
  assert.equal(errorsOf("accessors/tests/test_a.py", importing("managers.user_manager")), 0);
});

test("an accessor imports no manager and no engine, an engine no manager, in every form", () => {
  const managers = [
    "managers.user_manager",
    "app.managers.user_manager",
    "..managers.user_manager",
    "managers",
    "user_manager",
    "../managers/user",
    "../managers/user-manager.js",
    "./user.manager",
    "./user-manager",
    "./manager",
    "@/managers/user",
    "src/managers/user",
    "./UserManager.ts",
    "../x/UserManager?raw",
    "./Manager",
    "UserManager",
    "../Managers/User",
  ];
  for (const specifier of managers) {
    assert.equal(errorsOf("accessors/db_accessor.py", importing(specifier)), 1, specifier);
    assert.equal(errorsOf("engines/price_engine.py", importing(specifier)), 1, specifier);
    assert.equal(errorsOf("managers/order_manager.py", importing(specifier)), 0, specifier);
    assert.equal(errorsOf("utils/text.py", importing(specifier)), 0, specifier);
  }
  assert.equal(errorsOf("accessors/db_accessor.py", importing("..engines.price_engine")), 1);
  assert.equal(errorsOf("engines/price_engine.py", importing("..engines.tax_engine")), 0);
  assert.equal(errorsOf("engines/price_engine.py", importing("..accessors.db_accessor")), 0);
  assert.deepEqual(checkStructure("engines/price_engine.ts", importing("../managers/a")).errors, [
    "iDesign AST Violation: an engine imports a manager: ../managers/a (Line: 3)",
  ]);
});

test("names taken out of a package of the project may be modules", () => {
  const accessor = "accessors/db_accessor.py";
  assert.equal(errorsOf(accessor, importing("app", ["managers"])), 1);
  assert.equal(errorsOf(accessor, importing("..", ["engines"])), 1);
  assert.equal(errorsOf(accessor, importing("..", ["user_manager"])), 1);
  assert.equal(errorsOf(accessor, importing(".", ["engine"])), 1);
  assert.equal(errorsOf(accessor, importing(".", ["session", "Engineer"])), 0);
});

test("R-51 foreign packages that are called like a component raise no alarm", () => {
  const foreign: readonly (readonly [string, readonly string[]])[] = [
    ["sqlalchemy.engine", ["Engine"]],
    ["sqlalchemy", ["create_engine"]],
    ["sqlalchemy.ext.asyncio", ["AsyncEngine"]],
    ["multiprocessing.managers", ["BaseManager"]],
    ["contextlib", ["contextmanager"]],
    ["express-engine", []],
    ["@scope/package-manager", []],
    ["engine.io", []],
    ["Engine", []],
    ["./engineering", []],
    ["", []],
  ];
  for (const [specifier, names] of foreign)
    assert.equal(errorsOf("accessors/db_accessor.py", importing(specifier, names)), 0, specifier);
});

test("a class of more than fifteen methods is a warning and no more", () => {
  const { errors, warnings } = checkStructure("utils/text.py", withClass("Text", 16));
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, [
    "iDesign AST Violation: class Text has 16 methods, more than 15; split it (Line: 7)",
  ]);
  assert.deepEqual(checkStructure("utils/text.py", withClass("Text", 15)).warnings, []);
});

test("a text of a thousand faults gives a short answer", () => {
  const classes = Array.from({ length: 1000 }, (_, line) => ({ name: "X", line, methods: 99 }));
  const found = checkStructure("managers/a_manager.py", { ...NOTHING, classes });
  assert.equal(found.errors.length, 20);
  assert.equal(found.warnings.length, 20);
});
