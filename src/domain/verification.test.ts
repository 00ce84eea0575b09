// What a declaration means, when two values are equal, what counts as a result, and what a verdict is.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Scenario, Verification } from "./assets.ts";
import type { Json, JsonObject } from "./json.ts";
import type { CheckResult } from "./verification.ts";
import {
  checksOf,
  COMMAND_ID,
  expectedText,
  failed,
  failuresForPrompt,
  functionNames,
  jsonEqual,
  notExecuted,
  oneLine,
  passed,
  readFrame,
  tally,
} from "./verification.ts";

const declared = (more: Partial<Verification>): Verification => ({
  fixturePath: null,
  command: null,
  scenarios: [],
  ...more,
});
const scenario = (id: string, inputData: Json, expectedOutput?: Json): Scenario => ({
  id,
  description: `about ${id}`,
  inputData,
  expectedOutput,
});
const values = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

test("R-83 each scenario is one check of one kind, and the command is one more", () => {
  const checks = checksOf(
    declared({
      fixturePath: "verification/a.py",
      command: { argv: ["make", "test"] },
      scenarios: [
        scenario("function", { a: 1 }, 1),
        scenario("http", { endpoint: "/x" }),
        scenario("falsy", null, false),
      ],
    }),
  );
  assert.deepEqual(
    checks.map(({ id, kind }) => [id, kind]),
    [
      ["function", "function"],
      ["http", "http"],
      ["falsy", "function"],
      [COMMAND_ID, "command"],
    ],
  );
});

test("R-83 whatever is declared, there are as many checks as scenarios, and one for a command", () => {
  const inputs = fc.oneof(
    values,
    fc.record({ endpoint: values, method: values, expected_status: values }),
  );
  const scenarios = fc.array(
    fc.record({
      id: fc.string(),
      description: fc.string(),
      inputData: inputs as fc.Arbitrary<Json>,
      expectedOutput: fc.option(values, { nil: undefined }),
    }),
  );
  fc.assert(
    fc.property(
      scenarios,
      fc.option(fc.constant("verification/a.py")),
      fc.boolean(),
      (list, fixturePath, has) => {
        const command = has ? { argv: ["x"] } : null;
        const checks = checksOf({ fixturePath, command, scenarios: list });
        assert.equal(checks.length, list.length + Number(has));
        assert.deepEqual(
          checks.slice(0, list.length).map(({ id }) => id),
          list.map(({ id }) => id),
        );
      },
    ),
  );
});

test("a command has its defaults, and takes one exit code or several", () => {
  const [plain] = checksOf(declared({ command: { argv: ["make", "test"] } }));
  assert.deepEqual(plain, {
    id: COMMAND_ID,
    description: "make test",
    kind: "command",
    argv: ["make", "test"],
    cwd: ".",
    exitCodes: [0],
    stdout: {},
  });
  const stdout = { equals: "x" };
  const codes = (exit_code: Json) =>
    checksOf(declared({ command: { argv: ["x"], cwd: "web", exit_code, stdout } }));
  assert.deepEqual(codes(3)[0], {
    ...plain,
    description: "x",
    argv: ["x"],
    cwd: "web",
    exitCodes: [3],
    stdout,
  });
  assert.deepEqual(
    codes([0, 2]).map((check) => "exitCodes" in check && check.exitCodes),
    [[0, 2]],
  );
});

test("an HTTP scenario has its defaults", () => {
  const [plain] = checksOf(declared({ scenarios: [scenario("up", { endpoint: "/health" })] }));
  assert.deepEqual(plain, {
    id: "up",
    description: "about up",
    kind: "http",
    endpoint: "/health",
    method: "GET",
    payload: undefined,
    expectedStatus: 200,
    expected: undefined,
  });
  const input = { endpoint: "/a", method: "post", payload: { b: 1 }, expected_status: 201 };
  const [full] = checksOf(declared({ scenarios: [scenario("up", input, null)] }));
  assert.deepEqual(full, {
    ...plain,
    endpoint: "/a",
    method: "POST",
    payload: { b: 1 },
    expectedStatus: 201,
    expected: null,
  });
});

test("what nothing can execute is a check that cannot pass, and says why", () => {
  const why = (one: Scenario, more: Partial<Verification> = {}): string => {
    const [check] = checksOf(declared({ scenarios: [one], ...more }));
    return check?.kind === "unfit" ? check.why : "fit";
  };
  assert.match(why(scenario("a", 1, 1)), /no fixture_path/);
  assert.match(why(scenario("a", 1), { fixturePath: "verification/a.py" }), /no expected_output/);
  assert.match(why(scenario("a", { endpoint: 7 })), /endpoint/);
  assert.match(why(scenario("a", { endpoint: "/", method: "BREW" })), /method/);
  assert.match(why(scenario("a", { endpoint: "/", method: 7 })), /method/);
  for (const expected_status of [99, 600, 200.5, "200", null])
    assert.match(why(scenario("a", { endpoint: "/", expected_status })), /expected_status/);
});

test("JSON is equal in depth, with 1.0 as 1 and keys in any order, and falsy values are values", () => {
  assert.ok(jsonEqual({ a: 1.0, b: [null, false, 0, ""] }, { b: [null, false, 0, ""], a: 1 }));
  const different: readonly (readonly [Json | undefined, Json | undefined])[] = [
    [1, 2],
    [1, "1"],
    [1, true],
    [0, false],
    [0, null],
    [null, undefined],
    [undefined, undefined],
    [false, null],
    ["", null],
    [[], {}],
    [{}, []],
    [{}, null],
    [[], "x"],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [JSON.parse('{"__proto__":{}}') as Json, {}],
    [{ toString: 1 }, { valueOf: 1 }],
    [Infinity, Infinity],
    [JSON.parse("1e400") as Json, JSON.parse("1e400") as Json],
  ];
  for (const [left, right] of different)
    assert.equal(jsonEqual(left, right), false, `${JSON.stringify(left)} ${JSON.stringify(right)}`);
});

test("a value equals its copy and nothing that reads otherwise, whichever way round", () => {
  const shuffled = (value: Json): Json => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled);
    return Object.fromEntries(
      Object.entries(value as JsonObject)
        .toReversed()
        .map(([key, member]) => [key, shuffled(member)]),
    );
  };
  fc.assert(
    fc.property(values, (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as Json;
      assert.ok(jsonEqual(plain, shuffled(plain)));
    }),
  );
  fc.assert(
    fc.property(values, values, (left, right) => {
      assert.equal(jsonEqual(left, right), jsonEqual(right, left));
      assert.equal(jsonEqual([left], { 0: left }), false);
    }),
  );
});

test("an id gives the name of its function, with underscores where a name may hold nothing else", () => {
  assert.deepEqual(functionNames("sum"), ["verify_sum", "verify"]);
  assert.deepEqual(functionNames("a-b.c_1"), ["verify_a_b_c_1", "verify"]);
});

test("one framed line is a result, as a value or as why there is none", () => {
  assert.deepEqual(readFrame('word {"value": {"a": 1}}\n', "word"), {
    ok: true,
    value: { a: 1 },
    text: '{"a": 1}',
  });
  assert.deepEqual(readFrame('word {"value":null}\n', "word"), {
    ok: true,
    value: null,
    text: "null",
  });
  assert.deepEqual(readFrame('word {"error":"ValueError: no"}\n', "word"), {
    ok: false,
    why: "ValueError: no",
  });
});

test("the text of a value is cut out of its frame, and is the frame when it cannot be", () => {
  const text = (line: string): string => {
    const returned = readFrame(`word ${line}\n`, "word");
    return returned.ok ? returned.text : "";
  };
  assert.equal(text('{ "value" : [1] }'), "[1] ");
  assert.equal(text('{"\\u0076alue":3}'), '{"\\u0076alue":3}');
});

test("R-30 anything but exactly one frame is no result", () => {
  const frame = 'word {"value":3}\n';
  for (const written of [
    "",
    "\n",
    "word ",
    frame.slice(0, -1),
    `${frame}${frame}`,
    `${frame}x`,
    `${frame}\n`,
    `x${frame}`,
    `\n${frame}`,
    frame.replace("word", "guess"),
    frame.replace("word", "wor"),
    'word {"value":3}garbage\n',
    "word 3\n",
    "word null\n",
    'word {"value":3,"error":"x"}\n',
    'word {"error":3}\n',
    "word {}\n",
    'word {"other":1}\n',
    "word [1]\n",
  ])
    assert.equal(readFrame(written, "word").ok, false, JSON.stringify(written));
});

test("R-30 nothing that is added to a frame, before or after, is a result", () => {
  fc.assert(
    fc.property(values, fc.string({ minLength: 1 }), fc.boolean(), (value, more, before) => {
      const frame = `word ${JSON.stringify({ value })}\n`;
      assert.deepEqual(readFrame(frame, "word").ok, true);
      assert.equal(readFrame(before ? `${more}${frame}` : `${frame}${more}`, "word").ok, false);
    }),
  );
});

const one = { id: "s", kind: "function", description: "It adds" } as const;

test("the lines of the log keep their forms", () => {
  assert.deepEqual(passed(one).logs, ["Running Scenario: s: It adds", "[PASS] s"]);
  assert.deepEqual(failed({ ...one, description: "" }, { expected: "3", got: "4" }).logs, [
    "Running Scenario: s",
    "[FAIL] Expected 3, got 4",
  ]);
  assert.deepEqual(notExecuted(one, "no box").logs, [
    "Running Scenario: s: It adds",
    "[NOT EXECUTED] no box",
  ]);
  assert.equal(expectedText(undefined), "nothing");
  assert.equal(expectedText({ a: 1 }), '{"a":1}');
});

test("foreign text is one line of bounded length", () => {
  assert.equal(oneLine(" a\n\u001b[31mb\u2028c\0 "), "a [31mb c");
  const cut = oneLine("x".repeat(5000));
  assert.ok(cut.length < 2100);
  assert.match(cut, /… \(5000 characters\)$/);
});

const results = (...outcomes: readonly CheckResult["outcome"][]): readonly CheckResult[] =>
  outcomes.map((outcome, place) => ({
    id: `s${place}`,
    kind: "function",
    outcome,
    logs: [outcome],
  }));

test("R-16 a verdict is pass when all passed and there was one, fail when one failed, and nothing else", () => {
  const verdict = (...outcomes: readonly CheckResult["outcome"][]) =>
    tally(results(...outcomes)).verdict;
  assert.equal(verdict("passed"), "pass");
  assert.equal(verdict("passed", "passed"), "pass");
  assert.equal(verdict("passed", "failed"), "fail");
  assert.equal(verdict("failed", "not-executed"), "fail");
  assert.equal(verdict("passed", "not-executed"), null);
  assert.equal(verdict("not-executed"), null);
  assert.equal(verdict(), null);
});

test("R-83 the total is what passed, what failed and what was not executed", () => {
  const outcomes = fc.array(
    fc.constantFrom<CheckResult["outcome"]>("passed", "failed", "not-executed"),
  );
  fc.assert(
    fc.property(outcomes, (list) => {
      const {
        total,
        passed: good,
        failed: bad,
        notExecuted: none,
        verdict,
        logs,
      } = tally(results(...list));
      assert.equal(total, list.length);
      assert.equal(total, good + bad + none);
      assert.equal(logs.length, list.length);
      assert.equal(verdict === "pass", list.length > 0 && good === total);
      assert.equal(verdict === "fail", bad > 0);
    }),
  );
});

test("a prompt shows what failed and what came, and nothing of what was expected", () => {
  const logs = [
    ...passed({ ...one, id: "a" }).logs,
    ...failed({ ...one, id: "b" }, { expected: '"x, got y"', got: '"z"' }).logs,
    ...notExecuted({ ...one, id: "c" }, "no box").logs,
    "[FAIL] without its form",
  ];
  assert.deepEqual(failuresForPrompt(logs), ['b: It adds: got "z"', "c: It adds: failed"]);
});

test("whatever is expected and whatever came, the expected text is not in the prompt", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (expected, got) => {
      const secret = `<${expected}|41337>`;
      const { logs } = failed(one, { expected: secret, got: `${got}, got ${got}` });
      assert.ok(!failuresForPrompt(logs).join("\n").includes("41337>"));
    }),
  );
});
