// One row per rule: a project with one thing wrong, and every problem that its load must give. The base of each row is the
// same small valid project.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createDiskAssets } from "./disk.ts";
import { ASSET_BASE, epicOf, writeFiles } from "../../../test/support/asset-project.ts";

type Row = {
  readonly name: string;
  /** Path → text, or a value written as YAML; null leaves a file of the base out. */
  readonly files: Readonly<Record<string, unknown>>;
  /** `file path code: found | expected`, all of them; a part of the last two is enough. */
  readonly problems: readonly (readonly [
    file: string,
    path: string,
    code: string,
    words: RegExp,
  ])[];
};

const EPIC = "model/core/epics/work.yaml";
const TEAM = "model/core/teams/crew.yaml";
const ROCK = "model/core/rocks/goal.yaml";
const ORGANIZATION = "config/organization.yaml";
const issue = (more: object): Readonly<Record<string, unknown>> => ({
  [EPIC]: epicOf([{ id: "one", ...more }]),
});
const organization = (more: object): Readonly<Record<string, unknown>> => ({
  [ORGANIZATION]: { name: "a", vision: "b", ethos: "c", ...more },
});
const rock = (epics: unknown): Readonly<Record<string, unknown>> => ({ [ROCK]: { epics } });

const ROWS: readonly Row[] = [
  {
    name: "an unknown key names the nearest one",
    files: issue({ sumary: "x" }),
    problems: [
      [EPIC, "$.issues[0].sumary", "key-unknown", /the key "sumary" \| summary \(did you mean/],
    ],
  },
  {
    name: "an unknown key of a nested object is placed",
    files: { [EPIC]: epicOf([], { architecture_governance: { idesing: true } }) },
    problems: [
      [EPIC, "$.architecture_governance.idesing", "key-unknown", /idesign \(did you mean/],
    ],
  },
  {
    name: "tracs names issues",
    files: { [EPIC]: { ...epicOf([]), issues: undefined, tracs: [] } },
    problems: [[EPIC, "$.tracs", "key-unknown", /"tracs" \| issues/]],
  },
  {
    name: "a missing key says what belongs there",
    files: { [EPIC]: { summary: "x", environment: "local" } },
    problems: [[EPIC, "$.team", "key-missing", /nothing \| a text/]],
  },
  {
    name: "an issue with neither summary, name nor id",
    files: { [EPIC]: epicOf([{ seat: "coder" }]) },
    problems: [[EPIC, "$.issues[0].summary", "key-missing", /summary or name or id/]],
  },
  {
    name: "a role without a name",
    files: { "model/core/roles/coder.yaml": { description: "x" } },
    problems: [["model/core/roles/coder.yaml", "$.name", "key-missing", /name or summary/]],
  },
  {
    name: "two keys for the issues of an epic",
    files: { [EPIC]: { ...epicOf([{ id: "one" }]), stories: [] } },
    problems: [[EPIC, "$.stories", "alias-conflict", /stories beside issues/]],
  },
  {
    name: "summary and name that differ",
    files: issue({ summary: "x", name: "y" }),
    problems: [[EPIC, "$.issues[0].name", "alias-conflict", /different texts/]],
  },
  {
    name: "two fixtures that differ",
    files: issue({
      verification_fixture: "verification/a.py",
      verification: { fixture_path: "verification/b.py", scenarios: [{ id: "s" }] },
    }),
    problems: [
      [EPIC, "$.issues[0].verification_fixture", "alias-conflict", /verification.fixture_path/],
    ],
  },
  {
    name: "a node named twice",
    files: organization({ process_rules: { plan: "a", planner_node: "b" } }),
    problems: [[ORGANIZATION, "$.process_rules.planner_node", "alias-conflict", /one field/]],
  },
  {
    name: "R-31 a seam that no longer exists",
    files: organization({ process_rules: { memory_node: "x" } }),
    problems: [[ORGANIZATION, "$.process_rules.memory_node", "seam-removed", /no longer does/]],
  },
  {
    name: "R-31 an organization that lacks what it must say",
    files: { [ORGANIZATION]: { name: "a" } },
    problems: [
      [ORGANIZATION, "$.ethos", "key-missing", /a text/],
      [ORGANIZATION, "$.vision", "key-missing", /a text/],
    ],
  },
  {
    name: "R-31 an empty organization file is not a missing one",
    files: { [ORGANIZATION]: "" },
    problems: [[ORGANIZATION, "$", "value-invalid", /an object/]],
  },
  {
    name: "a merged organization names the file whose key is wrong",
    files: {
      [ORGANIZATION]: null,
      "config/org_info.yaml": {
        name: "a",
        vision: "b",
        ethos: "c",
        architecture: { idesign_threshold: "many" },
      },
      "config/architecture.yaml": { architecture: { idesign_threshold: -1 }, departments: "core" },
    },
    problems: [
      [
        "config/architecture.yaml",
        "$.architecture.idesign_threshold",
        "value-invalid",
        /-1 \| at least 0/,
      ],
      ["config/architecture.yaml", "$.departments", "value-invalid", /a list/],
    ],
  },
  {
    name: "an escalation at or after the last cycle",
    files: organization({ process_rules: { pr_review_policy: { escalation_cycle: 4 } } }),
    problems: [
      [
        ORGANIZATION,
        "$.process_rules.pr_review_policy.escalation_cycle",
        "value-invalid",
        /less than max_cycles \(4\)/,
      ],
    ],
  },
  {
    name: "R-68 a priority that is none",
    files: {
      [EPIC]: epicOf([
        { id: "a", priority: null },
        { id: "b", priority: "urgent" },
        { id: "c", priority: -1 },
      ]),
    },
    problems: [
      [EPIC, "$.issues[0].priority", "value-invalid", /null \| critical, high, medium, low/],
      [EPIC, "$.issues[1].priority", "value-invalid", /urgent/],
      [EPIC, "$.issues[2].priority", "value-invalid", /-1/],
    ],
  },
  {
    name: "a status that is none, where a status is ignored",
    files: issue({ status: "finished" }),
    problems: [[EPIC, "$.issues[0].status", "value-invalid", /one of ready, in_progress/]],
  },
  {
    name: "a type that is none",
    files: issue({ type: "utility" }),
    problems: [[EPIC, "$.issues[0].type", "value-invalid", /one of rock, epic, issue/]],
  },
  {
    name: "a card id that cannot be part of a path",
    files: { [EPIC]: epicOf([{ id: "../up" }]) },
    problems: [[EPIC, "$.issues[0].id", "value-invalid", /letters, digits/]],
  },
  {
    name: "R-24 a dependency on nothing",
    files: { [EPIC]: epicOf([{ id: "first-card" }, { id: "two", depends_on: ["first-cart"] }]) },
    problems: [
      [
        EPIC,
        "$.issues[1].depends_on[0]",
        "dependency-missing",
        /first-cart \| .*did you mean first-card\?/,
      ],
    ],
  },
  {
    name: "R-24 a dependency on a card of another epic",
    files: {
      ...issue({ depends_on: ["far"] }),
      "model/core/epics/other.yaml": epicOf([{ id: "far" }]),
    },
    problems: [[EPIC, "$.issues[0].depends_on[0]", "dependency-missing", /of this epic/]],
  },
  {
    name: "R-24 a dependency by a summary that two cards have",
    files: {
      [EPIC]: epicOf([
        { id: "a", summary: "Same" },
        { id: "b", summary: "Same" },
        { id: "c", depends_on: ["Same"] },
      ]),
    },
    problems: [[EPIC, "$.issues[2].depends_on[0]", "dependency-ambiguous", /one of the ids a, b/]],
  },
  {
    name: "R-24 a card that waits for itself",
    files: issue({ depends_on: ["one"] }),
    problems: [[EPIC, "$.issues[0].depends_on[0]", "dependency-self", /another card/]],
  },
  {
    name: "R-24 two cycles, each printed",
    files: {
      [EPIC]: epicOf([
        { id: "a", depends_on: ["c"] },
        { id: "b", depends_on: ["a"] },
        { id: "c", depends_on: ["b"] },
        { id: "d", depends_on: ["e"] },
        { id: "e", depends_on: ["d"] },
      ]),
    },
    problems: [
      [EPIC, "$.issues[0].depends_on", "dependency-cycle", /a -> c -> b -> a/],
      [EPIC, "$.issues[3].depends_on", "dependency-cycle", /d -> e -> d/],
    ],
  },
  {
    name: "R-25 a seat that the team does not have",
    files: issue({ seat: "coders" }),
    problems: [[EPIC, "$.issues[0].seat", "seat-missing", /coders \| .*did you mean coder\?/]],
  },
  {
    name: "R-25 the default seat, in a team without it",
    files: { [EPIC]: { ...epicOf([]), issues: [{ id: "one" }] } },
    problems: [[EPIC, "$.issues[0].seat", "seat-missing", /standard/]],
  },
  {
    name: "R-25 a team and an environment that do not exist",
    files: { [EPIC]: { ...epicOf([]), team: "krew", environment: "lokal" } },
    problems: [
      [EPIC, "$.environment", "environment-missing", /did you mean local\?/],
      [EPIC, "$.team", "team-missing", /did you mean crew\?/],
    ],
  },
  {
    name: "R-25 a team of another department",
    files: { [TEAM]: null, "model/sales/teams/crew.yaml": ASSET_BASE[TEAM] },
    problems: [[EPIC, "$.team", "team-missing", /crew/]],
  },
  {
    name: "R-25 a role that does not exist",
    files: { [TEAM]: { name: "Crew", seats: { coder: { name: "C", roles: ["coder", "codr"] } } } },
    problems: [[TEAM, "$.seats.coder.roles[1]", "role-missing", /codr \| .*did you mean coder\?/]],
  },
  {
    name: "a seat twice",
    files: {
      [TEAM]: {
        name: "Crew",
        seats: {
          coder: { name: "C", roles: ["coder"] },
          "Coder ": { name: "D", roles: ["coder"] },
        },
      },
    },
    problems: [[TEAM, '$.seats["Coder "]', "seat-duplicate", /seat keys that differ/]],
  },
  {
    name: "a seat whose key would lose its place",
    files: {
      [TEAM]: {
        name: "Crew",
        seats: { 1: { name: "C", roles: ["coder"] }, coder: { name: "C", roles: ["coder"] } },
      },
    },
    problems: [[TEAM, '$.seats["1"]', "key-invalid", /a letter first/]],
  },
  {
    name: "an id twice, in another case and another file",
    files: { ...issue({}), "model/core/epics/zeta.yaml": epicOf([{ id: "ONE" }]) },
    problems: [
      ["model/core/epics/zeta.yaml", "$.issues[0].id", "id-duplicate", /ONE \| .*work.yaml/],
    ],
  },
  {
    name: "two epics of one name in two departments",
    files: { "model/sales/epics/work.yaml": epicOf([]) },
    problems: [["model/sales/epics/work.yaml", "$.id", "id-duplicate", /work/]],
  },
  {
    name: "R-46 references that leave the project",
    files: issue({
      references: ["../secret.txt", "/etc/passwd", "a/../../b", "docs/ok.md", "a\\b"],
    }),
    problems: [
      [EPIC, "$.issues[0].references[0]", "reference-outside", /leads outside/],
      [EPIC, "$.issues[0].references[1]", "reference-outside", /leads outside/],
      [EPIC, "$.issues[0].references[2]", "reference-outside", /leads outside/],
      [EPIC, "$.issues[0].references[4]", "reference-outside", /no path with/],
    ],
  },
  {
    name: "R-46 a reference to what nobody may read",
    files: { [EPIC]: epicOf([], { references: [".env", "docs/.git/config"] }) },
    problems: [
      [EPIC, "$.references[0]", "reference-protected", /protected from reading/],
      [EPIC, "$.references[1]", "reference-protected", /protected from reading/],
    ],
  },
  {
    name: "a fixture without scenarios",
    files: issue({ verification: { fixture_path: "verification/a.py" } }),
    problems: [[EPIC, "$.issues[0].verification.scenarios", "scenarios-missing", /at least one/]],
  },
  {
    name: "R-83 a scenario id twice",
    files: issue({ verification: { scenarios: [{ id: "s" }, { id: "s" }] } }),
    problems: [
      [EPIC, "$.issues[0].verification.scenarios[1].id", "scenario-duplicate", /of its own/],
    ],
  },
  {
    name: "R-25 a rock with entries that lead nowhere",
    files: rock([{ epic: "work" }, { epic: "wurk" }, { epic: "other", department: "nowhere" }]),
    problems: [
      [ROCK, "$.epics[1].epic", "epic-missing", /did you mean work\?/],
      [ROCK, "$.epics[2].department", "department-missing", /nowhere/],
    ],
  },
  {
    name: "R-24 a rock whose entries wait for nothing, for themselves, and in a circle",
    files: {
      "model/core/epics/next.yaml": epicOf([]),
      ...rock([{ epic: "work", depends_on: ["next", "work", "gone"] }, { epic: "next" }]),
    },
    problems: [
      [ROCK, "$.epics[0]", "dependency-cycle", /work -> next -> work/],
      [ROCK, "$.epics[0].depends_on[1]", "dependency-self", /another epic/],
      [ROCK, "$.epics[0].depends_on[2]", "dependency-missing", /gone/],
    ],
  },
  {
    name: "a rock with an epic twice, and one without any",
    files: {
      ...rock([{ epic: "work" }, { epic: "work", depends_on: [] }]),
      "model/core/rocks/none.yaml": { epics: [] },
    },
    problems: [
      [ROCK, "$.epics[1].epic", "entry-duplicate", /entry 0 has it/],
      ["model/core/rocks/none.yaml", "$.epics", "value-invalid", /at least 1 entry/],
    ],
  },
  {
    name: "an owner that is no department",
    files: issue({ owner_department: "sails" }),
    problems: [
      [EPIC, "$.issues[0].owner_department", "department-missing", /a department that exists/],
    ],
  },
  {
    name: "a department below one that does not exist",
    files: { "model/sales/department.yaml": { name: "Sales", parent: "nothing" } },
    problems: [["model/sales/department.yaml", "$.parent", "department-missing", /nothing/]],
  },
  {
    name: "an issue in a file of its own is held to the rules too",
    files: {
      "model/core/issues/alone.yaml": { summary: "x", priority: "soon", references: ["../x"] },
    },
    problems: [
      ["model/core/issues/alone.yaml", "$.priority", "value-invalid", /critical/],
      ["model/core/issues/alone.yaml", "$.references[0]", "reference-outside", /outside/],
    ],
  },
  {
    name: "models of an epic that are no texts",
    files: { [EPIC]: epicOf([], { params: { model_overrides: { coder: 7 } } }) },
    problems: [[EPIC, "$.params", "value-invalid", /role → model/]],
  },
  {
    name: "the same name in two formats",
    files: { "model/core/teams/crew.json": "{}" },
    problems: [
      ["model/core/teams/crew.json", "$.name", "key-missing", /a text/],
      ["model/core/teams/crew.json", "$.seats", "key-missing", /an object/],
      [TEAM, "$", "file-duplicate", /crew.json/],
    ],
  },
  {
    name: "two dialects of one family",
    files: {
      "model/core/dialects/a.yaml": dialectOf("qwen"),
      "model/core/dialects/b.yaml": dialectOf("QWEN"),
    },
    problems: [["model/core/dialects/b.yaml", "$.model_family", "dialect-duplicate", /a.yaml/]],
  },
  {
    name: "a file name that cannot be part of a path",
    files: { "model/core/teams/the crew.yaml": ASSET_BASE[TEAM] },
    problems: [["model/core/teams/the crew.yaml", "$", "file-name", /letters, digits/]],
  },
  {
    name: "a key twice in YAML and in JSON",
    files: {
      [TEAM]: "name: a\nname: b\nseats: {}\nseats: {}\n",
      "model/core/teams/more.json": '{"name":"a","name":"b","seats":{}}',
    },
    problems: [
      [TEAM, "$.name", "key-duplicate", /name a second time/],
      [TEAM, "$.seats", "key-duplicate", /seats a second time/],
      ["model/core/teams/more.json", "$.name", "key-duplicate", /each key once/],
    ],
  },
  {
    name: "a file that is no YAML says where",
    files: { [TEAM]: "name: [a\nseats: {}\n" },
    problems: [[TEAM, "$", "file-syntax", /at line \d+, column \d+ \| YAML/]],
  },
  {
    name: "problems of several files and kinds come together, by file and then by place",
    files: {
      ...organization({ process_rules: { max: 1 } }),
      [EPIC]: epicOf(
        [
          ...Array.from({ length: 9 }, (_, place) => ({ id: `c${place}` })),
          { id: "c9", seat: "x" },
          { id: "c10", seat: "y" },
        ],
        { zone: 1 },
      ),
      "model/core/roles/coder.yaml": "- a\n",
    },
    problems: [
      [ORGANIZATION, "$.process_rules.max", "key-unknown", /one of/],
      [EPIC, "$.issues[9].seat", "seat-missing", /x/],
      [EPIC, "$.issues[10].seat", "seat-missing", /y/],
      [EPIC, "$.zone", "key-unknown", /one of/],
      ["model/core/roles/coder.yaml", "$", "value-invalid", /a list of 1 \| an object/],
    ],
  },
];

function dialectOf(family: string): unknown {
  return { model_family: family, dsl_format: "x", constraints: [], hallucination_guard: "" };
}

for (const { name, files, problems } of ROWS) {
  test(name, async (context) => {
    const dir = await tempFolder(context);
    await writeFiles(dir, { ...ASSET_BASE, ...files });
    const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
    assert.ok(!loaded.ok, "the load was to fail");
    const told = loaded.error.map(({ file, path, code }) => `${file} ${path} ${code}`);
    assert.deepEqual(
      told,
      problems.map(([file, path, code]) => `${file} ${path} ${code}`),
      stringify(loaded.error),
    );
    for (const [place, { found, expected }] of loaded.error.entries()) {
      assert.match(`${found} | ${expected}`, problems[place]?.[3] ?? /never/);
    }
  });
}

test("the base of the rows has no problem itself", async (context) => {
  const dir = await tempFolder(context);
  await writeFiles(dir, ASSET_BASE);
  const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
  assert.deepEqual(loaded.ok ? loaded.value.warnings : loaded.error, []);
});
