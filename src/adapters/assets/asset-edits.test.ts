// The edits on a real folder: against the contract, and where somebody else writes at the worst moment.
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testAssetEdits } from "../../../test/contract/asset-edits.suite.ts";
import { ASSET_BASE, epicOf, projectFolder } from "../../../test/support/asset-project.ts";
import { folderTexts } from "../../../test/support/project-files.ts";
import type { AssetAction } from "../../domain/driver-plan.ts";
import { EngineError } from "../../domain/errors.ts";
import { createAssetEdits } from "./asset-edits.ts";

testAssetEdits("disk", (dir) =>
  createAssetEdits({ projectDir: dir, stateDir: join(dir, ".orket"), env: {} }),
);

const issueFor = (epic: string): AssetAction => ({
  action: "create_issue",
  department: "core",
  epic,
  issue: { summary: "New", seat: "coder" },
});

const FILES = {
  ...ASSET_BASE,
  "model/core/epics/a.yaml": epicOf([{ summary: "a" }]),
  "model/core/epics/b.yaml": epicOf([{ summary: "b" }]),
};

test("a file that changes between two others of its plan stays, and the others are taken back", async (context) => {
  const dir = await projectFolder(context, FILES);
  const before = await folderTexts(dir);
  const place = join(dir, "model/core/epics/b.yaml");
  const edits = createAssetEdits({
    projectDir: dir,
    stateDir: join(dir, ".orket"),
    env: {},
    onStep: (step) => {
      if (step === "placed model/core/epics/a.yaml") writeFileSync(place, "summary: mine\n");
    },
  });
  mkdirSync(join(dir, ".orket"));
  const files = await edits.draft([
    { place: 0, action: issueFor("a") },
    { place: 1, action: issueFor("b") },
  ]);
  assert.ok(files.ok);
  const applied = await edits.apply({ id: "plan-1", files: files.value, record: {} });
  assert.equal(!applied.ok && applied.error.code, "FILE_STALE");
  assert.deepEqual(await folderTexts(dir), {
    ...before,
    "model/core/epics/b.yaml": "summary: mine\n",
  });
  assert.deepEqual(await edits.pending(), []);
});

test("a name that is taken while its file is written is not overwritten", async (context) => {
  const dir = await projectFolder(context, FILES);
  const place = join(dir, "model/core/epics/c.yaml");
  mkdirSync(join(dir, ".orket"));
  const edits = createAssetEdits({
    projectDir: dir,
    stateDir: join(dir, ".orket"),
    env: {},
    onStep: (step) => {
      if (step === "written model/core/epics/c.yaml") writeFileSync(place, "mine\n");
    },
  });
  const change = { file: "model/core/epics/c.yaml", before: null, after: "theirs\n" };
  const applied = await edits.apply({ id: "plan-1", files: [change], record: {} });
  assert.equal(!applied.ok && applied.error.code, "FILE_STALE");
  assert.equal(readFileSync(place, "utf8"), "mine\n");
});

test("a failure in the middle takes back what was done and says what it was", async (context) => {
  const dir = await projectFolder(context, FILES);
  const before = await folderTexts(dir);
  mkdirSync(join(dir, ".orket"));
  const place = join(dir, "model/core/epics/b.yaml");
  const text = readFileSync(place);
  const edits = createAssetEdits({
    projectDir: dir,
    stateDir: join(dir, ".orket"),
    env: {},
    onStep: (step) => {
      if (step === "placed model/core/epics/a.yaml") {
        rmSync(place);
        mkdirSync(place);
      }
    },
  });
  const files = await edits.draft([
    { place: 0, action: issueFor("a") },
    { place: 1, action: issueFor("b") },
  ]);
  assert.ok(files.ok);
  await assert.rejects(
    edits.apply({ id: "plan-1", files: files.value, record: {} }),
    (error) => error instanceof EngineError && error.code === "FILE_UNFIT",
  );
  rmSync(place, { recursive: true });
  writeFileSync(place, text);
  assert.deepEqual(await folderTexts(dir), before);
});

const NOBODY = 65_534;

function openToAll(dir: string, except: string): void {
  for (const name of [".", ...readdirSync(dir, { recursive: true, encoding: "utf8" })]) {
    const path = join(dir, name);
    if (path !== except) chmodSync(path, statSync(path).isDirectory() ? 0o777 : 0o666);
  }
}

test("a folder that cannot be written is told as that", async (context) => {
  const dir = await projectFolder(context, FILES);
  const folder = join(dir, "model/core/epics");
  mkdirSync(join(dir, ".orket"));
  const edits = createAssetEdits({ projectDir: dir, stateDir: join(dir, ".orket"), env: {} });
  const files = await edits.draft([{ place: 0, action: issueFor("a") }]);
  assert.ok(files.ok);
  chmodSync(folder, 0o555);
  // Root may write everywhere; as nobody it may not, and everything else is made open to nobody.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) openToAll(dir, folder);
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    await assert.rejects(
      edits.apply({ id: "plan-1", files: files.value, record: {} }),
      (error) => error instanceof EngineError && error.code === "PROJECT_READ_ONLY",
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
});
