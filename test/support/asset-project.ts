// A small valid project as files, for tests that make one thing wrong in it.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import { createDiskAssets } from "../../src/adapters/assets/disk.ts";
import type { AssetProblem, ProjectAssets } from "../../src/domain/assets.ts";
import { tempFolder } from "./temp-folder.ts";

/** Path → text, or a value written as YAML; null leaves the file out. */
export type ProjectFiles = Readonly<Record<string, unknown>>;

/** An epic of the base's team and environment; its issues work on the seat `coder` when they do not say. */
export const epicOf = (issues: readonly object[], more: object = {}): object => ({
  summary: "Some work",
  team: "crew",
  environment: "local",
  issues: issues.map((issue) => ({ seat: "coder", ...issue })),
  ...more,
});

export const ASSET_BASE: ProjectFiles = {
  "config/organization.yaml": { name: "a", vision: "b", ethos: "c" },
  "model/core/teams/crew.yaml": {
    name: "Crew",
    seats: {
      coder: { name: "Coder", roles: ["coder"] },
      "lead guard": { name: "Guard", roles: ["Integrity Guard"] },
    },
  },
  "model/core/roles/coder.yaml": {
    name: "coder",
    description: "Codes.",
    tools: ["read_file", "write_file"],
  },
  "model/core/roles/integrity_guard.yaml": {
    name: "The guard",
    description: "Guards.",
    tools: ["read_file"],
  },
  "model/core/environments/local.yaml": { name: "local", model: "scripted:script.yaml" },
  "model/core/epics/work.yaml": epicOf([]),
};

export async function writeFiles(dir: string, files: ProjectFiles): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) continue;
    await mkdir(join(dir, dirname(path)), { recursive: true });
    await writeFile(join(dir, path), typeof content === "string" ? content : stringify(content));
  }
}

export async function projectFolder(context: TestContext, files: ProjectFiles): Promise<string> {
  const dir = await tempFolder(context);
  await writeFiles(dir, files);
  return dir;
}

/** The assets of a project that is to load. */
export async function loadAssets(
  dir: string,
  env: { readonly orgName?: string; readonly orgVision?: string } = {},
): Promise<ProjectAssets> {
  const loaded = await createDiskAssets({ projectDir: dir, env }).load();
  assert.ok(loaded.ok, JSON.stringify(loaded.ok ? "" : loaded.error, null, 1));
  return loaded.value;
}

export async function assetProblems(dir: string): Promise<readonly AssetProblem[]> {
  const loaded = await createDiskAssets({ projectDir: dir, env: {} }).load();
  return loaded.ok ? [] : loaded.error;
}

export const assetCodes = (problems: readonly AssetProblem[]): readonly string[] =>
  problems.map(({ code, file }) => `${code} ${file}`);
