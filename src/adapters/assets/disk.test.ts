// The loader on real folders: formats, the look-up order, ids, the organization's sources, memory, links, limits.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import type { AssetProblem, ProjectAssets } from "../../domain/assets.ts";
import { testAssets } from "../../../test/contract/assets.suite.ts";
import type { ProjectFiles } from "../../../test/support/asset-project.ts";
import { ASSET_BASE, epicOf, writeFiles } from "../../../test/support/asset-project.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createDiskAssets } from "./disk.ts";
import { FILE_BYTES_MAX } from "./parse-text.ts";

const EPIC = "model/core/epics/work.yaml";

async function project(context: TestContext, files: ProjectFiles): Promise<string> {
  const dir = await tempFolder(context);
  await writeFiles(dir, files);
  return dir;
}

async function load(
  dir: string,
  env: Parameters<typeof createDiskAssets>[0]["env"] = {},
): Promise<ProjectAssets> {
  const loaded = await createDiskAssets({ projectDir: dir, env }).load();
  assert.ok(loaded.ok, JSON.stringify(loaded.ok ? "" : loaded.error, null, 1));
  return loaded.value;
}

async function problemsOf(dir: string): Promise<readonly AssetProblem[]> {
  const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
  return loaded.ok ? [] : loaded.error;
}

const codes = (problems: readonly AssetProblem[]): readonly string[] =>
  problems.map(({ code, file }) => `${code} ${file}`);

testAssets("disk", async (context, files) =>
  createDiskAssets({ projectDir: await project(context, files), env: {} }),
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
  const { epics } = await load(await project(context, files));
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
  const dir = await project(context, files);
  const first = await load(dir);
  assert.deepEqual(Object.keys(first.environments), ["core/local", "sales/local"]);
  assert.equal(first.epics["sales/sell"]?.department, "sales");
  assert.deepEqual(Object.keys(first.departments), ["core", "sales"]);
  await writeFiles(dir, { "config/environments/local.yaml": environment("scripted:config.yaml") });
  const second = await load(dir);
  assert.deepEqual(Object.keys(second.environments), ["config/local"]);
  assert.deepEqual(codes(second.warnings), [
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
  const assets = await load(await project(context, files));
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
  const dir = await project(context, {
    ...ASSET_BASE,
    [EPIC]: epicOf([
      { id: "a", summary: "The first" },
      { id: "b", depends_on: ["The first", "a"], priority: "HIGH" },
    ]),
  });
  const epic = (await load(dir)).epics["core/work"];
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
  const team = (await load(await project(context, files))).teams["core/crew"];
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
  const dir = await project(context, {
    ...ASSET_BASE,
    "model/core/epics/My_First--Epic.yaml": epicOf(issues),
  });
  const idsOf = async (): Promise<readonly string[]> =>
    (await load(dir)).epics["core/My_First--Epic"]?.issues.map(({ id }) => id) ?? [];
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
  const dir = await project(context, { ...ASSET_BASE, "config/organization.yaml": null });
  const { organization, organizationSource } = await load(dir);
  assert.equal(organizationSource, "built-in");
  assert.equal(organization.idesignThreshold, 7);
  assert.equal(organization.idesign.enabled, true);
  const written = await load(await project(context, ASSET_BASE));
  assert.equal(written.organization.idesignThreshold, 10);
  assert.equal(written.organizationSource, "config/organization.yaml");
});

test("R-31 an organization that cannot be read stops the load", async (context) => {
  const dir = await project(context, { ...ASSET_BASE, "config/organization.yaml": "name: [" });
  assert.deepEqual(
    [...new Set(codes(await problemsOf(dir)))],
    ["file-syntax config/organization.yaml"],
  );
});

test("R-80 the first source of the organization counts, and each other one is named", async (context) => {
  const text = (name: string): object => ({ name, vision: "v", ethos: "e" });
  const dir = await project(context, {
    ...ASSET_BASE,
    "model/organization.json": JSON.stringify(text("third")),
    "config/organization.yaml": text("second"),
  });
  const second = await load(dir);
  assert.equal(second.organization.name, "second");
  assert.match(
    second.warnings[0]?.found ?? "",
    /model\/organization.json beside config\/organization.yaml/,
  );
  assert.deepEqual(codes(second.warnings), ["organization-shadowed model/organization.json"]);
  await writeFiles(dir, {
    "config/org_info.yaml": { ...text("first"), departments: ["core", "sales"] },
    "config/architecture.jsonc":
      '{"architecture": {"idesign_threshold": 3}, "departments": ["core"]}',
  });
  const first = await load(dir);
  assert.equal(first.organization.name, "first");
  assert.equal(first.organization.idesignThreshold, 3);
  assert.deepEqual(first.organization.departments, ["core"]);
  assert.equal(first.organizationSource, "config/org_info.yaml + config/architecture.jsonc");
  assert.deepEqual(codes(first.warnings), [
    "organization-shadowed config/organization.yaml",
    "organization-shadowed model/organization.json",
  ]);
});

test("name and vision can be replaced from outside; a blank replaces nothing", async (context) => {
  const dir = await project(context, ASSET_BASE);
  const { organization } = await load(dir, { orgName: "Other", orgVision: " " });
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
  const { warnings } = await load(await project(context, files));
  assert.deepEqual(codes(warnings), [
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
  const dir = await project(context, {
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
  const { warnings } = await load(dir);
  assert.deepEqual(
    warnings.map(({ code, path }) => `${code} ${path}`),
    [
      "verification-path $.issues[0].verification.fixture_path",
      "verification-path $.issues[1].verification.fixture_path",
    ],
  );
});

test("R-46 a reference counts for where its links lead", async (context) => {
  const outside = await project(context, { "x.md": "x" });
  const dir = await project(context, {
    ...ASSET_BASE,
    "docs/x.md": "x",
    ".env": "x",
    [EPIC]: epicOf([], {
      references: ["in/x.md", "out/x.md", "out/missing.md", "env.md", "loop/x"],
    }),
  });
  await symlink("docs", join(dir, "in"));
  await symlink(outside, join(dir, "out"));
  await symlink(".env", join(dir, "env.md"));
  await symlink("loop", join(dir, "loop"));
  const problems = await problemsOf(dir);
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${path}`),
    [
      "reference-outside $.references[1]",
      "reference-outside $.references[2]",
      "reference-protected $.references[3]",
      "reference-outside $.references[4]",
    ],
  );
});

test("a link to an asset is followed inside of the project and refused out of it", async (context) => {
  const outside = await project(context, {
    "team.yaml": ASSET_BASE["model/core/teams/crew.yaml"],
    "roles/x.yaml": { name: "x", description: "x" },
  });
  const dir = await project(context, {
    ...ASSET_BASE,
    "shared/crew.yaml": ASSET_BASE["model/core/teams/crew.yaml"],
  });
  await rm(join(dir, "model/core/teams/crew.yaml"));
  await symlink("../../../shared/crew.yaml", join(dir, "model/core/teams/crew.yaml"));
  await load(dir);
  await symlink(join(outside, "team.yaml"), join(dir, "model/core/teams/other.yaml"));
  await symlink("nowhere.yaml", join(dir, "model/core/teams/gone.yaml"));
  await mkdir(join(dir, "model/sales"));
  await symlink(join(outside, "roles"), join(dir, "model/sales/roles"));
  assert.deepEqual(codes(await problemsOf(dir)), [
    "file-unreadable model/core/teams/gone.yaml",
    "file-link model/core/teams/other.yaml",
    "file-link model/sales/roles",
  ]);
});

test("files that are too large, no text, no files or no assets are told, not read", async (context) => {
  const dir = await project(context, {
    ...ASSET_BASE,
    "model/core/teams/big.yaml": `# ${"x".repeat(FILE_BYTES_MAX)}`,
    "model/core/epcis/a.yaml": "x: 1",
    "model/core/teams/notes.md": "x",
    "model/core/teams/crew.toml": "x",
  });
  await writeFile(join(dir, "model/core/roles/utf16.yaml"), Buffer.from([0xff, 0xfe, 0x61, 0x00]));
  await mkdir(join(dir, "model/core/roles/folder.yaml"));
  execFileSync("mkfifo", [join(dir, "model/core/roles/pipe.yaml")]);
  const problems = await problemsOf(dir);
  assert.deepEqual(codes(problems), [
    "file-unreadable model/core/roles/folder.yaml",
    "file-unreadable model/core/roles/pipe.yaml",
    "file-encoding model/core/roles/utf16.yaml",
    "file-too-large model/core/teams/big.yaml",
  ]);
  for (const name of ["roles/utf16.yaml", "roles/folder.yaml", "roles/pipe.yaml", "teams/big.yaml"])
    await rm(join(dir, "model/core", name), { recursive: true });
  const { warnings } = await load(dir);
  assert.deepEqual(
    warnings.map(({ file, expected }) => [file, expected]),
    [
      ["model/core/epcis", "epics (did you mean that?)"],
      ["model/core/teams/crew.toml", "an asset, or nothing"],
    ],
  );
});

test("a missing project folder is one problem, an empty one none", async (context) => {
  const dir = await tempFolder(context);
  assert.deepEqual(codes(await problemsOf(join(dir, "gone"))), ["project-missing ."]);
  const assets = await load(dir);
  assert.deepEqual(Object.keys(assets.dialects), ["deepseek", "qwen", "llama", "phi", "generic"]);
  assert.deepEqual(Object.keys(assets.departments), ["core"]);
});

test("a project's dialect takes the place of the built-in one of its family", async (context) => {
  const dialect = (text: string): object => ({
    model_family: "Qwen",
    dsl_format: text,
    constraints: [],
    hallucination_guard: "",
  });
  const dir = await project(context, {
    "model/core/dialects/x.yaml": dialect("core"),
    "model/sales/dialects/x.yaml": dialect("sales"),
  });
  assert.equal((await load(dir)).dialects["qwen"]?.dslFormat, "sales");
  await writeFiles(dir, {
    "config/dialects/y.yaml": dialect("config"),
    "model/core/dialects/z.yaml": { ...dialect("z"), model_family: "mistral" },
  });
  const { dialects, warnings } = await load(dir);
  assert.equal(dialects["qwen"]?.dslFormat, "config");
  assert.deepEqual(codes(warnings), ["dialect-unused model/core/dialects/z.yaml"]);
});

test("an epic and a rock may share a name; an issue file of its own is told as an orphan", async (context) => {
  const files = {
    ...ASSET_BASE,
    "model/core/rocks/work.yaml": { epics: [{ epic: "work" }] },
    "model/core/issues/alone.yaml": { summary: "x" },
  };
  const { warnings, rocks } = await load(await project(context, files));
  assert.equal(rocks["core/work"]?.id, "work");
  assert.deepEqual(codes(warnings), [
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
  const rock = (await load(await project(context, files))).rocks["core/goal"];
  assert.deepEqual(rock?.epics, [
    { epic: "work", department: "core", dependsOn: null },
    { epic: "b", department: "core", dependsOn: [] },
    { epic: "c", department: "sales", dependsOn: ["work", "b"] },
  ]);
});

test("R-86 a file is parsed once per change, and a second load parses nothing", async (context) => {
  const dir = await project(context, ASSET_BASE);
  const parsed: string[] = [];
  const assets = createDiskAssets({
    projectDir: dir,
    env: {},
    onParse: (file) => parsed.push(file),
  });
  const parsesOf = async (): Promise<readonly string[]> => {
    parsed.length = 0;
    assert.ok((await assets.load()).ok);
    return [...parsed];
  };
  assert.equal((await parsesOf()).length, Object.keys(ASSET_BASE).length);
  assert.deepEqual(await parsesOf(), []);
  await writeFiles(dir, { [EPIC]: epicOf([{ id: "new" }]) });
  assert.deepEqual(await parsesOf(), [EPIC]);
  await utimes(join(dir, "model/core/roles/coder.yaml"), 1, 1);
  assert.deepEqual(await parsesOf(), ["model/core/roles/coder.yaml"]);
  assert.deepEqual(await parsesOf(), []);
});

test("R-86 a change that keeps size and time is still seen", async (context) => {
  const dir = await project(context, ASSET_BASE);
  const file = "model/core/environments/local.yaml";
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const modelAfter = async (model: string): Promise<string | undefined> => {
    await writeFiles(dir, { [file]: `name: local\nmodel: ${model}\n` });
    await utimes(join(dir, file), 1, 1);
    const loaded = await assets.load();
    return loaded.ok ? loaded.value.environments["core/local"]?.model : undefined;
  };
  assert.equal(await modelAfter("scripted:a"), "scripted:a");
  assert.equal(await modelAfter("scripted:b"), "scripted:b");
});

test("what one load gave out cannot be changed for the next", async (context) => {
  const dir = await project(context, {
    ...ASSET_BASE,
    [EPIC]: epicOf([{ id: "a", params: { deep: { x: 1 } } }]),
  });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const first = await assets.load();
  const params = first.ok ? first.value.epics["core/work"]?.issues[0]?.params : null;
  assert.throws(() => Object.assign((params as { deep: object }).deep, { x: 2 }), TypeError);
});

test("loads at the same time, while files are replaced, give whole projects or problems, never a mixture of bytes", async (context) => {
  const dir = await project(context, ASSET_BASE);
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const versions = ["short", `long ${"x".repeat(20_000)}`];
  const writer = (async () => {
    for (let round = 0; round < 40; round += 1) {
      await writeFiles(dir, { "tmp/epic.yaml": epicOf([], { description: versions[round % 2] }) });
      await rename(join(dir, "tmp/epic.yaml"), join(dir, EPIC));
    }
  })();
  const loads = await Promise.all(Array.from({ length: 20 }, () => assets.load()));
  await writer;
  for (const loaded of loads) {
    const description = loaded.ok ? loaded.value.epics["core/work"]?.description : "";
    assert.ok(loaded.ok && [...versions, ""].includes(description ?? "?"));
  }
});

test("ten thousand issues load in a few seconds, good or bad, and again at once", async (context) => {
  const count = 10_000;
  const good = Array.from({ length: count }, (_, place) => ({
    id: `c-${place}`,
    summary: `Card ${place}`,
    depends_on: place === 0 ? [] : [`c-${place - 1}`],
  }));
  const dir = await project(context, {
    ...ASSET_BASE,
    [EPIC]: null,
    "model/core/epics/big.json": JSON.stringify(epicOf(good)),
  });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await assets.load();
    return performance.now() - start;
  };
  assert.ok((await timed()) < 5000);
  assert.ok((await timed()) < 2000);
  const bad = good.map(({ id }) => ({
    id,
    seat: `nobody-${id}`,
    depends_on: [`${id}-x`],
    more: 1,
  }));
  await writeFiles(dir, { "model/core/epics/big.json": JSON.stringify(epicOf(bad)) });
  assert.ok((await timed()) < 5000);
  assert.equal((await problemsOf(dir)).length, 3 * count);
});

test("R-67 nonsense in any file gives problems, never an exception", async (context) => {
  const dir = await project(context, ASSET_BASE);
  const files = [
    ...Object.keys(ASSET_BASE),
    "model/core/rocks/r.json",
    "model/core/issues/i.json",
    "config/org_info.json",
    "model/core/dialects/d.json",
  ];
  const word = fc.constantFrom(
    "name",
    "summary",
    "seats",
    "roles",
    "issues",
    "epics",
    "verification",
    "scenarios",
    "process_rules",
    "plan",
    "planner_node",
    "depends_on",
    "id",
    "toString",
    "constructor",
    "params",
    "priority",
    "team",
  );
  const junk = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(word, tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  const text = fc.oneof(
    junk.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.constantFrom("{", "- - -", "&a [*a]", "!!js/function x", "\u0000", "? ? ?", "{{}}", "a: *b"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...files), text), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        await writeFiles(dir, { ...ASSET_BASE, ...Object.fromEntries(changes) });
        const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
        for (const { file, path, code, found, expected } of loaded.ok ? [] : loaded.error) {
          assert.ok(
            file !== "" && path.startsWith("$") && code !== "" && found !== "" && expected !== "",
          );
        }
        for (const [file] of changes) await rm(join(dir, file), { force: true });
      },
    ),
    { numRuns: 150 },
  );
});

test("text is read through no link, from no second name and from no pipe", async (context) => {
  const outside = await project(context, { "secret.md": "secret" });
  const dir = await project(context, { "docs/x.md": "x", "real/y.md": "y" });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  await symlink(join(outside, "secret.md"), join(dir, "docs/file-link.md"));
  await symlink("x.md", join(dir, "docs/inner-link.md"));
  await symlink(outside, join(dir, "docs/folder-link"));
  await symlink("../real", join(dir, "docs/inner-folder"));
  await link(join(outside, "secret.md"), join(dir, "docs/hard.md"));
  execFileSync("mkfifo", [join(dir, "docs/pipe.md")]);
  for (const path of [
    "file-link.md",
    "inner-link.md",
    "folder-link/secret.md",
    "inner-folder/y.md",
    "hard.md",
    "pipe.md",
  ]) {
    assert.equal(await assets.readText(`docs/${path}`, 100), null, path);
  }
  assert.equal(await assets.readText("docs/x.md", 100), "x");
});

test("a folder that is swapped for a link while it is read never lets text out", async (context) => {
  const outside = await project(context, { "x.md": "secret" });
  const dir = await project(context, { "docs/x.md": "open" });
  const assets = createDiskAssets({ projectDir: dir, env: {} });
  let going = true;
  const attacker = (async () => {
    await symlink(outside, join(dir, "link"));
    while (going) {
      await rename(join(dir, "docs"), join(dir, "aside"));
      await rename(join(dir, "link"), join(dir, "docs"));
      await rename(join(dir, "docs"), join(dir, "link"));
      await rename(join(dir, "aside"), join(dir, "docs"));
    }
  })();
  const seen = new Set<string | null>();
  for (let round = 0; round < 2000; round += 1) seen.add(await assets.readText("docs/x.md", 100));
  going = false;
  await attacker;
  assert.ok(seen.has("open"));
  assert.ok(!seen.has("secret"));
});
