// The documents against the code: codes, events, commands, links, folders, and words that do not belong in the repository.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXIT_CODES } from "../src/cli/exit-codes.ts";
import { ERROR_CODES } from "../src/domain/errors.ts";
import { EVENT_TYPES } from "../src/domain/events.ts";
import { loadNodes } from "../src/adapters/nodes/load.ts";
import { evaluate } from "../src/nodes/evaluate.ts";
import { gate } from "../src/nodes/gate.ts";
import { plan } from "../src/nodes/plan.ts";
import { route } from "../src/nodes/route.ts";
import { selectModel } from "../src/nodes/select-model.ts";
import { makeProject } from "./support/project.ts";

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

test("R-77 docs/errors.md lists exactly the codes, with their exit codes and meanings", () => {
  const expected = Object.entries(ERROR_CODES).map(([code, meaning]) => [
    code,
    String(EXIT_CODES[code as keyof typeof EXIT_CODES]),
    meaning,
  ]);
  assert.deepEqual(rowsOf("docs/errors.md"), expected);
});

test("R-77 docs/events.md lists exactly the event types, and each is written somewhere in the source", () => {
  assert.deepEqual(
    rowsOf("docs/events.md").map(([type]) => type),
    [...EVENT_TYPES],
  );
  const source = tracked
    .filter(
      (path) =>
        path.startsWith("src/") && !path.endsWith(".test.ts") && path !== "src/domain/events.ts",
    )
    .map(read)
    .join("\n");
  assert.deepEqual(
    EVENT_TYPES.filter((type) => !source.includes(`"${type}"`)),
    [],
  );
});

test("R-77 the commands of the README exist as scripts, and its orket commands as commands", () => {
  const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;
  const used = [
    ...documents
      .map(read)
      .join("\n")
      .matchAll(/npm run ([a-z:]+)/g),
  ].map((match) => match[1] ?? "");
  assert.deepEqual(
    [...new Set(used)].filter((name) => scripts[name] === undefined),
    [],
  );
  const help = execFileSync(process.execPath, [join(ROOT, "bin/orket"), "--help"], {
    encoding: "utf8",
  });
  const commands = [...read("README.md").matchAll(/npx orket ([a-z]+)/g)].map(
    (match) => match[1] ?? "",
  );
  assert.ok(commands.length > 0);
  for (const name of commands) assert.match(help, new RegExp(`^  ${name}\\b`, "m"), name);
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

test("the folders of the code map are there", () => {
  const folders = rowsOf("ARCHITECTURE.md").flatMap(([name = ""]) => name.split(", "));
  assert.ok(folders.length > 8);
  assert.deepEqual(
    folders.filter((name) => !existsSync(join(ROOT, name))),
    [],
  );
});

test("the node of docs/decision-nodes.md loads and decides as the page says", async (context) => {
  const code = /```ts\n([\s\S]*?)```/.exec(read("docs/decision-nodes.md"))?.[1] ?? "";
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

test("no tracked text names a machine's path or a registry's host", () => {
  const hosts = ["registry.npm", "npmjs", "jfrog", "artifactory", "pypi."].map((word) =>
    word.toLowerCase(),
  );
  const found = tracked
    .filter(
      (path) =>
        /\.(?:ts|md|json|yaml|sh)$|^\.ci\/|^\.npmrc$|^bin\//.test(path) &&
        path !== "test/docs.test.ts",
    )
    .filter((path) => {
      const text = read(path).toLowerCase();
      return (
        hosts.some((word) => text.includes(word)) ||
        /\/(?:home|root|work)\/[a-z]/.test(text.replaceAll("/root/.config", ""))
      );
    });
  assert.deepEqual(found, []);
});
