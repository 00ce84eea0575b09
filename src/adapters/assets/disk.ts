// The assets of a project from its files: the one loader that runs, board, preview and every other reader share.
import type { AssetProblem, ProjectAssets } from "../../domain/assets.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Assets } from "../../ports/assets.ts";
import { assemble } from "./assemble.ts";
import type { FileCache } from "./file-cache.ts";
import { checkFile, createFileCache } from "./file-cache.ts";
import { compareProblems } from "./findings.ts";
import type { AssetFile, Overlay } from "./project-files.ts";
import { listAssetFiles, mapSome, NO_OVERLAY } from "./project-files.ts";
import type { OrganizationNames } from "./read-organization.ts";
import { chooseOrganization, readOrganization } from "./read-organization.ts";
import { readProjectText } from "./read-text.ts";

export type DiskAssetsSettings = {
  readonly projectDir: string;
  /** Take the place of the organization's own; blank counts as unset. */
  readonly env: OrganizationNames;
  /** Told of each file that is parsed, before it is; what comes from memory is not told. */
  readonly onParse?: (file: string) => void;
};

export function createDiskAssets({
  projectDir,
  env,
  onParse = () => {},
}: DiskAssetsSettings): Assets {
  const cache = createFileCache(projectDir, onParse);
  return {
    load: async () => loadProject({ projectDir, env, cache, overlay: NO_OVERLAY }),
    readText: async (path, bytesMax) => readProjectText(projectDir, path, bytesMax),
  };
}

type Source = Pick<DiskAssetsSettings, "projectDir" | "env"> & {
  readonly cache: FileCache;
  /** What is read in place of files, or beside them. */
  readonly overlay: Overlay;
};

export async function loadProject({
  projectDir,
  env,
  cache,
  overlay,
}: Source): Promise<Result<ProjectAssets, readonly AssetProblem[]>> {
  const listing = await listAssetFiles(projectDir, overlay);
  if (listing.problems.some(({ code }) => code === "project-missing"))
    return failed(listing.problems);
  const choice = chooseOrganization(listing.files.filter(({ kind }) => kind === "organization"));
  const used = [...choice.files, ...listing.files.filter(({ kind }) => kind !== "organization")];
  const read = async (asset: AssetFile) => {
    const text = overlay.get(asset.file);
    return typeof text === "string" ? checkFile(asset, Buffer.from(text)) : cache.read(asset);
  };
  const checked = await mapSome(used, read);
  cache.keepOnly(used);
  const { assets, problems } = await assemble({
    projectDir,
    files: checked.slice(choice.files.length),
    departments: listing.departments,
    organization: readOrganization(checked.slice(0, choice.files.length), env),
    warnings: [...listing.warnings, ...choice.warnings],
  });
  const all = [...listing.problems, ...problems];
  if (all.length > 0) return failed(all);
  return ok({ ...assets, warnings: [...assets.warnings].sort(compareProblems) });
}

const failed = (
  problems: readonly AssetProblem[],
): { readonly ok: false; readonly error: readonly AssetProblem[] } => ({
  ok: false,
  error: [...problems].sort(compareProblems),
});
