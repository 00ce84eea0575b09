// What the loader makes of a project: formats, the look-up order, names, ids, defaults, the organization's sources.
import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { testAssets } from "../../../test/contract/assets.suite.ts";
import {
  ASSET_BASE,
  assetCodes,
  assetProblems,
  epicOf,
  loadAssets,
  projectFolder,
  writeFiles,
} from "../../../test/support/asset-project.ts";
import { createDiskAssets } from "./disk.ts";

const EPIC = "model/core/epics/work.yaml";

testAssets("disk", async (context, files) =>
  createDiskAssets({ projectDir: await projectFolder(context, files), env: {} }),
);

test("JSON, JSONC and YAML of one content give one asset", async (context) => {
  const files = {
    ...ASSET_BASE,
    [EPIC]: null,
    "model/core/epics/a.json": JSON.stringify({
      ...epicOf([{ id: "a1", summary: "x" }]),
      $schema: "./epic.json",
    }),
    "model/core/epics/b.jsonc": `// a comment\n{"summary":"Some work","team":"crew","environment":"local","issues":[{"seat":"coder","id":"b1","summary":"x"},],}`,
    "model/core/epics/c.yml":
      "summary: Some work\nteam: crew\nenvironment: local\nissues:\n- {seat: coder, id: c1, summary: x}\n",
    "model/core/epics/d.yaml":
      "\uFEFF%YAML 1.2\n---\nsummary: Some work\nteam: crew\nenvironment: local\nissues: [{seat: coder, id: d1, summary: x}]\n",
  };
  const { epics } = await loadAssets(await projectFolder(context, files));
  const plain = (stem: string): string =>
    JSON.stringify(epics[`core/${stem}`])
      .replaceAll(`"${stem}1"`, '"1"')
      .replaceAll(`"${stem}"`, '"s"');
  assert.deepEqual(Object.keys(epics), ["core/a", "core/b", "core/c", "core/d"]);
  for (const stem of ["b", "c", "d"]) assert.equal(plain(stem), plain("a"));
});

test("an asset is looked up below config, then in the department, then in core", async (context) => {
  const environment = (model: string): object => ({ name: "local", model });
  const files = {
    ...ASSET_BASE,
    "model/sales/epics/sell.yaml": epicOf([{ id: "s1" }]),
    "model/sales/environments/local.yaml": environment("scripted:sales.yaml"),
  };
  const dir = await projectFolder(context, files);
  const first = await loadAssets(dir);
  assert.deepEqual(Object.keys(first.environments), ["core/local", "sales/local"]);
  assert.equal(first.epics["sales/sell"]?.department, "sales");
  assert.deepEqual(Object.keys(first.departments), ["core", "sales"]);
  await writeFiles(dir, { "config/environments/local.yaml": environment("scripted:config.yaml") });
  const second = await loadAssets(dir);
  assert.deepEqual(Object.keys(second.environments), ["config/local"]);
  assert.deepEqual(assetCodes(second.warnings), [
    "asset-shadowed model/core/environments/local.yaml",
    "asset-shadowed model/sales/environments/local.yaml",
  ]);
});

test("aliases say the same as the names they stand for", async (context) => {
  const issue = {
    name: "An issue",
    seat: " Lead-Guard ",
    verification_fixture: "verification/a.py",
    verification: { scenarios: [{ id: "s" }] },
  };
  const files = {
    ...ASSET_BASE,
    [EPIC]: { name: "Work", team: "crew", environment: "local", stories: [issue] },
    "model/core/epics/more.yaml": {
      name: "More",
      summary: "More",
      team: "crew",
      environment: "local",
      cards: [{ ...issue, summary: "An issue" }],
    },
    "config/organization.yaml": {
      name: "a",
      vision: "b",
      ethos: "c",
      process_rules: { planner_node: "mine", select_model: "models" },
    },
  };
  const assets = await loadAssets(await projectFolder(context, files));
  for (const [key, summary] of [
    ["core/work", "Work"],
    ["core/more", "More"],
  ] as const) {
    const epic = assets.epics[key];
    assert.equal(epic?.summary, summary);
    const [only] = epic?.issues ?? [];
    assert.deepEqual(
      [only?.summary, only?.seat, only?.verification?.fixturePath],
      ["An issue", "lead_guard", "verification/a.py"],
    );
  }
  assert.deepEqual(assets.organization.process.nodes, { plan: "mine", selectModel: "models" });
});

test("defaults are filled in, and a dependency may be a summary", async (context) => {
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    [EPIC]: epicOf([
      { id: "a", summary: "The first" },
      { id: "b", depends_on: ["The first", "a"], priority: "HIGH" },
    ]),
  });
  const epic = (await loadAssets(dir)).epics["core/work"];
  assert.equal(epic?.id, "work");
  assert.equal(epic?.idesign, true);
  assert.deepEqual(epic?.issues[1], {
    id: "b",
    summary: "b",
    type: "issue",
    description: "",
    priority: 3,
    note: "",
    labels: [],
    params: {},
    references: [],
    ownerDepartment: "core",
    seat: "coder",
    requirements: "",
    acceptance: [],
    dependsOn: ["a"],
    retriesMax: 3,
    verification: null,
  });
});

test("a role is known by its file's name, whatever it says of itself", async (context) => {
  const files = {
    ...ASSET_BASE,
    "model/core/roles/helper.yaml": { name: "integrity_guard", description: "Not the guard." },
    "model/core/teams/crew.yaml": {
      name: "Crew",
      seats: { coder: { name: "C", roles: ["helper", "Integrity Guard", "own"] } },
      roles: {
        own: { summary: "Own", description: "Inline." },
        helper: { name: "helper", description: "Never used." },
      },
    },
  };
  const team = (await loadAssets(await projectFolder(context, files))).teams["core/crew"];
  assert.deepEqual(team?.seats[0]?.roles, ["helper", "integrity_guard", "own"]);
  assert.deepEqual(
    Object.values(team?.roles ?? {}).map(({ name, description }) => [name, description]),
    [
      ["helper", "Not the guard."],
      ["integrity_guard", "Guards."],
      ["own", "Inline."],
    ],
  );
});

test("R-23 the same file always gives the same ids", async (context) => {
  const issues = [
    { summary: "  Caf\u00e9  " },
    { summary: "Cafe\u0301" },
    { name: "Cafe\u0301" },
    { id: "given", summary: "x" },
  ];
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "model/core/epics/My_First--Epic.yaml": epicOf(issues),
  });
  const idsOf = async (): Promise<readonly string[]> =>
    (await loadAssets(dir)).epics["core/My_First--Epic"]?.issues.map(({ id }) => id) ?? [];
  // SHA-256 over "Café\n0", "Café\n1" and "Café\n2", the é as one character.
  const expected = [
    "my-first-epic-865e0a66",
    "my-first-epic-6a8a395f",
    "my-first-epic-0ae953d0",
    "given",
  ];
  assert.deepEqual(await idsOf(), expected);
  assert.deepEqual(await idsOf(), expected);
});

test("R-31 without an organization file the built-in one holds, every rule on", async (context) => {
  const dir = await projectFolder(context, { ...ASSET_BASE, "config/organization.yaml": null });
  const { organization, organizationSource } = await loadAssets(dir);
  assert.equal(organizationSource, "built-in");
  assert.equal(organization.idesignThreshold, 7);
  assert.equal(organization.idesign.enabled, true);
  const written = await loadAssets(await projectFolder(context, ASSET_BASE));
  assert.equal(written.organization.idesignThreshold, 10);
  assert.equal(written.organizationSource, "config/organization.yaml");
});

test("R-31 an organization that cannot be read stops the load", async (context) => {
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "config/organization.yaml": "name: [",
  });
  assert.deepEqual(
    [...new Set(assetCodes(await assetProblems(dir)))],
    ["file-syntax config/organization.yaml"],
  );
});

test("R-80 the first source of the organization counts, and each other one is named", async (context) => {
  const text = (name: string): object => ({ name, vision: "v", ethos: "e" });
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    "model/organization.json": JSON.stringify(text("third")),
    "config/organization.yaml": text("second"),
  });
  const second = await loadAssets(dir);
  assert.equal(second.organization.name, "second");
  assert.match(
    second.warnings[0]?.found ?? "",
    /model\/organization.json beside config\/organization.yaml/,
  );
  assert.deepEqual(assetCodes(second.warnings), ["organization-shadowed model/organization.json"]);
  await writeFiles(dir, {
    "config/org_info.yaml": { ...text("first"), departments: ["core", "sales"] },
    "config/architecture.jsonc":
      '{"architecture": {"idesign_threshold": 3}, "departments": ["core"]}',
  });
  const first = await loadAssets(dir);
  assert.equal(first.organization.name, "first");
  assert.equal(first.organization.idesignThreshold, 3);
  assert.deepEqual(first.organization.departments, ["core"]);
  assert.equal(first.organizationSource, "config/org_info.yaml + config/architecture.jsonc");
  assert.deepEqual(assetCodes(first.warnings), [
    "organization-shadowed config/organization.yaml",
    "organization-shadowed model/organization.json",
  ]);
});

test("name and vision can be replaced from outside; a blank replaces nothing", async (context) => {
  const dir = await projectFolder(context, ASSET_BASE);
  const { organization } = await loadAssets(dir, { orgName: "Other", orgVision: " " });
  assert.deepEqual(
    [organization.name, organization.vision, organization.ethos],
    ["Other", "b", "c"],
  );
});

test("keys without effect are taken, with one warning per file", async (context) => {
  const files = {
    ...ASSET_BASE,
    [EPIC]: epicOf(
      [
        {
          id: "a",
          status: "done",
          retry_count: 3,
          verification: { last_run: {}, scenarios: [{ id: "s", actual_output: 1 }] },
        },
        { id: "b", sprint: "Q1" },
      ],
      { handshake_enabled: true, params: { status: "free" } },
    ),
    "model/core/roles/coder.yaml": { name: "coder", description: "x", skills: ["a"] },
  };
  const { warnings } = await loadAssets(await projectFolder(context, files));
  assert.deepEqual(assetCodes(warnings), [
    `key-ignored ${EPIC}`,
    "key-ignored model/core/roles/coder.yaml",
  ]);
  assert.equal(
    warnings[0]?.found,
    'keys without effect: "actual_output", "handshake_enabled", "last_run", "retry_count", "sprint", "status"',
  );
});

test("R-26 a fixture outside of its folder is told and concerns its card only", async (context) => {
  const verification = (fixture: string): object => ({
    verification: { fixture_path: fixture, scenarios: [{ id: "s" }] },
  });
  const dir = await projectFolder(context, {
    ...ASSET_BASE,
    [EPIC]: epicOf([
      { id: "a", ...verification("verification/../src/a.py") },
      { id: "b", ...verification("verification/link/x.py") },
      { id: "c", ...verification("verification/deep/missing.py") },
    ]),
    "src/x.py": "",
  });
  await mkdir(join(dir, "verification"));
  await symlink("../src", join(dir, "verification/link"));
  const { warnings } = await loadAssets(dir);
  assert.deepEqual(
    warnings.map(({ code, path }) => `${code} ${path}`),
    [
      "verification-path $.issues[0].verification.fixture_path",
      "verification-path $.issues[1].verification.fixture_path",
    ],
  );
});

test("a project's dialect takes the place of the built-in one of its family", async (context) => {
  const dialect = (text: string): object => ({
    model_family: "Qwen",
    dsl_format: text,
    constraints: [],
    hallucination_guard: "",
  });
  const dir = await projectFolder(context, {
    "model/core/dialects/x.yaml": dialect("core"),
    "model/sales/dialects/x.yaml": dialect("sales"),
  });
  assert.equal((await loadAssets(dir)).dialects["qwen"]?.dslFormat, "sales");
  await writeFiles(dir, {
    "config/dialects/y.yaml": dialect("config"),
    "model/core/dialects/z.yaml": { ...dialect("z"), model_family: "mistral" },
  });
  const { dialects, warnings } = await loadAssets(dir);
  assert.equal(dialects["qwen"]?.dslFormat, "config");
  assert.deepEqual(assetCodes(warnings), ["dialect-unused model/core/dialects/z.yaml"]);
});

test("an epic and a rock may share a name; an issue file of its own is told as an orphan", async (context) => {
  const files = {
    ...ASSET_BASE,
    "model/core/rocks/work.yaml": { epics: [{ epic: "work" }] },
    "model/core/issues/alone.yaml": { summary: "x" },
  };
  const { warnings, rocks } = await loadAssets(await projectFolder(context, files));
  assert.equal(rocks["core/work"]?.id, "work");
  assert.deepEqual(assetCodes(warnings), [
    "issue-orphaned model/core/issues/alone.yaml",
    "name-shared model/core/rocks/work.yaml",
  ]);
});

test("entries of a rock keep what they say about their order", async (context) => {
  const epics = [
    { epic: "work" },
    { epic: "b", depends_on: [] },
    { epic: "c", depends_on: ["work", "b"], department: "sales" },
  ];
  const files = {
    ...ASSET_BASE,
    "model/core/epics/b.yaml": epicOf([]),
    "model/sales/epics/c.yaml": epicOf([]),
    "model/core/rocks/goal.yaml": { task: "T", epics },
  };
  const rock = (await loadAssets(await projectFolder(context, files))).rocks["core/goal"];
  assert.deepEqual(rock?.epics, [
    { epic: "work", department: "core", dependsOn: null },
    { epic: "b", department: "core", dependsOn: [] },
    { epic: "c", department: "sales", dependsOn: ["work", "b"] },
  ]);
});
