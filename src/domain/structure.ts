// Structure rules on the facts of a source text: what a component is called and whom it may import. Reading the facts out
// of a text is the source parser's work (ports/source.ts).
import { categoryOf, COMPONENT_WORDS, fileNameOf, isTestPath } from "./governance.ts";

export type SourceLanguage = "python" | "javascript" | "typescript";

/** `name` is empty for a class expression that nothing names, `default` for a nameless default export. */
export type SourceClass = {
  readonly name: string;
  readonly line: number;
  readonly methods: number;
};
/**
 * `specifier` as written: `../managers/user_manager`, `app.engines.price`; dynamic imports only with a literal.
 * `names` are what Python takes out of the module, which may be modules themselves; empty for other forms.
 */
export type SourceImport = {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly line: number;
};

export type SourceFacts = {
  /** Line of the first syntax error, from 1; null when the text parses. */
  readonly errorLine: number | null;
  readonly classes: readonly SourceClass[];
  /** import, from … import, require, dynamic import, re-export. */
  readonly imports: readonly SourceImport[];
};

/** Whole texts, ready for the model. One error is enough to refuse the text; a warning is only told. */
export type StructureFindings = {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
};

const METHODS_MAX = 15;
const FINDINGS_MAX = 20;

const LANGUAGES: readonly (readonly [SourceLanguage, RegExp])[] = [
  ["python", /\.pyi?$/],
  ["javascript", /\.(?:js|jsx|mjs|cjs)$/],
  ["typescript", /\.(?:ts|tsx|mts|cts)$/],
];

/** The language whose structure is checked; null for every other file. */
export function languageOf(path: string): SourceLanguage | null {
  const name = fileNameOf(path);
  return LANGUAGES.find(([, suffix]) => suffix.test(name))?.[0] ?? null;
}

type Component = "manager" | "engine" | "accessor";

/** Whom a component may not import: nobody calls upwards. */
const FORBIDDEN: Readonly<Record<Component, readonly Component[]>> = {
  manager: [],
  engine: ["manager"],
  accessor: ["manager", "engine"],
};

/** From the category folder, else from a file name that ends with the word: `pricing_engine.py`, `PriceEngine.ts`. */
function componentOf(path: string): Component | null {
  if (isTestPath(path)) return null;
  const category = categoryOf(path) ?? "";
  if (Object.hasOwn(COMPONENT_WORDS, category)) return COMPONENT_WORDS[category] as Component;
  const stem = fileNameOf(path).replace(/\.[a-z]+$/, "");
  return (Object.keys(FORBIDDEN) as Component[]).find((word) => stem.endsWith(word)) ?? null;
}

export function checkStructure(path: string, facts: SourceFacts): StructureFindings {
  const component = componentOf(path);
  const errors = [
    ...(facts.errorLine === null
      ? []
      : [finding("the text is no valid source: syntax error", facts.errorLine)]),
    ...(component === null ? [] : componentErrors(component, facts)),
  ];
  const warnings = facts.classes
    .filter((one) => one.methods > METHODS_MAX)
    .map((one) =>
      finding(
        `class ${one.name} has ${one.methods} methods, more than ${METHODS_MAX}; split it`,
        one.line,
      ),
    );
  return { errors: errors.slice(0, FINDINGS_MAX), warnings: warnings.slice(0, FINDINGS_MAX) };
}

const finding = (text: string, line: number): string =>
  `iDesign AST Violation: ${text} (Line: ${line})`;

const withArticle = (word: string): string => (/^[ae]/.test(word) ? `an ${word}` : `a ${word}`);

function componentErrors(
  component: Component,
  { classes, imports }: SourceFacts,
): readonly string[] {
  const misnamed = classes
    .filter((one) => one.name !== "" && !one.name.toLowerCase().includes(component))
    .map((one) =>
      finding(
        `class ${one.name} in ${withArticle(component)} file does not carry '${component}' in its name`,
        one.line,
      ),
    );
  const upward = imports.flatMap((one) =>
    FORBIDDEN[component]
      .filter((target) => importsComponent(one, target))
      .map((target) =>
        finding(
          `${withArticle(component)} imports ${withArticle(target)}: ${one.specifier}`,
          one.line,
        ),
      ),
  );
  return [...misnamed, ...upward];
}

/** Modules of the standard library that are called like a category. */
const NOT_COMPONENTS: ReadonlySet<string> = new Set(["multiprocessing"]);

/**
 * Whether an import reaches a component of that kind: through its category folder, or by a module named after it. A bare
 * word of a foreign package (`sqlalchemy.engine`, `express-engine`) is none: false alarms would end honest work.
 */
function importsComponent({ specifier, names }: SourceImport, target: Component): boolean {
  const parts = modulePartsOf(specifier);
  if (NOT_COMPONENTS.has(parts[0] ?? "")) return false;
  const folder = `${target}s`;
  if (parts.some((part) => part.toLowerCase() === folder) || names.includes(folder)) return true;
  const isOwn = /^(?:\.|\/|@\/|~\/|#|src\/)/.test(specifier);
  const isFolderOnly = /^\.+$/.test(specifier);
  if (isFolderOnly && names.some((name) => name === target || name.endsWith(`_${target}`)))
    return true;
  return endsWithWord(parts.at(-1) ?? "", target, isOwn);
}

/** Path specifiers split at slashes and lose their suffix; Python's split at dots. */
function modulePartsOf(specifier: string): readonly string[] {
  const isPath = specifier.includes("/");
  const bare = isPath
    ? specifier.replace(/[?#][^/]*$/, "").replace(/\.[cm]?[jt]sx?$/, "")
    : specifier;
  return bare.split(isPath ? "/" : ".").filter((part) => part !== "");
}

function endsWithWord(module: string, word: string, isOwn: boolean): boolean {
  if (module.endsWith(`_${word}`)) return true;
  const capital = `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
  if (module.endsWith(capital)) return isOwn || module !== capital;
  // Dashes and dots join words in the names of foreign packages too.
  return isOwn && (module === word || module.endsWith(`-${word}`) || module.endsWith(`.${word}`));
}
