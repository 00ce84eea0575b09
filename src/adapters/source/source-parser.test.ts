// Facts of real texts in all the forms that the rules look at, valid texts that must raise no alarm, and broken ones.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { SourceLanguage } from "../../domain/structure.ts";
import { checkStructure } from "../../domain/structure.ts";
import { createSourceParser, SOURCE_LENGTH_MAX } from "./source-parser.ts";

const parse = createSourceParser();
const errorOf = (language: SourceLanguage, text: string): number | null =>
  parse(language, text).errorLine;

const PYTHON = `"""managers.user_manager — class Fake: imports nothing"""
import os, app.managers.user_manager as um
from ..engines.price_engine import PriceEngine as PE, tax
from . import (
    user_manager,  # import managers
    order,
)
from app \\
    import managers
import importlib


class UserAccessor(Base, metaclass=Meta):
    """class Inner: pass"""

    field: int = 1

    def __init__(self):
        def helper():
            pass

        self.load = lambda: None

    async def read(self): ...

    @property
    @cached(1)
    def name(self) -> str:
        return "class Other:"

    if TYPE_CHECKING:

        def typed(self): ...

    class Meta:
        def nested(self): ...


def factory():
    class Local:
        def run(self): ...

    importlib.import_module("app.managers.lazy")
    __import__('engines')
    importlib.import_module(name)
    return Local
`;

test("R-51 the facts of a Python text, in every form of import", () => {
  assert.deepEqual(parse("python", PYTHON), {
    errorLine: null,
    classes: [
      { name: "UserAccessor", line: 13, methods: 4 },
      { name: "Meta", line: 35, methods: 1 },
      { name: "Local", line: 40, methods: 1 },
    ],
    imports: [
      { specifier: "os", names: [], line: 2 },
      { specifier: "app.managers.user_manager", names: [], line: 2 },
      { specifier: "..engines.price_engine", names: ["PriceEngine", "tax"], line: 3 },
      { specifier: ".", names: ["user_manager", "order"], line: 4 },
      { specifier: "app", names: ["managers"], line: 8 },
      { specifier: "importlib", names: [], line: 10 },
      { specifier: "app.managers.lazy", names: [], line: 43 },
      { specifier: "engines", names: [], line: 44 },
    ],
  });
});

const TYPESCRIPT = `import type { User } from "../managers/user.ts";
import "./side-effect";
export * from "../managers/all";
export { one, type Two } from '../managers/some';
import legacy = require("../managers/legacy");
const lazy = await import(\`../managers/lazy\`);
const hole = await import(\`../managers/\${name}\`);
const old = require("../managers/old"), other = require(name);
let typed: import("../managers/typed").User;
// import "../managers/comment"
const text = 'import x from "../managers/text"';
export class UserAccessor<Type extends object> extends Base {
  #field = 1;
  static arrow = async () => {};
  old = function () {};
  constructor(private readonly store: Store) { super(); }
  async read() {}
  get name() { return 1; }
  *walk() {}
  #hidden() {}
  overload(a: string): void;
  overload(a: number): void {}
  static { init(); }
}
abstract class Shape { abstract area(): number; }
const Named = class { run() {} };
exports.Assigned = class {};
export default class {}
mixin(class {});
const own = require.resolve("../managers/resolved");
`;

test("R-51 the facts of a TypeScript text, in every form of import", () => {
  const { errorLine, classes, imports } = parse("typescript", TYPESCRIPT);
  assert.equal(errorLine, null);
  assert.deepEqual(classes, [
    { name: "UserAccessor", line: 12, methods: 9 },
    { name: "Shape", line: 25, methods: 1 },
    { name: "Named", line: 26, methods: 1 },
    { name: "Assigned", line: 27, methods: 0 },
    { name: "default", line: 28, methods: 0 },
    { name: "", line: 29, methods: 0 },
  ]);
  assert.deepEqual(
    imports.map((one) => [one.line, one.specifier]),
    [
      [1, "../managers/user.ts"],
      [2, "./side-effect"],
      [3, "../managers/all"],
      [4, "../managers/some"],
      [5, "../managers/legacy"],
      [6, "../managers/lazy"],
      [8, "../managers/old"],
      [9, "../managers/typed"],
    ],
  );
});

test("R-51 the rules hold for each form of import on real text", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["accessors/db_accessor.py", "from ..managers.user_manager import UserManager"],
    ["accessors/db_accessor.py", "import managers.user_manager"],
    ["engines/price_engine.py", "def run():\n    from ..managers import user_manager\n"],
    ["accessors/db_accessor.js", 'const x = require("../engines/price_engine");'],
    ["engines/price_engine.ts", 'export { x } from "../managers/user_manager";'],
    ["engines/price_engine.jsx", 'const load = () => import("../managers/user_manager");'],
    ["engines/price_engine.mts", 'import x from "../managers/user_manager";'],
  ];
  for (const [path, text] of forms) {
    const language = path.endsWith(".py")
      ? "python"
      : path.endsWith("ts")
        ? "typescript"
        : "javascript";
    const { errors } = checkStructure(path, parse(language, text));
    assert.equal(errors.length, 1, `${path}: ${text}`);
    assert.match(errors[0] ?? "", /^iDesign AST Violation: .+ \(Line: \d+\)$/);
  }
});

const VALID_PYTHON: readonly string[] = [
  "",
  "\n\n# only a comment",
  "\ufeffx = 1\r\nif x:\r\n    pass\r\n",
  "def f():\n    try:\n        yield\n    finally:\n        pass\n",
  "def f():\n    x = yield\n    y = (yield)\n    return 1.\n",
  "def f(): yield # comment\n",
  "a = 1.; b = [2., 1.e5, 1.j]\nf(1., 2.)\n",
  "match x:\n    case {'a': [1, *rest], **kw} if y:\n        pass\n    case Point():\n        pass\n    case ast.BinOp() | () | [] | {}:\n        pass\n    case _:\n        pass\n",
  "match a, b:\n    case 1, 2:\n        pass\n",
  "match = 1\ncase = 2\ntype = 3\nprint(match.x, type(x))\nmatch(x)\n",
  "f'{x!r:>{w}} {y=}'\nf\"{d[\"k\"]}\"\nf'''\n{x\n}\n'''\nf'{{}}'\nt'{x}'\nrt'{x}'\n",
  "def f[T: int](x: T) -> T: ...\nclass A[T]: ...\ntype X[T] = list[T]\n",
  "try:\n    pass\nexcept* E as e:\n    pass\n",
  "async def f():\n    async with a() as b, c() as d:\n        pass\n    return [i async for i in z]\n",
  "with (open(a) as f, open(b) as g):\n    pass\n",
  "with (\n    open(a) as f,  # comment\n    open(b) as g,\n):\n    pass\nclass A:\n    with (x) as y: pass\n",
  "with a() as (b, c), d: pass\n",
  "with (a): pass\n",
  "if (n := 5) > 3: pass\nlambda *a, **k: (yield)\n",
  "@(x := y)\nclass A: pass\n@table[0].b\ndef f(): pass\n@a.b(c)  # comment\ndef g(): pass\n",
  "for x in *a, *b: pass\nx[*a]\ndef f(*args: *Ts): ...\nd[a, *b]\n",
  "x = 1\n\x0c\ndef f(): pass\n\x0cclass A: pass\n",
  "x = a if b \\\n    else c\ny = \\\n  2\n",
  "if True:\n  pass\n\nelif x:\n  pass\n# comment\n  # odd comment\nx = 1; y = 2;\n",
  "'''open \" and ' inside'''\nr'\\'\n\"\\\"\"\nb'' ''\n",
  "class A:\n\tdef f(self):\n\t\treturn 1\n",
];

test("R-51 valid Python raises no alarm", () => {
  for (const text of VALID_PYTHON)
    assert.equal(errorOf("python", text), null, JSON.stringify(text));
});

test("broken Python is found, with its line", () => {
  const broken: readonly (readonly [string, number])[] = [
    ["def f(:\n  pass\n", 1],
    ["x = 1\nclass A\n  pass\n", 2],
    ["x = 1\ny = = 2\n", 2],
    ["x = 'abc\ny = 1\n", 1],
    ["x = 1\n'''abc\n", 2],
    ["  x = 1\n y = 2\n", 1],
    ["def f():\n    x = 1\n  y = 2\n", 3],
    ["f(a b)\n", 1],
    ["public void main() {}\n", 1],
    ["function f() { return 1; }\n", 1],
    ["with (open(a) as f:\n    pass\n", 1],
    ["x = $y\n", 1],
    ["'", 1],
  ];
  for (const [text, line] of broken)
    assert.equal(errorOf("python", text), line, JSON.stringify(text));
});

const VALID_TYPESCRIPT: readonly string[] = [
  "",
  "export { type A, instanceof as isA } from './a';\nexport type * from './b';\nimport { type C } from './c';\n",
  "const isText = (value: unknown): value is string => typeof value === 'string';\n",
  "let later!: (socket: Socket) => void;\n",
  "const f = ({ delay = true } = {}) => delay;\n[, a.b] = list;\n",
  "declare module 'x' { export const y: number; }\ndeclare global { var z: string }\n",
  "type A<T> = T extends ((...p: infer P extends unknown[]) => infer R) ? [P, R] : never;\n",
  "const generic = <T>(value: T) => value;\nconst cast = <string>value;\n",
  "const tree = <div a={1}>{list.map((one) => <b key={one}>text's</b>)}</div>;\nconst g = <T,>(x: T) => x;\n",
  "@Injectable()\nexport class A { constructor(@Inject(B) private b: B) {} @Input() x = 1; accessor y = 2; }\n",
  "enum E { A = 1 }\nnamespace N { export const x = 1; }\nabstract class B { abstract f(): void; declare x: number; }\n",
  "const x = y satisfies Z as const;\nusing file = open();\nawait run();\nfunction assert(v: unknown): asserts v {}\n",
  "import data from './x.json' with { type: 'json' };\nconst re = /[/\"]/v;\nlabel: for (;;) break label;\n",
  "export declare function f(a: string): void;\nexport function g(a: number): void;\nexport interface I { new (): I; readonly [k: string]: I }\n",
  "export class Declared { method(): void; get x(): number; }\n",
  "#!/usr/bin/env node\nreturn 1;\n",
];

test("R-51 valid TypeScript, with and without JSX, raises no alarm", () => {
  for (const text of VALID_TYPESCRIPT) assert.equal(errorOf("typescript", text), null, text);
});

test("R-51 valid JavaScript of every kind raises no alarm", () => {
  const texts = [
    "module.exports = { a: require('b') };\nwith (a) { b; }\n",
    "import a from 'a';\nexport default () => <a.b {...c} />;\n",
    "var yield_ = async function* () { yield* await x; };\nclass A { static #x = 1; static { this.#x; } }\n",
    "a ??= b?.[c] ?? 1_000n;\n<!-- old\n",
  ];
  for (const text of texts) assert.equal(errorOf("javascript", text), null, text);
});

test("broken JavaScript and TypeScript are found, with their line", () => {
  const broken: readonly (readonly [SourceLanguage, string, number])[] = [
    ["javascript", "const x = 1;\nfunction ( {\n", 2],
    ["javascript", "let x: number = 1;\n", 1],
    ["javascript", "class A {\n  f( {}\n}\n", 3],
    ["javascript", "'open\n", 1],
    ["typescript", "const x = 1;\nconst y: = 2;\n", 2],
    ["typescript", "x = {\n", 2],
    ["typescript", "<a><b></a>\n", 1],
    ["typescript", "def f():\n    pass\n", 1],
  ];
  for (const [language, text, line] of broken) assert.equal(errorOf(language, text), line, text);
});

test("this repository's own sources raise no alarm", () => {
  const dir = new URL("../../domain/", import.meta.url);
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  for (const name of names.filter((one) => one.endsWith(".ts")))
    assert.equal(errorOf("typescript", readFileSync(new URL(name, dir), "utf8")), null, name);
});

test("nonsense of any size ends in time and leaves the process alive", () => {
  const attacks: readonly string[] = [
    "(".repeat(50_000),
    "[{(".repeat(20_000),
    "a ? (b) : ".repeat(10_000),
    "a<b>(".repeat(40),
    "not ".repeat(10_000),
    "$%&/()=?".repeat(5000),
    "'".repeat(50_000),
    '"""'.repeat(10_000),
    "\u0000\uffff\ud800".repeat(1000),
    `${"a\n".repeat(10)}${" ".repeat(50_000)}x`,
    "with (a as b, ".repeat(5000),
    "@(".repeat(20_000),
    "\n".repeat(50_000),
    "x".repeat(SOURCE_LENGTH_MAX + 1),
  ];
  for (const text of attacks) {
    for (const language of ["python", "javascript", "typescript"] as const) {
      const started = performance.now();
      const facts = parse(language, text);
      const tookMs = performance.now() - started;
      assert.ok(Array.isArray(facts.classes) && (facts.errorLine === null || facts.errorLine >= 1));
      assert.ok(tookMs < 4000, `${language} ${text.slice(0, 20)}: ${Math.round(tookMs)} ms`);
    }
  }
  assert.equal(errorOf("python", "x".repeat(SOURCE_LENGTH_MAX + 1)), 1);
  assert.equal(errorOf("typescript", "a<b>(".repeat(40)), 1);
  assert.equal(
    errorOf("python", "x = 1\n"),
    null,
    "the parser works on after a text that ran out of time",
  );
});
