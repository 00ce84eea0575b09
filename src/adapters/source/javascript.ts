// Facts of a JavaScript or TypeScript text, by Babel's parser: it knows both languages whole, and JSX.
import { parse } from "@babel/parser";
import type { ParserPlugin } from "@babel/parser";
import type { SourceClass, SourceFacts, SourceImport } from "../../domain/structure.ts";

const COMMON: readonly ParserPlugin[] = [
  "decorators-legacy",
  "decoratorAutoAccessors",
  "explicitResourceManagement",
];

// In order: `<T>(value) => value` is JSX to one and TypeScript to the other, and declaration files leave bodies out.
const PLUGINS: Readonly<Record<"javascript" | "typescript", readonly (readonly ParserPlugin[])[]>> =
  {
    javascript: [["jsx"]],
    typescript: [["typescript"], ["typescript", "jsx"], [["typescript", { dts: true }]]],
  };

export function readJavaScript(text: string, language: "javascript" | "typescript"): SourceFacts {
  let errorLine = 0;
  for (const plugins of PLUGINS[language]) {
    try {
      return readTree(parseWith(text, plugins));
    } catch (error) {
      errorLine = Math.max(errorLine, lineOf(error));
    }
  }
  return { errorLine, classes: [], imports: [] };
}

/** Errors that Babel goes on from are left to the language's own checker; only a text without a tree is refused. */
const parseWith = (text: string, plugins: readonly ParserPlugin[]): unknown =>
  parse(text, {
    sourceType: "unambiguous",
    plugins: [...COMMON, ...plugins],
    errorRecovery: true,
    allowAwaitOutsideFunction: true,
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowUndeclaredExports: true,
  }).program;

/** Babel's own errors say where; everything else, such as a stack that is too small, is not about the text's lines. */
function lineOf(error: unknown): number {
  const { loc } = error as { readonly loc?: { readonly line: number } };
  if (loc === undefined) throw error;
  return loc.line;
}

type Node = {
  readonly type: string;
  readonly loc: { readonly start: { readonly line: number } };
} & {
  readonly [member: string]: unknown;
};

const isNode = (value: unknown): value is Node =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Node).type === "string" &&
  "loc" in value;

/** Walks without recursion: long chains of operators nest deeper than the stack. */
function readTree(program: unknown): SourceFacts {
  const classes: SourceClass[] = [];
  const imports: SourceImport[] = [];
  const stack: { readonly node: unknown; readonly name: string }[] = [{ node: program, name: "" }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { node, name } = entry;
    if (!isNode(node)) continue;
    const line = node.loc.start.line;
    const specifier = specifierOf(node);
    if (specifier !== null) imports.push({ specifier, names: [], line });
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      classes.push({ name: nameOf(node["id"]) ?? name, line, methods: countMethods(node) });
    }
    const inherited = nameForClassIn(node);
    for (const member of Object.values(node)) {
      for (const child of Array.isArray(member) ? member : [member])
        stack.push({ node: child, name: inherited });
    }
  }
  return { errorLine: null, classes: classes.toSorted(byLine), imports: imports.toSorted(byLine) };
}

const byLine = (left: { readonly line: number }, right: { readonly line: number }): number =>
  left.line - right.line;

const nameOf = (id: unknown): string | null =>
  isNode(id) && typeof id["name"] === "string" ? id["name"] : null;

/** What a nameless class right below the node is called by everybody. */
function nameForClassIn(node: Node): string {
  switch (node.type) {
    case "ExportDefaultDeclaration":
      return "default";
    case "VariableDeclarator":
      return nameOf(node["id"]) ?? "";
    case "AssignmentExpression": {
      const left = node["left"];
      return nameOf(left) ?? (isNode(left) ? (nameOf(left["property"]) ?? "") : "");
    }
    default:
      return "";
  }
}

const FUNCTIONS: ReadonlySet<string> = new Set(["ArrowFunctionExpression", "FunctionExpression"]);
const METHODS: ReadonlySet<string> = new Set([
  "ClassMethod",
  "ClassPrivateMethod",
  "TSDeclareMethod",
]);

/** A property that holds a function is a method by another name. */
function countMethods(node: Node): number {
  const body = isNode(node["body"]) ? node["body"]["body"] : [];
  const members = Array.isArray(body) ? (body as readonly Node[]) : [];
  return members.filter((member) => {
    const value = member["value"];
    return METHODS.has(member.type) || (isNode(value) && FUNCTIONS.has(value.type));
  }).length;
}

const WITH_SOURCE: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
]);

function specifierOf(node: Node): string | null {
  if (WITH_SOURCE.has(node.type)) return literalOf(node["source"]);
  if (node.type === "TSImportType") return literalOf(node["argument"]);
  if (node.type === "TSExternalModuleReference") return literalOf(node["expression"]);
  if (node.type !== "CallExpression") return null;
  const callee = node["callee"];
  const calls = isNode(callee) && (callee.type === "Import" || nameOf(callee) === "require");
  return calls ? literalOf((node["arguments"] as readonly unknown[])[0]) : null;
}

/** A text without holes: `"x"` or `` `x` ``. */
function literalOf(value: unknown): string | null {
  if (!isNode(value)) return null;
  if (value.type === "StringLiteral") return value["value"] as string;
  if (value.type === "TSLiteralType") return literalOf(value["literal"]);
  if (value.type !== "TemplateLiteral") return null;
  const [quasi, ...more] = value["quasis"] as readonly {
    readonly value: { readonly cooked: string };
  }[];
  return quasi !== undefined && more.length === 0 ? quasi.value.cooked : null;
}
