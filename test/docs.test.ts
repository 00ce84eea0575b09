// The documents against the code: codes, events, commands, links, folders, and words that do not belong in the repository.
// What a page says is read out of its tables and code blocks; the prose around them is for reviewers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { configPage } from "../scripts/config-docs.ts";
import { readScript } from "../src/adapters/model/script-file.ts";
import { loadNodes } from "../src/adapters/nodes/load.ts";
import { EXIT_CODES } from "../src/cli/exit-codes.ts";
import { loadConfig } from "../src/config.ts";
import { SETTINGS } from "../src/config-settings.ts";
import { CARD_STATUSES, WAIT_REASONS } from "../src/domain/card.ts";
import { SEAMS } from "../src/domain/decision.ts";
import { ERROR_CODES } from "../src/domain/errors.ts";
import { EVENT_TYPES } from "../src/domain/events.ts";
import { SANDBOX_STATES } from "../src/domain/sandbox.ts";
import { RUN_STATUSES } from "../src/domain/run.ts";
import type { TurnStatus } from "../src/domain/turn.ts";
import { evaluate } from "../src/nodes/evaluate.ts";
import { gate } from "../src/nodes/gate.ts";
import { plan } from "../src/nodes/plan.ts";
import { route } from "../src/nodes/route.ts";
import { selectModel } from "../src/nodes/select-model.ts";
import { createBareBox } from "./support/bare-box.ts";
import type { TestIssue } from "./support/project.ts";
import {
  approve,
  epicFile,
  makeProject,
  openTestEngine,
  say,
  script,
  write,
} from "./support/project.ts";

/** `TurnStatus` is a type alone; this does not compile when it gains or loses a word. */
const TURN_STATUSES: Readonly<Record<TurnStatus, null>> = {
  live: null,
  committed: null,
  failed: null,
  violated: null,
  dropped: null,
};

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((path) => existsSync(join(ROOT, path)));
const documents = tracked.filter((path) => path.endsWith(".md"));
const rowsOf = (path: string): string[][] =>
  read(path)
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );

/** The program itself, without its tests and without the files that only define what is looked for. */
const textOfSource = (without: readonly string[]): string =>
  tracked
    .filter((path) => path.startsWith("src/") && path.endsWith(".ts"))
    .filter((path) => !path.endsWith(".test.ts") && !without.includes(path))
    .map(read)
    .join("\n");

const blocksOf = (path: string, language: string): readonly string[] =>
  [...read(path).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``, "g"))].map(
    (match) => match[1] ?? "",
  );

test("R-77 docs/errors.md lists exactly the codes, with their exit codes and meanings", () => {
  const expected = Object.entries(ERROR_CODES).map(([code, meaning]) => [
    code,
    String(EXIT_CODES[code as keyof typeof EXIT_CODES]),
    meaning,
  ]);
  assert.deepEqual(
    rowsOf("docs/errors.md").map((row) => row.slice(0, 3)),
    expected,
  );
});

test("R-77 docs/errors.md has a way out for each code, and says which codes nothing gives yet", () => {
  const rows = rowsOf("docs/errors.md");
  assert.deepEqual(
    rows.filter((row) => row.length !== 4 || (row[3] ?? "").length < 5),
    [],
  );
  const source = textOfSource(["src/domain/errors.ts", "src/cli/exit-codes.ts"]);
  const isGiven = (code: string): boolean =>
    [code, code.toLowerCase()].some((word) => source.includes(`"${word}"`));
  assert.deepEqual(
    rows.filter((row) => row[3] === "Nothing gives this code yet.").map(([code]) => code),
    Object.keys(ERROR_CODES).filter((code) => !isGiven(code)),
  );
});

test("R-77 docs/events.md lists exactly the event types, and each is written somewhere in the source", () => {
  assert.deepEqual(
    rowsOf("docs/events.md").map(([type]) => type),
    [...EVENT_TYPES],
  );
  const source = textOfSource(["src/domain/events.ts"]);
  assert.deepEqual(
    EVENT_TYPES.filter((type) => !source.includes(`"${type}"`)),
    [],
  );
});

test("R-77 docs/config.md is what the table of settings makes, with a row for each", () => {
  assert.equal(read("docs/config.md"), configPage());
  const rows = rowsOf("docs/config.md").map(([key]) => key);
  assert.deepEqual(
    rows,
    SETTINGS.map(({ key }) => key),
  );
});

test("R-77 the README opens with the two commands, and every npm script a document names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const first = blocksOf("README.md", "sh")[0] ?? "";
  assert.deepEqual(
    first.split("\n").map((line) => line.replace(/#.*/, "").trim()),
    ["npm ci && npm run demo", "npm ci && npm test"],
  );
  const used = [
    ...documents
      .map(read)
      .join("\n")
      .matchAll(/npm (?:run )?([a-z:]+)/g),
  ]
    .map((match) => match[1] ?? "")
    .filter((name) => !["ci", "install", "ls", "publish", "run", "sbom", "scripts"].includes(name));
  assert.ok(used.includes("demo") && used.includes("test"));
  assert.deepEqual(
    [...new Set(used)].filter((name) => scripts[name] === undefined),
    [],
  );
});

test("R-77 every orket command that a document names is one", () => {
  const named = new Set(
    documents
      .flatMap((path) => [...read(path).matchAll(/`(?:npx )?orket ([a-z]+(?: [a-z]+)?)/g)])
      .concat([...read("README.md").matchAll(/^npx orket ([a-z]+)/gm)])
      .map((match) => match[1] ?? ""),
  );
  assert.ok(named.size > 8);
  const list = ["command-list", "command-list-out"]
    .map((name) => read(`src/cli/${name}.ts`))
    .join("");
  const known = [...list.matchAll(/name: "([a-z ]+?)(?= ?[<["])/g)].map((match) =>
    match[1]?.trim(),
  );
  const isCommand = (words: string): boolean =>
    known.includes(words) || known.includes(words.split(" ")[0] ?? "");
  assert.deepEqual(
    [...named].filter((words) => !isCommand(words)),
    [],
  );
});

test("the README says what each column of the bench means", () => {
  const bench = read("bench/run.ts");
  const columns = [...bench.matchAll(/^ +(?:"([^"]+)"|(\w+)): (?:String\(|round\(|`|row\.)/gm)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  assert.ok(columns.length > 8, `${columns.length} columns`);
  const [, section = ""] = /^## Bench\n([\s\S]*?)^## /m.exec(read("README.md")) ?? [];
  assert.deepEqual(
    columns.filter((name) => !section.includes(`*${name}*`)),
    [],
  );
});

test("every relative link of the documents leads somewhere", () => {
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map((match) => join(dirname(path), match[1] ?? ""))
      .filter((target) => !existsSync(join(ROOT, target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("the code map names folders that are there, and all of them", () => {
  const named = rowsOf("ARCHITECTURE.md").flatMap(([name = ""]) => name.split(", "));
  assert.deepEqual(
    named.filter((name) => !existsSync(join(ROOT, name))),
    [],
  );
  const parts = tracked.map((path) => path.split("/"));
  const folders = new Set([
    ...parts.filter((path) => path.length > 1 && path[0] !== "src").map(([top]) => top),
    ...parts
      .filter((path) => path.length > 2 && path[0] === "src")
      .map(([, name]) => `src/${name}`),
  ]);
  assert.deepEqual(
    [...folders].filter((folder) => !named.includes(folder ?? "")),
    [],
  );
});

test("the code map names every adapter folder", () => {
  const row = rowsOf("ARCHITECTURE.md").find(([name]) => name === "src/adapters");
  const named = row?.[1]?.replace(/^.*: /, "").split(", ");
  const folders = tracked.flatMap((path) => /^src\/adapters\/([^/]+)\//.exec(path)?.[1] ?? []);
  assert.deepEqual(named, [...new Set(folders)].toSorted());
});

test("the states of ARCHITECTURE are all the states there are", () => {
  const [drawing = ""] = /## States[\s\S]*?## /.exec(read("ARCHITECTURE.md")) ?? [];
  const turns = Object.keys(TURN_STATUSES);
  const words = [...CARD_STATUSES, ...WAIT_REASONS, ...RUN_STATUSES, ...turns, ...SANDBOX_STATES];
  assert.deepEqual(
    words.filter((word) => !new RegExp(`\\b${word}\\b`).test(drawing)),
    [],
  );
});

test("docs/sandboxes.md has a row for each state a sandbox is listed in", () => {
  const page = read("docs/sandboxes.md");
  const rows = [...page.matchAll(/^\| ([a-z]+) \|/gm)].map((match) => match[1]);
  const listed = SANDBOX_STATES.filter((state) => state !== "deleted");
  assert.deepEqual(rows, ["state", ...listed]);
});

test("the node of docs/decision-nodes.md loads and decides as the page says", async (context) => {
  const code = blocksOf("docs/decision-nodes.md", "ts")[0] ?? "";
  const project = await makeProject({ "nodes/no-deletes.ts": code });
  context.after(project.remove);
  const builtIn = { plan, route, selectModel, gate, evaluate };
  const loaded = await loadNodes({
    projectDir: project.dir,
    names: { gate: { use: "no-deletes" } },
    builtIn,
  });
  assert.ok(loaded.ok);
  const ask = (tool: string, path: string) =>
    loaded.value.nodes.gate({
      tool,
      path,
      risk: "write",
      args: {},
      card: "c",
      seat: "s",
      roles: [],
      builtIn: "allow",
    }).kind;
  assert.deepEqual(
    [
      ask("delete_file", "docs/a.md"),
      ask("delete_file", "src/a.md"),
      ask("write_file", "docs/a.md"),
    ],
    ["deny", "abstain", "abstain"],
  );
});

test("docs/decision-nodes.md has a row for each seam, and settings that load", () => {
  assert.deepEqual(
    rowsOf("docs/decision-nodes.md").map(([seam]) => seam),
    [...SEAMS],
  );
  const [text = ""] = blocksOf("docs/decision-nodes.md", "yaml");
  const loaded = loadConfig({ env: {}, file: parse(text) });
  assert.ok(loaded.ok, JSON.stringify(loaded));
});

test("the issue of docs/verification.md loads, and its fixtures pass in the workspace they are for", async (context) => {
  const [text = ""] = blocksOf("docs/verification.md", "yaml");
  const [python = ""] = blocksOf("docs/verification.md", "python");
  const { issues } = parse(text) as { readonly issues: readonly TestIssue[] };
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(issues),
    "verification/sums.py": python,
    "script.yaml": script({
      sums: {
        coder: [
          write("src/engines/sum_engine.py", "def add(a, b):\n    return a + b\n"),
          write("tests/check_sums.py", "print('all well')\n"),
          say("Done."),
        ],
        guard: [approve],
      },
    }),
  });
  const opened = await openTestEngine(project.dir, { replace: { containment: createBareBox() } });
  context.after(async () => {
    await opened.close();
    await project.remove();
  });
  await opened.run({ card: "work" });
  const last = opened.events.find(({ type }) => type === "verification-finished");
  assert.deepEqual([last?.data["total"], last?.data["verdict"]], [3, "pass"]);
});

test("the script of docs/scripted-models.md loads", async (context) => {
  const [text = ""] = blocksOf("docs/scripted-models.md", "yaml");
  const project = await makeProject({ "script.yaml": text });
  context.after(project.remove);
  const script = await readScript(join(project.dir, "script.yaml"));
  assert.ok(script.ok, JSON.stringify(script));
  assert.deepEqual(Object.keys(script.value.cards), ["api-001"]);
});

test("each decision record has a date, a title and at most a page", () => {
  const records = tracked.filter((path) => path.startsWith("docs/adr/"));
  assert.ok(records.length > 5);
  for (const path of records) {
    assert.match(path, /^docs\/adr\/\d{4}-\d{2}-\d{2}-[a-z-]+\.md$/);
    const lines = read(path).split("\n");
    assert.match(lines[0] ?? "", /^# \S/, path);
    assert.ok(lines.length <= 60, path);
  }
});

test("no tracked text names a machine's path or a registry's host", () => {
  const forbidden = [
    /registry\.npm|npmjs|jfrog|artifactory|pypi\.|verdaccio/i,
    /\/(?:home|root|work|Users)\/[a-z]/i,
  ];
  const found = tracked
    .filter((path) => path !== "test/docs.test.ts")
    .map((path) => ({ path, text: read(path).replaceAll("/root/.config", "") }))
    .filter(({ text }) => !text.includes("\0"))
    .flatMap(({ path, text }) =>
      forbidden.map((pattern) => pattern.exec(text)?.[0]).map((word) => ({ path, word })),
    )
    .filter(({ word }) => word !== undefined);
  assert.deepEqual(found, []);
});
