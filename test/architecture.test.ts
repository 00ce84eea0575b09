// The dependency rule, executed. To change the rule, change this table and say why.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Allowance,
  findForbiddenImports,
  findPatterns,
  isTest,
  layerOf,
} from "./support/layering.ts";
import type { SourceFile } from "./support/layering.ts";

// Each layer may import itself and what stands here. A narrower name replaces the wider one.
const MAY_IMPORT: Readonly<Record<string, Allowance>> = {
  domain: [], // rules must be provable without a world
  ports: ["domain"], // types only
  nodes: ["domain"], // a decision is arithmetic on facts
  app: ["domain", "nodes", "ports"], // the only place that mixes decisions with effects
  "app/tools": ["domain", "nodes", "ports", "npm:zod"], // tool arguments are untrusted
  "app/drive-reply.ts": ["domain", "nodes", "ports", "npm:zod"], // a model's plan too
  "adapters/<port>": ["domain", "ports", "npm:*", "node:*"], // each is replaceable alone
  http: ["app", "domain", "npm:*", "node:*"], // an entry cannot reach the database
  cli: ["app", "domain", "npm:*", "node:*"],
  webhook: ["app", "domain", "npm:*", "node:*", "http/problem.ts"], // two doors, one error format
  "main.ts": ["*"], // exactly one composition root
  "assemble.ts": ["*"], // its second half, loaded only by commands that open a project
  "assemble-server.ts": ["*"], // its third part, loaded only by serve
  "assemble-posture.ts": ["*"], // looks at settings, files and process for the posture
  "assemble-webhook.ts": ["*"], // its fourth, for the second door and for replays
  "assemble-backup.ts": ["*"], // the state saved and put back, without an engine
  "assemble-smoke.ts": ["*"], // starts and asks a server as the canary does
  "assemble-telemetry.ts": ["*"], // where traces go, loaded only where they go somewhere
  "assemble-replay.ts": ["*"], // the same for recorded runs, with time and chance of its own
  "assemble-forge.ts": ["*"], // the client of the forge out of the settings
  "assemble-pull-requests.ts": ["*"], // the loop on the forge of the settings
  "assemble-import.ts": ["*"], // an older project, loaded only to take it over
  "assemble-offers.ts": ["*"], // the way of finished builds to the forge
  "assemble-publish.ts": ["*"], // product folders and git to the forge, loaded only to publish
  "config.ts": ["*"],
  "secret-file.ts": ["domain", "node:*"], // how config.ts is handed the files that hold secrets
  "config-summary.ts": ["*"], // the configuration as the log may know it
  "config-settings.ts": ["npm:zod"], // the table that config.ts reads
};

const PURE = ["domain", "nodes", "ports"];
const IMPURE = [
  /\bDate\.now\b/g,
  /\bnew Date\(\s*\)/g,
  /\bMath\.random\b/g,
  /\bperformance\.now\b/g,
  /\bprocess(?:\.\w|\[)/g,
  /\bcrypto\.\w+/g,
  /\bfetch\(/g,
  /\bset(?:Timeout|Interval|Immediate)\(/g,
];
const READS_ENVIRONMENT = [/\bprocess\.env\b/g, /\bimport\b[^;]*\benv\b[^;]*"node:process"/g];
const WRITES_CARD_STATUS = [
  /\bupdateTable\(\s*"cards"[^;]*?\.set\([^}]*\bstatus\b/g,
  /\binsertInto\(\s*"cards"[^;]*?\.doUpdateSet\([^}]*\bstatus\b/g,
  /\bupdate\s+"?cards"?\s+set\b[^;`]*?\bstatus"?\s*=/gi,
];

const sourceDir = new URL("../src/", import.meta.url);
const files: readonly SourceFile[] = globSync("**/*.ts", { cwd: sourceDir })
  .map((path) => ({
    path: path.replaceAll("\\", "/"),
    text: readFileSync(new URL(path, sourceDir), "utf8"),
  }))
  .filter((file) => !isTest(file));
const isPure = ({ path }: SourceFile): boolean => PURE.includes(layerOf(path));

test("every import in src follows the dependency table", () => {
  assert.ok(files.length > 0);
  assert.deepEqual(findForbiddenImports(files, MAY_IMPORT), []);
});

test("every adapter folder is named after a port", () => {
  const paths = new Set(files.map(({ path }) => path));
  const ports = files
    .map(({ path }) => layerOf(path))
    .filter((layer) => layer.startsWith("adapters/"));
  assert.deepEqual(
    ports.filter((layer) => !paths.has(layer.replace(/^adapters(.*)/, "ports$1.ts"))),
    [],
  );
});

test("domain, nodes and ports know no clock, chance, process or network", () => {
  assert.deepEqual(findPatterns(files.filter(isPure), IMPURE), []);
});

test("the environment is read in main.ts alone", () => {
  const others = files.filter(({ path }) => path !== "main.ts");
  assert.deepEqual(findPatterns(others, READS_ENVIRONMENT), []);
});

test("one function of the store writes the status of a card", () => {
  const writers = findPatterns(files, WRITES_CARD_STATUS).map((line) => line.split(":")[0]);
  assert.deepEqual(
    writers.filter((path) => path !== "adapters/store/sql/cards.ts"),
    [],
  );
  assert.ok(writers.length <= 1, `${writers.length} places write it`);
});

test("the checks see what they are there for", () => {
  const breaches: readonly (readonly [path: string, code: string])[] = [
    ["domain/card.ts", 'import { z } from "zod";'],
    ["domain/card.ts", 'import type { Store } from "../ports/store.ts";'],
    ["domain/card.ts", 'export { digest } from "node:crypto";'],
    ["ports/model.ts", 'export const sdk = () => import("ai");'],
    ["nodes/gate.ts", 'import type {\n  Store,\n} from "../ports/store.ts";'],
    ["app/run-card.ts", 'import { z } from "zod";'],
    ["app/run-card.ts", 'import "../adapters/store/sqlite.ts";'],
    ["adapters/forge/gitea.ts", 'import { spawn } from "../process/spawn.ts";'],
    ["adapters/loose.ts", ""],
    ["cli/main.ts", 'import { openStore } from "../adapters/store/sqlite.ts";'],
    ["http/server.ts", 'import type { Store } from "../ports/store.ts";'],
    ["webhook/server.ts", 'import { authenticate } from "../http/auth.ts";'],
    ["utils/text.ts", ""],
    ["helpers.ts", ""],
  ];
  for (const [path, text] of breaches)
    assert.equal(findForbiddenImports([{ path, text }], MAY_IMPORT).length, 1, `${path}: ${text}`);

  const lawful: readonly (readonly [path: string, code: string])[] = [
    [
      "app/tools/files.ts",
      'import { z } from "zod";\nimport { refuse } from "../../domain/result.ts";',
    ],
    [
      "adapters/store/sql/cards.ts",
      'import { sql } from "kysely";\nimport { open } from "../sqlite.ts";',
    ],
    ["webhook/server.ts", 'import { toProblem } from "../http/problem.ts";'],
    ["domain/card.ts", '// import { z } from "zod";\n/* Date.now() */'],
    ["main.ts", 'import { openStore } from "./adapters/store/sqlite.ts";'],
  ];
  for (const [path, text] of lawful)
    assert.deepEqual(findForbiddenImports([{ path, text }], MAY_IMPORT), []);

  const caught = (text: string, patterns: readonly RegExp[]): number =>
    findPatterns([{ path: "x.ts", text }], patterns).length;
  for (const code of [
    "Date.now()",
    "new Date()",
    "Math.random()",
    "process.pid",
    "fetch(url)",
    "setTimeout(run, 1)",
  ])
    assert.equal(caught(`const now = ${code};`, IMPURE), 1, code);
  assert.equal(caught("const moment = new Date(0); // not Date.now()", IMPURE), 0);
  assert.equal(caught("const home = process.env.HOME;", READS_ENVIRONMENT), 1);
  assert.equal(
    caught('db.updateTable("cards").set({ cycle: 1, status: to }).execute();', WRITES_CARD_STATUS),
    1,
  );
  assert.equal(caught("sql`UPDATE cards SET status = ${to}`;", WRITES_CARD_STATUS), 1);
  assert.equal(
    caught(
      'db.updateTable("cards").set({ cycle: 1 }).where("status", "=", to);',
      WRITES_CARD_STATUS,
    ),
    0,
  );
  assert.equal(caught('db.updateTable("runs").set({ status: to });', WRITES_CARD_STATUS), 0);
});
