// What no agent may touch, which calls need a person, and where source files belong. All of it is decided on a path that
// was already resolved relative to the workspace; following links is the workspace's work.
import type { IdesignRules } from "./assets.ts";
import { matchesGlob, matchesPathGlob } from "./glob.ts";

/** In the order of their weight. */
export const RISK_CLASSES = ["read", "write", "execute", "external", "sensitive"] as const;
export type RiskClass = (typeof RISK_CLASSES)[number];

export const RISK_VERDICTS = ["allow", "ask", "deny"] as const;
export type RiskVerdict = (typeof RISK_VERDICTS)[number];

export type PathRule = {
  readonly glob: string;
  /** What a call gets that reads there, and one that does anything else; null = the rule says nothing of it. */
  readonly read: RiskVerdict | null;
  readonly write: RiskVerdict | null;
};

/**
 * What the project's owner wants to happen without a person. The tool's own rule wins over the one for its class; what
 * neither names keeps its default. Of the path rules that match, the strictest counts; it wins over both, but for a deny.
 */
export type RiskPolicy = {
  readonly byClass: Readonly<Partial<Record<RiskClass, RiskVerdict>>>;
  readonly byTool: Readonly<Record<string, RiskVerdict>>;
  readonly byPath: readonly PathRule[];
};

const DEFAULT_RISK_BY_CLASS: Readonly<Record<RiskClass, RiskVerdict>> = {
  read: "allow",
  write: "allow",
  execute: "allow",
  external: "ask",
  sensitive: "ask",
};

export const DEFAULT_RISK_POLICY: RiskPolicy = {
  byClass: DEFAULT_RISK_BY_CLASS,
  byTool: {},
  byPath: [],
};

export type RiskCall = {
  readonly tool: string;
  readonly risk: RiskClass;
  readonly contained: boolean;
  /** Relative to the workspace, resolved; null when the call names none. */
  readonly path: string | null;
};

/** `rule` says which rule it was, for the person who is asked. */
export type RiskRuling = { readonly verdict: RiskVerdict; readonly rule: string };

/** What runs outside of containment is denied whatever the policy says. */
export function riskRuling(policy: RiskPolicy, call: RiskCall): RiskRuling {
  const { tool, risk, contained } = call;
  if (risk === "execute" && !contained) return { verdict: "deny", rule: "containment" };
  // A tool's name is the model's text: `constructor` must not find the prototype's.
  const own = Object.hasOwn(policy.byTool, tool) ? policy.byTool[tool] : undefined;
  const general: RiskRuling =
    own === undefined
      ? { verdict: policy.byClass[risk] ?? DEFAULT_RISK_BY_CLASS[risk], rule: `class ${risk}` }
      : { verdict: own, rule: `tool ${tool}` };
  return general.verdict === "deny" ? general : (pathRuling(policy, call) ?? general);
}

const STRICTNESS: Readonly<Record<RiskVerdict, number>> = { allow: 0, ask: 1, deny: 2 };

function pathRuling({ byPath }: RiskPolicy, { path, risk }: RiskCall): RiskRuling | null {
  let strictest: RiskRuling | null = null;
  for (const { glob, read, write } of byPath) {
    const verdict = risk === "read" ? read : write;
    if (path === null || verdict === null || !matchesPathGlob(glob, path)) continue;
    if (strictest === null || STRICTNESS[verdict] > STRICTNESS[strictest.verdict])
      strictest = { verdict, rule: `path ${glob}` };
  }
  return strictest;
}

/** Characters that some file systems ignore in names: `.g<U+200C>it` opens `.git` there. */
const IGNORED_CHARACTERS = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** Names as the least careful file system compares them: no case, no look-alike forms, no dots or spaces at the end. */
const namesOf = (path: string): readonly string[] =>
  path
    .normalize("NFKC")
    .replace(IGNORED_CHARACTERS, "")
    .toLowerCase()
    .split(/[\\/]+/)
    .map(withoutTail)
    .filter((name) => name !== "");

/** Also cuts a stream name (`.git::$index_allocation`). Written as a loop: a pattern would be quadratic on `. . . x`. */
function withoutTail(name: string): string {
  const stream = name.indexOf(":");
  let end = stream <= 0 ? name.length : stream;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end -= 1;
  return name.slice(0, end);
}

const isOwnFolder = (name: string): boolean =>
  name === ".git" || name === "git~1" || name === ".orket";

/** Folders of the engine, environment files, the verification folder of the workspace, and every AGENTS.md. */
export function isWriteProtected(path: string): boolean {
  const names = namesOf(path);
  if (names[0] === "verification") return true;
  return names.some(
    (name) =>
      isOwnFolder(name) ||
      (name.startsWith(".env") && name !== ".env.example") ||
      name === "agents.md",
  );
}

const KEY_FILE = /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$|\.(?:pem|key|p12|pfx|jks|keystore|ppk)$/;
const DATABASE_FILE = /\.(?:db|db3|sqlite|sqlite3)(?:-wal|-shm|-journal)?$/;

/** Folders of the engine, environment files, private keys and databases; at any depth. */
export const isReadProtected = (path: string): boolean =>
  namesOf(path).some(
    (name) =>
      isOwnFolder(name) ||
      name === ".ssh" ||
      name.startsWith(".env") ||
      KEY_FILE.test(name) ||
      DATABASE_FILE.test(name),
  );

export const DEFAULT_IDESIGN_RULES: IdesignRules = {
  enabled: true,
  categories: [
    "managers",
    "engines",
    "accessors",
    "utils",
    "controllers",
    "tests",
    "schemas",
    "models",
    "infrastructure",
    "services",
    "agent_output",
    "components",
    "pages",
  ],
  // One a line would be two screens; grouped by language family.
  extensions:
    ".py .pyi .js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte .go .rs .java .kt .cs .rb .php .swift .c .h .cpp".split(
      " ",
    ),
  rootFiles: ["*.config.*", "conftest.py", "setup.py"],
};

type IdesignCode = "ROOT_FILE_VIOLATION" | "CATEGORY_VIOLATION" | "NAMING_VIOLATION";
/** `message` is the whole text of the denial. */
export type IdesignViolation = { readonly code: IdesignCode; readonly message: string };

/** Category folder → the word that the names of its files carry. */
export const COMPONENT_WORDS: Readonly<Record<string, string>> = {
  managers: "manager",
  engines: "engine",
  accessors: "accessor",
};

const TRUNKS: ReadonlySet<string> = new Set(["src", "backend", "frontend"]);

/** The category folder of a path: its first folder, or the one after `product`, `src` or `src/product`. */
export function categoryOf(path: string): string | null {
  const folders = foldersOf(path);
  const trunk = TRUNKS.has(folders[0] ?? "");
  if (trunk && folders[1] === "product") return folders[2] ?? null;
  return (trunk || folders[0] === "product" ? folders[1] : folders[0]) ?? null;
}

const partsOf = (path: string): readonly string[] =>
  path.split("/").filter((part) => part !== "" && part !== ".");
const foldersOf = (path: string): readonly string[] => partsOf(path).slice(0, -1);

/** The last part of a path, in lower case. */
export const fileNameOf = (path: string): string => (partsOf(path).at(-1) ?? "").toLowerCase();

/** Everything below a folder `tests` is free of naming and structure rules. */
export const isTestPath = (path: string): boolean => foldersOf(path).includes("tests");

/** Where a source file may lie and how it is called; null when the path keeps the rules or is no source file. */
export function checkIdesign(path: string, rules: IdesignRules): IdesignViolation | null {
  const name = fileNameOf(path);
  const extension = rules.extensions.find((suffix) => name.endsWith(suffix.toLowerCase()));
  if (!rules.enabled || extension === undefined) return null;
  if (foldersOf(path).length === 0) {
    const file = partsOf(path).join("/");
    if (rules.rootFiles.some((pattern) => matchesGlob(pattern, file))) return null;
    return violation(
      "ROOT_FILE_VIOLATION",
      `${file} lies in the workspace root; source files belong into a category folder`,
    );
  }
  const category = categoryOf(path);
  if (category === null || !rules.categories.includes(category)) {
    const found =
      category === null ? "no category folder" : `the folder '${category}', which is no category`;
    return violation(
      "CATEGORY_VIOLATION",
      `${path} lies in ${found}. Allowed: ${rules.categories.join(", ")}`,
    );
  }
  const word = Object.hasOwn(COMPONENT_WORDS, category) ? COMPONENT_WORDS[category] : undefined;
  if (word === undefined || isTestPath(path) || isPackageFile(name)) return null;
  if (name.slice(0, -extension.length).includes(word)) return null;
  return violation(
    "NAMING_VIOLATION",
    `a file in ${category} carries '${word}' in its name; ${path} does not`,
  );
}

const violation = (code: IdesignCode, text: string): IdesignViolation => ({
  code,
  message: `iDesign Violation: ${text} (Code: ${code})`,
});

const isPackageFile = (name: string): boolean =>
  name === "__init__.py" || name === "__init__.pyi" || name.startsWith("index.");
