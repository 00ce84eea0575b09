// Protection of paths, the risk policy and the iDesign rules, case by case.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { IdesignRules } from "./assets.ts";
import type { RiskCall, RiskPolicy } from "./governance.ts";
import {
  categoryOf,
  checkIdesign,
  DEFAULT_IDESIGN_RULES,
  DEFAULT_RISK_POLICY,
  fileNameOf,
  isReadProtected,
  isTestPath,
  isWriteProtected,
  RISK_CLASSES,
  RISK_VERDICTS,
  riskRuling,
} from "./governance.ts";

test("no agent writes into the engine's folders, environment files, verification or AGENTS.md", () => {
  const refused = [
    ".git",
    ".git/hooks/pre-commit",
    "sub/.git/config",
    ".GIT/config",
    ".Git./config",
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    "GIT~1/config",
    ".g\u200cit/config",
    ".\uff47it/config",
    "a\\.git\\config",
    ".orket/orket.db",
    ".env",
    ".env.local",
    ".ENV",
    ".envrc",
    "deploy/.env.production",
    ".env.example.local",
    "verification",
    "verification/login.py",
    "Verification/login.py",
    "./verification/x",
    "AGENTS.md",
    "docs/agents.MD",
  ];
  for (const path of refused) assert.equal(isWriteProtected(path), true, path);
});

test("everything else of the workspace may be written", () => {
  const allowed = [
    ".env.example",
    "src/managers/user_manager.py",
    ".gitignore",
    ".github/workflows/ci.yml",
    "src/verification/check.py",
    "environment.py",
    "agents.py",
    "notes:draft.md",
    ":",
    "",
    "..",
    "data/store.db",
  ];
  for (const path of allowed) assert.equal(isWriteProtected(path), false, path);
});

test("no agent reads the engine's folders, environment files, keys or databases", () => {
  const refused = [
    ".git/config",
    ".orket/logs/a.jsonl",
    ".env",
    ".env.example",
    "certs/server.pem",
    "SERVER.KEY",
    "id_rsa",
    "home/id_ed25519",
    "id_ecdsa_sk",
    ".ssh/config",
    "store.db",
    "store.sqlite",
    "store.sqlite3",
    "store.db-wal",
    "store.sqlite-shm",
    "store.db-journal",
    "store.db.",
    "keys.p12",
  ];
  for (const path of refused) assert.equal(isReadProtected(path), true, path);
});

test("everything else may be read", () => {
  const allowed = [
    "AGENTS.md",
    "verification/login.py",
    "src/a.py",
    "keys.py",
    "id_rsa.pub",
    "database.py",
    "a.dbx",
    "pem",
    ".",
    "monkey",
  ];
  for (const path of allowed) assert.equal(isReadProtected(path), false, path);
});

test("a name made of dots and spaces is judged in time linear to its length", () => {
  assert.equal(isWriteProtected(`${". ".repeat(500_000)}x`), false);
});

test("the default policy allows reading and writing, asks for the rest, and runs only what is contained", () => {
  const verdict = (risk: RiskCall["risk"], contained = true) =>
    riskRuling(DEFAULT_RISK_POLICY, { tool: "any", risk, contained, path: "a" }).verdict;
  assert.equal(verdict("read"), "allow");
  assert.equal(verdict("write"), "allow");
  assert.equal(verdict("execute"), "allow");
  assert.equal(verdict("execute", false), "deny");
  assert.equal(verdict("external"), "ask");
  assert.equal(verdict("sensitive"), "ask");
});

const NOWHERE = { contained: true, path: null } as const;

test("a rule for the tool wins over one for its class, and neither opens the way out of containment", () => {
  const policy: RiskPolicy = {
    byClass: { write: "ask" },
    byTool: { write_file: "deny", run_command: "allow" },
    byPath: [],
  };
  const ruling = (tool: string, risk: RiskCall["risk"], more: Partial<RiskCall> = {}) => {
    const { verdict, rule } = riskRuling(policy, { tool, risk, ...NOWHERE, ...more });
    return `${verdict}: ${rule}`;
  };
  assert.equal(ruling("write_file", "write"), "deny: tool write_file");
  assert.equal(ruling("edit_file", "write"), "ask: class write");
  assert.equal(ruling("read_file", "read"), "allow: class read");
  assert.equal(ruling("run_command", "execute", { contained: false }), "deny: containment");
  assert.equal(ruling("constructor", "sensitive"), "ask: class sensitive");
});

test("of the path rules that match the strictest counts, for reads and the rest apart, and lifts no deny of tool or class", () => {
  const policy: RiskPolicy = {
    byClass: { external: "deny", execute: "ask" },
    byTool: { delete_file: "deny", edit_file: "ask" },
    byPath: [
      { glob: "docs/**", read: "allow", write: "allow" },
      { glob: "docs/law/**", read: null, write: "ask" },
      { glob: "**/*.key.md", read: "deny", write: "deny" },
      { glob: "secrets/**", read: "ask", write: null },
    ],
  };
  const verdict = (tool: string, risk: RiskCall["risk"], path: string | null) =>
    riskRuling(policy, { tool, risk, contained: true, path }).verdict;
  assert.equal(verdict("edit_file", "write", "docs/a.md"), "allow");
  assert.equal(verdict("edit_file", "write", "src/a.md"), "ask");
  assert.equal(verdict("edit_file", "write", null), "ask");
  assert.equal(verdict("write_file", "write", "docs/law/a.md"), "ask");
  assert.equal(verdict("read_file", "read", "docs/law/a.md"), "allow");
  assert.equal(verdict("read_file", "read", "docs/law/a.key.md"), "deny");
  assert.equal(verdict("read_file", "read", "secrets"), "ask");
  assert.equal(verdict("write_file", "write", "secrets/a"), "allow");
  assert.equal(verdict("delete_file", "write", "docs/a.md"), "deny");
  assert.equal(verdict("image_generate", "external", "docs/a.png"), "deny");
  assert.equal(verdict("run_command", "execute", "docs"), "allow");
});

test("no policy lets a call out of containment", () => {
  const verdicts = fc.constantFrom(...RISK_VERDICTS);
  const policies: fc.Arbitrary<RiskPolicy> = fc.record({
    byClass: fc.dictionary(fc.constantFrom(...RISK_CLASSES), verdicts),
    byTool: fc.dictionary(fc.constantFrom("run_command", "write_file"), verdicts),
    byPath: fc.array(
      fc.record({ glob: fc.constantFrom("**", "src/**", "*"), read: verdicts, write: verdicts }),
    ),
  });
  fc.assert(
    fc.property(policies, fc.constantFrom("src", ".", null), (policy, path) => {
      const call = { tool: "run_command", risk: "execute", contained: false, path } as const;
      assert.equal(riskRuling(policy, call).verdict, "deny");
    }),
  );
});

const codeOf = (path: string, rules: IdesignRules = DEFAULT_IDESIGN_RULES) =>
  checkIdesign(path, rules)?.code ?? null;

test("R-51 every source suffix is judged, in any case, and nothing else is", () => {
  const suffixes =
    ".py .pyi .js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte .go .rs .java .kt .cs .rb .php .swift .c .h .cpp";
  assert.equal(DEFAULT_IDESIGN_RULES.extensions.join(" "), suffixes);
  for (const suffix of suffixes.split(" ")) {
    assert.equal(codeOf(`main${suffix}`), "ROOT_FILE_VIOLATION", suffix);
    assert.equal(codeOf(`main${suffix.toUpperCase()}`), "ROOT_FILE_VIOLATION", suffix);
  }
  for (const path of [
    "README.md",
    "notes.txt",
    "docs/plan.md",
    "data/x.json",
    "Makefile",
    "src/misc/style.css",
    "",
  ])
    assert.equal(codeOf(path), null, path);
});

test("a source file in the root is refused with its exact text, but for the named exceptions", () => {
  assert.match(
    checkIdesign("main.py", DEFAULT_IDESIGN_RULES)?.message ?? "",
    /^iDesign Violation: .+ \(Code: ROOT_FILE_VIOLATION\)$/,
  );
  for (const path of ["conftest.py", "setup.py", "vite.config.ts", "./eslint.config.mjs"])
    assert.equal(codeOf(path), null);
  for (const path of ["setup2.py", "config.ts", "my_setup.py"])
    assert.equal(codeOf(path), "ROOT_FILE_VIOLATION", path);
  assert.equal(codeOf("main.py", { ...DEFAULT_IDESIGN_RULES, rootFiles: ["main.*"] }), null);
});

test("the category is the first folder, or the one after product, src or src/product", () => {
  const lawful = [
    "utils/a.py",
    "src/utils/a.py",
    "product/utils/a.py",
    "src/product/utils/a.py",
    "backend/utils/a.py",
    "frontend/product/components/a.vue",
    "src/components/deep/er/a.tsx",
    "agent_output/a.py",
    "infrastructure/a.go",
  ];
  for (const path of lawful) assert.equal(codeOf(path), null, path);
  const unlawful = [
    "lib/a.py",
    "src/a.py",
    "product/a.py",
    "src/product/a.py",
    "product/src/utils/a.py",
    "src/constructor/a.py",
    "Utils/a.py",
  ];
  for (const path of unlawful) assert.equal(codeOf(path), "CATEGORY_VIOLATION", path);
  assert.match(
    checkIdesign("lib/a.py", DEFAULT_IDESIGN_RULES)?.message ?? "",
    /'lib'.*\(Code: CATEGORY_VIOLATION\)$/,
  );
  assert.match(
    checkIdesign("src/a.py", DEFAULT_IDESIGN_RULES)?.message ?? "",
    /no category folder/,
  );
  assert.equal(categoryOf("a.py"), null);
  assert.equal(categoryOf("src/product/a.py"), null);
});

test("files of managers, engines and accessors carry the word; package files and tests do not have to", () => {
  const unlawful = [
    "managers/user.py",
    "src/engines/price.ts",
    "accessors/db.py",
    "managers/manager/user.py",
    "engines/tests_price.py",
  ];
  for (const path of unlawful) assert.equal(codeOf(path), "NAMING_VIOLATION", path);
  const lawful = [
    "managers/user_manager.py",
    "managers/UserManager.ts",
    "engines/price-engine.ts",
    "accessors/user.accessor.ts",
    "managers/__init__.py",
    "managers/__init__.pyi",
    "engines/index.ts",
    "managers/tests/test_user.py",
    "tests/test_manager.py",
    "tests/anything.py",
    "utils/user.py",
  ];
  for (const path of lawful) assert.equal(codeOf(path), null, path);
});

test("rules that are off, and categories of the project's own, are honoured", () => {
  assert.equal(codeOf("main.py", { ...DEFAULT_IDESIGN_RULES, enabled: false }), null);
  const own = { ...DEFAULT_IDESIGN_RULES, categories: ["lib", "constructor"], extensions: [".PY"] };
  assert.equal(codeOf("lib/a.py", own), null);
  assert.equal(codeOf("constructor/a.py", own), null);
  assert.equal(codeOf("utils/a.py", own), "CATEGORY_VIOLATION");
  assert.equal(codeOf("utils/a.ts", own), null);
});

test("names and test folders are told from the whole path", () => {
  assert.equal(fileNameOf("src/Utils/A.PY"), "a.py");
  assert.equal(fileNameOf(""), "");
  assert.equal(isTestPath("a/tests/b.py"), true);
  assert.equal(isTestPath("a/tests"), false);
});
