// Facts of a Python text, by Lezer's grammar. It recovers from any text; what it does not know of the language is put in
// other words first (python-gaps.ts), and what it overlooks is checked here: open strings and indentation.
import type { SyntaxNode, SyntaxNodeRef, Tree } from "@lezer/common";
import { parser } from "@lezer/python";
import type { SourceClass, SourceFacts, SourceImport } from "../../domain/structure.ts";
import { fillGaps } from "./python-gaps.ts";

export function readPython(text: string): SourceFacts {
  const facts = readTree(parser.parse(text), text);
  if (facts.errorLine === null) return facts;
  const filled = fillGaps(text);
  return filled === text ? facts : readTree(parser.parse(filled), text);
}

type OpenClass = { readonly name: string; readonly line: number; methods: number };
type Walk = {
  readonly text: string;
  readonly lineAt: (place: number) => number;
  /** Open classes and functions, innermost last; a function (null) hides the class around it. */
  readonly scopes: (OpenClass | null)[];
  readonly classes: SourceClass[];
  readonly imports: SourceImport[];
  errorAt: number;
};

function readTree(tree: Tree, text: string): SourceFacts {
  const walk: Walk = {
    text,
    lineAt: createLineCounter(text),
    scopes: [],
    classes: [],
    imports: [],
    errorAt: Infinity,
  };
  tree.iterate({ enter: (node) => enterNode(walk, node), leave: (node) => leaveNode(walk, node) });
  const errorLine = walk.errorAt === Infinity ? null : walk.lineAt(walk.errorAt);
  return {
    errorLine,
    classes: walk.classes.toSorted((left, right) => left.line - right.line),
    imports: walk.imports,
  };
}

function enterNode(walk: Walk, ref: SyntaxNodeRef): void {
  if (ref.type.isError || isOpenString(walk, ref)) markError(walk, ref.from);
  switch (ref.name) {
    case "ClassDefinition":
      walk.scopes.push({
        name: textOf(walk, ref.node.getChild("VariableName")),
        line: walk.lineAt(ref.from),
        methods: 0,
      });
      break;
    case "FunctionDefinition": {
      const owner = walk.scopes.at(-1);
      if (owner !== null && owner !== undefined) owner.methods += 1;
      walk.scopes.push(null);
      break;
    }
    case "Body":
    case "Script":
      checkIndentation(walk, ref.node);
      break;
    case "ImportStatement":
      walk.imports.push(...importsOf(walk, ref.node));
      break;
    case "CallExpression":
      walk.imports.push(...dynamicImportOf(walk, ref.node));
      break;
  }
}

function leaveNode({ scopes, classes }: Walk, ref: SyntaxNodeRef): void {
  if (ref.name !== "ClassDefinition" && ref.name !== "FunctionDefinition") return;
  const scope = scopes.pop();
  if (scope !== null && scope !== undefined) classes.push(scope);
}

function markError(walk: Walk, place: number): void {
  walk.errorAt = Math.min(walk.errorAt, place);
}

const textOf = ({ text }: Walk, node: SyntaxNode | null): string =>
  node === null ? "" : text.slice(node.from, node.to);

/** The grammar takes the end of the line for the end of a string. */
function isOpenString(walk: Walk, ref: SyntaxNodeRef): boolean {
  if (ref.name !== "String" && ref.name !== "FormatString") return false;
  const quoted = walk.text.slice(ref.from, ref.to).replace(/^[a-zA-Z]*/, "");
  const mark = /^(?:"""|'''|"|')/.exec(quoted)?.[0] ?? "";
  return quoted.length < mark.length * 2 || !quoted.endsWith(mark);
}

/** Statements of one block that begin a line begin in the same column. */
function checkIndentation(walk: Walk, block: SyntaxNode): void {
  let first = block.name === "Script" ? "" : null;
  for (let child = block.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === "Comment" || child.name === ":" || child.type.isError) continue;
    const lineStart = walk.text.lastIndexOf("\n", child.from - 1) + 1;
    const before = walk.text.slice(lineStart, child.from).replace(/^\ufeff/, "");
    if (before.trim() !== "" || isContinued(walk.text, lineStart)) continue;
    const indent = before.slice(before.lastIndexOf("\f") + 1);
    first ??= indent;
    if (indent !== first) markError(walk, child.from);
  }
}

const isContinued = (text: string, lineStart: number): boolean =>
  /\\\r?\n$/.test(text.slice(Math.max(0, lineStart - 3), lineStart));

function importsOf(walk: Walk, statement: SyntaxNode): readonly SourceImport[] {
  const line = walk.lineAt(statement.from);
  const text = walk.text
    .slice(statement.from, statement.to)
    .replace(/#[^\n]*/g, "")
    .replace(/\\\r?\n/g, " ");
  const from = /^from([\s\S]*?)\bimport\b([\s\S]*)$/.exec(text);
  if (from !== null) {
    return [
      {
        specifier: (from[1] ?? "").replace(/\s/g, ""),
        names: namesIn((from[2] ?? "").replace(/[()]/g, " ")),
        line,
      },
    ];
  }
  return namesIn(text.replace(/^import\b/, "")).map((specifier) => ({
    specifier,
    names: [],
    line,
  }));
}

/** `a as b, c` → a, c. */
const namesIn = (list: string): readonly string[] =>
  list
    .split(",")
    .map((item) => (item.trim().split(/\s+as\s/)[0] ?? "").replace(/\s/g, ""))
    .filter((name) => name !== "");

function dynamicImportOf(walk: Walk, call: SyntaxNode): readonly SourceImport[] {
  const callee = textOf(walk, call.firstChild);
  if (callee !== "__import__" && !/(?:^|\.)import_module$/.test(callee)) return [];
  const literal = call.getChild("ArgList")?.getChild("String") ?? null;
  const specifier = textOf(walk, literal).replace(
    /^[a-zA-Z]*(?:"""|'''|"|')|(?:"""|'''|"|')$/g,
    "",
  );
  return specifier === "" ? [] : [{ specifier, names: [], line: walk.lineAt(call.from) }];
}

/** Place → line, from 1, by halving. */
function createLineCounter(text: string): (place: number) => number {
  const starts = [0];
  for (let place = text.indexOf("\n"); place >= 0; place = text.indexOf("\n", place + 1))
    starts.push(place + 1);
  return (place) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? Infinity) <= place) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
