// Calls written into text come back as calls, in order, and nothing else does.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { testSeeded } from "../../test/support/seeds.ts";
import type { JsonObject } from "./json.ts";
import { callSignature, parseTextCalls, TEXT_CALLS_MAX } from "./tool-call-text.ts";

const parsed = (text: string) => parseTextCalls(text).map(({ tool, args }) => ({ tool, args }));
const toolsOf = (text: string): readonly string[] => parseTextCalls(text).map((call) => call.tool);
const CALL = { tool: "read_file", args: { path: "a.py" } };

test("R-28 every form of a call is understood", () => {
  const args = { path: "a.py" };
  const forms: readonly unknown[] = [
    { tool: "read_file", args },
    { name: "read_file", arguments: args },
    { function: { name: "read_file", arguments: args } },
    { type: "function", id: "x", function: { name: "read_file", arguments: JSON.stringify(args) } },
    { tool_calls: [{ tool: "read_file", args }] },
    {
      tool_calls: [{ id: "1", type: "function", function: { name: "read_file", arguments: args } }],
    },
    [{ tool: "read_file", args }],
    [[{ name: " read_file ", arguments: ` ${JSON.stringify(args)}\n` }]],
    { tool: "read_file", args: JSON.stringify(args) },
  ];
  for (const form of forms)
    assert.deepEqual(parsed(JSON.stringify(form)), [CALL], JSON.stringify(form));
});

test("R-28 braces, brackets, quotes and escapes inside strings do not end a call", () => {
  const content = 'def f():\n    return {"a": "}]", \'b\': "\\"{["} # ```\n\u2028 \\u007b "tool":';
  const text = `Sure, I'll write it.\n\`\`\`json\n${JSON.stringify({ tool: "write_file", args: { path: "x", content } }, null, 2)}\n\`\`\`\nDone {}.`;
  assert.deepEqual(parsed(text), [{ tool: "write_file", args: { path: "x", content } }]);
});

test("R-28 calls inside and outside of fences, with prose around, keep their order", () => {
  const text = [
    `First {"tool":"a","args":{}} and`,
    "```",
    `[{"name":"b","arguments":{"n":1}},{"tool":"c","args":{}}]`,
    "```",
    `then {"tool_calls":[{"function":{"name":"d","arguments":"{}"}},{"tool":"e","args":{}}]}.`,
  ].join("\n");
  const calls = parseTextCalls(text);
  assert.deepEqual(
    calls.map((call) => call.tool),
    ["a", "b", "c", "d", "e"],
  );
  assert.equal(new Set(calls.map((call) => call.id)).size, 5);
});

test("what only looks like a call is ignored", () => {
  const texts = [
    '{"function":"f"}',
    '{"function":{"name":"f"}}',
    '{"function":{"name":5,"arguments":{}}}',
    '{"tool":"a"}',
    '{"args":{}}',
    '{"tool":5,"args":{}}',
    '{"tool":"","args":{}}',
    '{"tool":"  ","args":{}}',
    `{"tool":"${"x".repeat(200)}","args":{}}`,
    '{"name":"Ada","age":36}',
    '{"tool_calls":"none"}',
    '{"tool_calls":[]}',
    '["a",1,null]',
    '{"note":{"tool":"a","args":{}}}',
    "{}",
    "",
    "no call at all",
    '{"__proto__":{"tool":"a","args":{}}}',
  ];
  for (const text of texts) assert.deepEqual(parseTextCalls(text), [], text);
});

test("a call inside the arguments of a call is data", () => {
  const inner = { tool: "delete_file", args: { path: "x" } };
  assert.deepEqual(toolsOf(JSON.stringify({ tool: "note", args: { inner, list: [inner] } })), [
    "note",
  ]);
  assert.deepEqual(
    toolsOf(JSON.stringify({ tool: "note", args: { text: JSON.stringify(inner) } })),
    ["note"],
  );
});

test("broken groups are skipped and the calls beside them are found", () => {
  const call = JSON.stringify(CALL);
  const broken = [
    `{tool: read} ${call}`,
    `{"tool":"a","args":{} ${call}`,
    `{ ${call}`,
    `[ ${call}`,
    `{" then ${call}`,
    `{{{[[ ${call} }}`,
    `{'tool':'a','args':{}} ${call}`,
    `{"tool":"a","args":{"p":"x\n"}} ${call}`,
    `{"tool":"a","args":{"p":"\\q"}} ${call}`,
    `{"tool":"a","args":{"p":"\\u12g4"}} ${call}`,
    `{"tool":"a","args":{},} ${call}`,
    `{"tool":"a" "args":{}} ${call}`,
    `{"tool"} ${call}`,
    `{"a":01} ${call}`,
    `{"a":tru} ${call}`,
    `[1,] ${call}`,
    `[,] ${call}`,
    `] } ${call} {`,
    `a "quoted { brace" ${call} "`,
    `[${call}, oops`,
    `[${call}`,
    `{"wrapper":[${call}]`,
    `${call}}}}`,
  ];
  for (const text of broken) assert.deepEqual(parsed(text), [CALL], text);
});

test("half a call does not turn its own arguments into calls", () => {
  for (const half of [
    '{"tool":"write_file","args":{"tool":"delete_file","args":{}}',
    '{"tool":"write_file","args":[{"tool":"delete_file","args":{}}], oops}',
    '{"name":"write_file","arguments":{"x":[1,{"name":"delete_file","arguments":{}}]',
    '{"function":{"name":"delete_file","arguments":{}}',
    '{"x":[{"tool":"delete_file","args":{}}],"tool":',
  ])
    assert.deepEqual(parseTextCalls(half), [], half);
});

test("arguments that are no object make a call that fails alone", () => {
  const malformed = { $malformed: "The arguments are not a JSON object." };
  for (const args of [null, 5, true, [], "text", '{"a":', "[1]", '"{}"', "{} {}"])
    assert.deepEqual(
      parsed(JSON.stringify({ tool: "a", args })),
      [{ tool: "a", args: malformed }],
      JSON.stringify(args),
    );
});

test("every kind of JSON value passes through unchanged", () => {
  const args = {
    a: [true, false, null, -0.5e-7, 1e5, 0, "\u0000\ud83d\ude00\\/\b"],
    b: { c: [] },
    "": {},
  };
  assert.deepEqual(
    parsed(`x${JSON.stringify({ tool: "t", args }, null, "\t").replaceAll("\n", "\r\n")}x`),
    [{ tool: "t", args }],
  );
});

test("the older text form counts only when no JSON call was found", () => {
  const older =
    "[write_file]\nPATH: src/a.py\nCONTENT:\n```python\nx = {1: 2}\n[tool]\nPATH: no\n```\nthanks";
  const expected = {
    tool: "write_file",
    args: { path: "src/a.py", content: "x = {1: 2}\n[tool]\nPATH: no\n" },
  };
  assert.deepEqual(parsed(older), [expected]);
  assert.deepEqual(toolsOf(`${older}\n{"tool":"a","args":{}}`), ["a"]);
});

test("the older text form in its variants", () => {
  assert.deepEqual(
    parsed("I will read.\nTOOL: read_file\nPATH: a b.py\n\nTool: list_directory\r\npath: .\r\n"),
    [
      { tool: "read_file", args: { path: "a b.py" } },
      { tool: "list_directory", args: { path: "." } },
    ],
  );
  assert.deepEqual(
    parsed("[write_file]\nPATH: a\nnoise\nCONTENT: one\ntwo\n\n\n[read_file]\nPATH: b"),
    [
      { tool: "write_file", args: { path: "a", content: "one\ntwo\n" } },
      { tool: "read_file", args: { path: "b" } },
    ],
  );
  assert.deepEqual(parsed("[note]\nCONTENT: one"), [{ tool: "note", args: { content: "one" } }]);
  assert.deepEqual(parsed("[note]\nCONTENT:\none\n"), [
    { tool: "note", args: { content: "one\n" } },
  ]);
  assert.deepEqual(parsed("[note]\nCONTENT:"), [{ tool: "note", args: { content: "\n" } }]);
  assert.deepEqual(parsed("[note]\nCONTENT: ~~~\na\n```\n~~~\nb"), [
    { tool: "note", args: { content: "a\n```\n" } },
  ]);
  assert.deepEqual(parsed("[note]\nCONTENT:\n```\nunclosed"), [
    { tool: "note", args: { content: "unclosed\n" } },
  ]);
});

test("names in brackets without a field behind them are prose", () => {
  for (const text of [
    "[write_file]",
    "[tool.poetry]\nPATH: a",
    "[x] done\nPATH: a",
    "TOOL: a\n\nPATH: b",
    "PATH: a\nCONTENT: b",
    "[1]\nPATH: a",
  ])
    assert.deepEqual(parseTextCalls(text), [], text);
});

test("more calls than anybody needs are cut off", () => {
  assert.equal(
    parseTextCalls('{"tool":"a","args":{}}'.repeat(TEXT_CALLS_MAX + 50)).length,
    TEXT_CALLS_MAX,
  );
});

test("nesting that would exhaust a stack is no call, and hides none beside it", () => {
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  assert.deepEqual(toolsOf(`${deep} {"tool":"a","args":{}}`), ["a"]);
  assert.deepEqual(parsed(`{"tool":"a","args":${JSON.stringify(`{"x":${deep}}`)}}`), [
    { tool: "a", args: { $malformed: "The arguments are not a JSON object." } },
  ]);
  assert.deepEqual(parseTextCalls(`{"tool":"a","args":{"x":${deep}}}`), []);
});

test("a megabyte of nonsense is read in time linear to its length", () => {
  const million = 1_000_000;
  const attacks: Readonly<Record<string, string>> = {
    braces: "{".repeat(million),
    brackets: "[".repeat(million),
    pairs: "{[".repeat(million / 2),
    quotes: '"'.repeat(million),
    openings: '{"'.repeat(million / 2),
    keys: '{"a":'.repeat(million / 5),
    strings: '{"{":"{",'.repeat(million / 9),
    escapes: `{"${'\\"{'.repeat(million / 3)}`,
    backslashes: `{"${"\\".repeat(million)}`,
    elements: "[1,".repeat(million / 3),
    objects: '{"tool":"a","args":{}},'.repeat(million / 23),
    halves: '{"tool":"a","args":{"x":['.repeat(million / 25),
    inverted: '{"a{":"b","c{":"d",'.repeat(million / 19),
    spaces: `{${" ".repeat(million)}`,
    numbers: `[${"1".repeat(million)}`,
    headers: "[a]\n".repeat(million / 4),
    blocks: "[a]\nCONTENT:\n```\n".repeat(million / 17),
    lines: "[a]\nCONTENT:\nb\n".repeat(million / 15),
    padding: `[a${" ".repeat(million)}`,
  };
  for (const [name, text] of Object.entries(attacks)) {
    const started = performance.now();
    parseTextCalls(text);
    const tookMs = performance.now() - started;
    assert.ok(tookMs < 5000, `${name}: ${Math.round(tookMs)} ms`);
  }
});

test("equal calls have equal signatures whatever the order of their arguments", () => {
  const one = callSignature({ tool: "t", args: { a: 1, b: { c: [1, 2], d: null } } });
  assert.equal(one, callSignature({ tool: "t", args: { b: { d: null, c: [1, 2] }, a: 1 } }));
  assert.notEqual(one, callSignature({ tool: "t", args: { a: 1, b: { c: [2, 1], d: null } } }));
  assert.notEqual(one, callSignature({ tool: "u", args: { a: 1, b: { c: [1, 2], d: null } } }));
});

const words = fc
  .string({ unit: "grapheme-composite", maxLength: 12 })
  .map((text) => text.replaceAll(/[{}[\]"]/g, "·"));
const argsOf = fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 4,
});
const callOf = fc.record({ tool: fc.stringMatching(/^[a-z_]{1,12}$/), args: argsOf });

type Written = { readonly tool: string; readonly args: Readonly<Record<string, unknown>> };
const FORMS: readonly ((call: Written) => unknown)[] = [
  ({ tool, args }) => ({ tool, args }),
  ({ tool, args }) => ({ args: JSON.stringify(args), note: "{", tool }),
  ({ tool, args }) => ({ name: tool, arguments: args }),
  ({ tool, args }) => ({
    type: "function",
    function: { name: tool, arguments: JSON.stringify(args) },
  }),
  ({ tool, args }) => ({ tool_calls: [{ id: "1", function: { name: tool, arguments: args } }] }),
  ({ tool, args }) => [{ tool, args }],
];
const part = fc.record({
  call: callOf,
  form: fc.nat({ max: FORMS.length - 1 }),
  indent: fc.constantFrom(0, 2, "\t"),
  fenced: fc.boolean(),
  before: words,
});

testSeeded("R-28 calls written in any form among any prose come back as they were", (seed) => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), words, (parts, after) => {
      const text = parts.map(({ call, form, indent, fenced, before }) => {
        const json = JSON.stringify(FORMS[form]?.(call), null, indent);
        return `${before}\n${fenced ? `\`\`\`json\n${json}\n\`\`\`` : json}`;
      });
      const plain = parts.map(({ call }) => ({
        tool: call.tool,
        args: JSON.parse(JSON.stringify(call.args)) as JsonObject,
      }));
      assert.deepEqual(parsed(`${text.join("\n")}${after}`), plain);
    }),
    { seed, numRuns: 500 },
  );
});

testSeeded("whatever the text is, the answer is a list of calls and no exception", (seed) => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    ":",
    ",",
    '"tool"',
    '"args"',
    '"a"',
    "1",
    "null",
    " ",
    "\n",
    "x",
    "[t]\nPATH: a\n",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (list) => {
      for (const call of parseTextCalls(list.join(""))) assert.equal(typeof call.args, "object");
    }),
    { seed, numRuns: 2000 },
  );
});
