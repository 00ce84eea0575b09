// What every way of editing a project's assets must do. The maker opens it on the folder of a project.
import assert from "node:assert/strict";
import { chmod, link, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import type { AssetAction, FileChange } from "../../src/domain/driver-plan.ts";
import { EngineError } from "../../src/domain/errors.ts";
import type { AssetEdits } from "../../src/ports/asset-edits.ts";
import type { ProjectFiles } from "../support/asset-project.ts";
import { ASSET_BASE, epicOf, loadAssets, projectFolder } from "../support/asset-project.ts";
import { folderTexts } from "../support/project-files.ts";

export type OpenEdits = (dir: string) => AssetEdits;

const EPIC = "model/core/epics/work.yaml";
const WORK = `# What the crew does
summary: Some work
team: crew   # the only one
environment: local
issues:
  # First things first
  - id: one
    summary: The first
    seat: coder
  - summary: The second # it has no id
    seat: coder
  - {summary: The third, seat: coder, depends_on: [one]}
`;
const issue = (more: object = {}) => ({ summary: "New work", seat: "coder", ...more });
const toWork = (more: object = {}): AssetAction => ({
  action: "create_issue",
  department: "core",
  epic: "work",
  issue: issue(more),
});
const epic = (name: string, more: object = {}): AssetAction => ({
  action: "create_epic",
  department: "core",
  name,
  summary: "An epic",
  team: "crew",
  environment: "local",
  issues: [],
  ...more,
});
const adopt = (id: string, into: string): AssetAction => ({
  action: "adopt_issue",
  issue: id,
  department: "core",
  epic: into,
});

export function testAssetEdits(name: string, open: OpenEdits): void {
  const start = async (
    context: TestContext,
    files: ProjectFiles = {},
  ): Promise<{ readonly dir: string; readonly edits: AssetEdits }> => {
    const dir = await projectFolder(context, { ...ASSET_BASE, [EPIC]: WORK, ...files });
    await mkdir(join(dir, ".orket"));
    return { dir, edits: open(dir) };
  };
  const draft = async (
    edits: AssetEdits,
    ...actions: readonly AssetAction[]
  ): Promise<readonly FileChange[]> => {
    const made = await edits.draft(actions.map((action, place) => ({ place, action })));
    assert.ok(made.ok, JSON.stringify(made.ok ? null : made.error, null, 1));
    return made.value;
  };
  const problems = async (
    edits: AssetEdits,
    ...actions: readonly AssetAction[]
  ): Promise<readonly string[]> => {
    const made = await edits.draft(actions.map((action, place) => ({ place, action })));
    return made.ok ? [] : made.error.map(({ code, file, path }) => `${code} ${file} ${path}`);
  };
  const applyAll = async (edits: AssetEdits, files: readonly FileChange[]): Promise<boolean> => {
    const applied = await edits.apply({ id: "plan-1", files, record: {} });
    await edits.settle("plan-1");
    return applied.ok;
  };

  test(`${name}: R-46 an issue is added to its epic, and the rest of the file stays`, async (context) => {
    const { dir, edits } = await start(context);
    const before = await folderTexts(dir);
    const files = await draft(edits, toWork({ priority: "high" }));
    assert.deepEqual(await folderTexts(dir), before);
    assert.deepEqual(files, [
      {
        file: EPIC,
        before: WORK,
        after: `${WORK}  - summary: New work\n    priority: high\n    seat: coder\n`,
      },
    ]);
    assert.ok(await applyAll(edits, files));
    assert.deepEqual(await folderTexts(dir), { ...before, [EPIC]: files[0]?.after });
    assert.equal((await loadAssets(dir)).epics["core/work"]?.issues.length, 4);
  });

  test(`${name}: an epic and a rock are created together, in folders that were not there`, async (context) => {
    const { dir, edits } = await start(context, {
      "config/organization.yaml": {
        name: "a",
        vision: "b",
        ethos: "c",
        departments: ["core", "web"],
      },
    });
    const files = await draft(
      edits,
      { ...epic("site", { issues: [issue({ id: "s-1" })] }), department: "web" },
      { ...toWork({ depends_on: ["s-1"] }), department: "web", epic: "site" } as AssetAction,
      {
        action: "create_rock",
        department: "core",
        name: "big",
        epics: [
          { epic: "site", department: "web" },
          { epic: "work", depends_on: [] },
        ],
      },
    );
    assert.ok(await applyAll(edits, files));
    const assets = await loadAssets(dir);
    assert.deepEqual(
      assets.epics["web/site"]?.issues.map(({ dependsOn }) => dependsOn),
      [[], ["s-1"]],
    );
    assert.deepEqual(assets.rocks["core/big"]?.epics, [
      { epic: "site", department: "web", dependsOn: null },
      { epic: "work", department: "core", dependsOn: [] },
    ]);
  });

  test(`${name}: epics are added to a rock that exists, which nothing else may change`, async (context) => {
    const rock = "# The goal\nsummary: Big\nepics:\n  - epic: work # now\n";
    const { edits } = await start(context, { "model/core/rocks/big.yaml": rock });
    const adding = (more: object = {}): AssetAction => ({
      action: "create_rock",
      department: "core",
      name: "big",
      epics: [{ epic: "work" }, { epic: "next", depends_on: [] }],
      ...more,
    });
    const [, change] = await draft(edits, epic("next"), adding({ summary: "Big" }));
    assert.equal(change?.after, `${rock}  - epic: next\n    depends_on: []\n`);
    assert.deepEqual(await problems(edits, epic("next"), adding({ task: "Another" })), [
      "asset-exists plan $.actions[1].task",
    ]);
  });

  test(`${name}: an adopted issue keeps its id and its comments, and so do those it leaves`, async (context) => {
    const { dir, edits } = await start(context);
    const before = (await loadAssets(dir)).epics["core/work"]?.issues.map(({ id }) => id) ?? [];
    const [, second = "", third = ""] = before;
    const files = await draft(edits, epic("other"), adopt(second.toUpperCase(), "other"));
    assert.ok(await applyAll(edits, files));
    const { epics } = await loadAssets(dir);
    assert.deepEqual(
      epics["core/work"]?.issues.map(({ id }) => id),
      ["one", third],
    );
    assert.deepEqual(
      epics["core/other"]?.issues.map(({ id }) => id),
      [second],
    );
    const moved = await readFile(join(dir, "model/core/epics/other.yaml"), "utf8");
    assert.ok(moved.includes("summary: The second # it has no id\n"), moved);
    const left = await readFile(join(dir, EPIC), "utf8");
    assert.ok(left.startsWith(WORK.slice(0, WORK.indexOf("  - summary: The second"))), left);
  });

  test(`${name}: R-05 an issue in a file of its own is adopted, and the file goes`, async (context) => {
    const lost =
      "# Who wanted this?\nsummary: Lost # and found\nseat: coder\nrequirements: |\n  One\n\n  Two\n";
    const { dir, edits } = await start(context, {
      "model/core/issues/lost-one.yaml": lost,
      "model/core/issues/json.json":
        '{ "$schema": "x", "id": "J", "summary": "J", "seat": "coder" }',
    });
    const files = await draft(edits, adopt("lost-one", "work"), adopt("J", "work"));
    assert.ok(await applyAll(edits, files));
    const assets = await loadAssets(dir);
    assert.deepEqual(assets.looseIssues, []);
    const issues = assets.epics["core/work"]?.issues ?? [];
    assert.deepEqual(
      issues.slice(3).map(({ id, requirements }) => [id, requirements]),
      [
        ["lost-one", "One\n\nTwo\n"],
        ["J", ""],
      ],
    );
    const text = await readFile(join(dir, EPIC), "utf8");
    assert.ok(
      text.includes("  # Who wanted this?\n  - id: lost-one\n    summary: Lost # and found\n"),
    );
  });

  test(`${name}: issues are adopted out of JSON and into it`, async (context) => {
    const json = `{\n  // comment\n  "summary": "J", "team": "crew", "environment": "local",\n  "cards": [\n    { "summary": "First", "seat": "coder" },\n    { "summary": "Second", "seat": "coder" }\n  ]\n}\n`;
    const { dir, edits } = await start(context, { "model/core/epics/j.jsonc": json });
    const idsOf = async (key: string): Promise<readonly string[]> =>
      (await loadAssets(dir)).epics[key]?.issues.map(({ id }) => id) ?? [];
    const [first = "", second] = await idsOf("core/j");
    const [, moved = ""] = await idsOf("core/work");
    assert.ok(await applyAll(edits, await draft(edits, adopt(first, "work"), adopt(moved, "j"))));
    assert.deepEqual(await idsOf("core/j"), [second, moved]);
    assert.ok((await idsOf("core/work")).includes(first));
    const text = await readFile(join(dir, "model/core/epics/j.jsonc"), "utf8");
    assert.ok(text.includes("  // comment\n"), text);
  });

  test(`${name}: a team is assigned where it stands`, async (context) => {
    const other = {
      "model/core/teams/other.yaml": { ...(ASSET_BASE["model/core/teams/crew.yaml"] as object) },
    };
    const { edits } = await start(context, other);
    const assign = (team: string): AssetAction => ({
      action: "assign_team",
      department: "core",
      epic: "WORK",
      team,
    });
    const [change] = await draft(edits, assign("other"));
    assert.equal(change?.after, WORK.replace("team: crew ", "team: other "));
    assert.deepEqual(await problems(edits, assign("nobody")), [`team-missing ${EPIC} $.team`]);
    assert.deepEqual(await draft(edits, assign("crew")), []);
  });

  test(`${name}: R-46 a plan that would not load, or names what is not there, is refused with every problem`, async (context) => {
    const { dir, edits } = await start(context);
    const before = await folderTexts(dir);
    const cases: readonly (readonly [readonly AssetAction[], readonly string[]])[] = [
      [
        [{ ...toWork(), department: "sales" } as AssetAction, adopt("nobody", "work")],
        [
          "department-missing plan $.actions[0].department",
          "issue-missing plan $.actions[1].issue",
        ],
      ],
      [
        [{ ...toWork(), department: "../.." } as AssetAction, epic("/etc/passwd")],
        ["name-invalid plan $.actions[0].department", "name-invalid plan $.actions[1].name"],
      ],
      [
        [{ ...toWork(), department: "config" } as AssetAction],
        ["department-missing plan $.actions[0].department"],
      ],
      [[{ ...toWork(), epic: "wrok" } as AssetAction], ["epic-missing plan $.actions[0].epic"]],
      [[epic("work")], ["asset-exists plan $.actions[0].name"]],
      [[epic("Work")], ["asset-exists plan $.actions[0].name"]],
      [
        [epic("x", { team: "nobody", environment: "nowhere" })],
        [
          "environment-missing model/core/epics/x.yaml $.environment",
          "team-missing model/core/epics/x.yaml $.team",
        ],
      ],
      [[toWork({ id: "ONE" })], [`id-duplicate ${EPIC} $.issues[3].id`]],
      [[toWork({ seat: "nobody" })], [`seat-missing ${EPIC} $.issues[3].seat`]],
      [[toWork({ priority: "soonish" })], [`value-invalid ${EPIC} $.issues[3].priority`]],
      [
        [toWork({ id: "x", depends_on: ["y"] }), toWork({ id: "y", depends_on: ["x"] })],
        [`dependency-cycle ${EPIC} $.issues[3].depends_on`],
      ],
      [[adopt("one", "work")], ["issue-present plan $.actions[0].issue"]],
      [[epic("x"), adopt("one", "x")], [`dependency-missing ${EPIC} $.issues[1].depends_on[0]`]],
    ];
    for (const [actions, expected] of cases)
      assert.deepEqual(await problems(edits, ...actions), expected, JSON.stringify(actions));
    assert.deepEqual(await folderTexts(dir), before);
  });

  test(`${name}: an issue cannot be moved twice, and what lies below config is left alone`, async (context) => {
    const shared = { "config/epics/shared.yaml": epicOf([{ id: "s" }]) };
    const { edits } = await start(context, shared);
    assert.deepEqual(
      await problems(edits, epic("x"), epic("y"), adopt("one", "x"), adopt("one", "y")),
      ["issue-missing plan $.actions[3].issue"],
    );
    assert.deepEqual(await problems(edits, { ...toWork(), epic: "shared" } as AssetAction), [
      "asset-shared plan $.actions[0].epic",
    ]);
    assert.equal((await problems(edits, adopt("s", "work"))).length, 1);
  });

  test(`${name}: a project that does not load is told as it is`, async (context) => {
    const { edits } = await start(context, { "model/core/epics/bad.yaml": "summary: [" });
    assert.match(
      (await problems(edits, toWork()))[0] ?? "",
      /^file-syntax model\/core\/epics\/bad/,
    );
  });

  test(`${name}: nothing is applied when a file changed, came or went since the draft`, async (context) => {
    const { dir, edits } = await start(context);
    const files = await draft(edits, toWork(), epic("next"));
    const changes: readonly (() => Promise<unknown>)[] = [
      async () => writeFile(join(dir, EPIC), `${WORK}# more\n`),
      async () => rm(join(dir, EPIC)),
      async () => writeFile(join(dir, "model/core/epics/next.yaml"), "summary: mine\n"),
    ];
    for (const change of changes) {
      await writeFile(join(dir, EPIC), WORK);
      await change();
      const before = await folderTexts(dir);
      const applied = await edits.apply({ id: "plan-1", files, record: {} });
      assert.equal(!applied.ok && applied.error.code, "FILE_STALE");
      assert.deepEqual(await folderTexts(dir), before);
      assert.deepEqual(await edits.pending(), []);
    }
  });

  test(`${name}: R-46 nothing is read or written through a link, a second name or a special file`, async (context) => {
    const { dir, edits } = await start(context);
    const outside = await projectFolder(context, { "epics/work.yaml": WORK });
    const files = await draft(edits, toWork());
    const place = join(dir, EPIC);
    const traps: readonly (() => Promise<unknown>)[] = [
      async () => symlink(join(outside, "epics/work.yaml"), place),
      async () => link(join(outside, "epics/work.yaml"), place),
      async () => mkdir(place),
      async () => {
        await rm(dirname(place), { recursive: true });
        await symlink(join(outside, "epics"), dirname(place));
      },
    ];
    const before = await folderTexts(outside);
    for (const trap of traps) {
      await rm(place, { recursive: true, force: true });
      await trap();
      await assert.rejects(
        edits.apply({ id: "plan-1", files, record: {} }),
        (error) => error instanceof EngineError && error.code === "FILE_UNFIT",
      );
      assert.ok((await problems(edits, toWork())).length > 0);
      assert.deepEqual(await folderTexts(outside), before);
    }
  });

  test(`${name}: a file outside of a department's category folders cannot be applied, whoever asks`, async (context) => {
    const { dir, edits } = await start(context);
    const before = await folderTexts(dir);
    for (const file of [
      "../x.yaml",
      "/etc/x.yaml",
      "config/organization.yaml",
      "model/core/x.yaml",
      "model/core/epics/../../../x.yaml",
      "model/core/epics/a/b.yaml",
      "model/core/epics/.x.yaml",
      "model/core/epics/x.sh",
      "model/core/nodes/x.yaml",
      "model/../epics/x.yaml",
    ]) {
      const change = { file, before: null, after: "x: 1\n" };
      await assert.rejects(
        edits.apply({ id: "plan-1", files: [change], record: {} }),
        (error) => error instanceof EngineError && error.code === "PATH_ESCAPE",
        file,
      );
    }
    assert.deepEqual(await folderTexts(dir), before);
  });

  test(`${name}: what was applied stays pending until it is settled, and can be taken back`, async (context) => {
    const lost = { "model/core/issues/lost.yaml": { summary: "Lost", seat: "coder" } };
    const { dir, edits } = await start(context, lost);
    const before = await folderTexts(dir);
    const rock: AssetAction = {
      action: "create_rock",
      department: "core",
      name: "big",
      epics: [{ epic: "work" }],
    };
    const files = await draft(edits, adopt("lost", "work"), rock);
    assert.ok((await edits.apply({ id: "plan-1", files, record: { why: "test" } })).ok);
    assert.deepEqual(
      (await edits.pending()).map(({ id, record }) => [id, record]),
      [["plan-1", { why: "test" }]],
    );
    assert.ok(await edits.recover("plan-1"));
    await edits.undo("plan-1");
    assert.deepEqual(await folderTexts(dir), before);
    assert.deepEqual(await edits.pending(), []);
    await edits.undo("plan-1");
    assert.equal(await edits.recover("plan-1"), false);
  });

  test(`${name}: the rights of a file stay`, async (context) => {
    const { dir, edits } = await start(context);
    await chmod(join(dir, EPIC), 0o640);
    assert.ok(await applyAll(edits, await draft(edits, toWork())));
    const { stat } = await import("node:fs/promises");
    assert.equal((await stat(join(dir, EPIC))).mode & 0o777, 0o640);
  });

  test(`${name}: a journal that cannot be read stops with its name instead of guessing`, async (context) => {
    const { dir, edits } = await start(context);
    await mkdir(join(dir, ".orket/plans"));
    await writeFile(join(dir, ".orket/plans/plan-1.json"), stringify({ id: 1 }));
    await assert.rejects(
      edits.pending(),
      (error) => error instanceof EngineError && /plan-1\.json/.test(error.message),
    );
    await rename(join(dir, ".orket/plans/plan-1.json"), join(dir, ".orket/plans/plan-1.tmp"));
    assert.deepEqual(await edits.pending(), []);
    assert.ok(await applyAll(edits, await draft(edits, toWork())));
    assert.deepEqual(await edits.pending(), []);
  });
}
