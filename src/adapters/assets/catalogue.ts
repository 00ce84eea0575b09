// The checked files of a project by kind and name, and the order in which a name is looked up in them.
import type { CheckedFile } from "./file-cache.ts";
import { CONFIG_SCOPE, CORE_DEPARTMENT } from "./project-files.ts";
import type { Report } from "./report.ts";
import type { AssetKind } from "./schemas/kinds.ts";

export type Catalogue = {
  /** Those that count, in the order of their files; one below `config/` hides every department's own of its name. */
  readonly all: <Kind extends AssetKind>(kind: Kind) => readonly CheckedFile<Kind>[];
  /** `config/`, then the department, then `core`. A file that cannot be used is found all the same. */
  readonly find: <Kind extends AssetKind>(
    kind: Kind,
    department: string,
    name: string,
  ) => CheckedFile<Kind> | undefined;
  readonly names: (kind: AssetKind) => readonly string[];
};

/** The department in which a file stands; what lies below `config/` belongs to the core. */
export const departmentOf = ({ asset }: CheckedFile): string =>
  asset.scope === CONFIG_SCOPE ? CORE_DEPARTMENT : asset.scope;

/** As the maps of the loaded project have it. */
export const keyOfFile = ({ asset }: CheckedFile): string => `${asset.scope}/${asset.stem}`;

export function createCatalogue(files: readonly CheckedFile[], report: Report): Catalogue {
  const byKind = new Map<AssetKind, Map<string, CheckedFile>>();
  for (const checked of files) {
    const { kind, scope, stem } = checked.asset;
    const assets = byKind.get(kind) ?? new Map<string, CheckedFile>();
    byKind.set(kind, assets.set(`${scope}/${stem}`, checked));
  }
  for (const assets of byKind.values()) hideShadowed(assets, report);
  return {
    all: <Kind extends AssetKind>(kind: Kind) =>
      [...(byKind.get(kind)?.values() ?? [])] as unknown as CheckedFile<Kind>[],
    find: <Kind extends AssetKind>(kind: Kind, department: string, name: string) => {
      const assets = byKind.get(kind);
      const found =
        assets?.get(`${CONFIG_SCOPE}/${name}`) ??
        assets?.get(`${department}/${name}`) ??
        assets?.get(`${CORE_DEPARTMENT}/${name}`);
      return found as CheckedFile<Kind> | undefined;
    },
    names: (kind) => [...(byKind.get(kind)?.values() ?? [])].map(({ asset }) => asset.stem),
  };
}

function hideShadowed(assets: Map<string, CheckedFile>, report: Report): void {
  for (const [key, { asset }] of assets) {
    const above =
      asset.scope === CONFIG_SCOPE ? undefined : assets.get(`${CONFIG_SCOPE}/${asset.stem}`);
    if (above === undefined) continue;
    assets.delete(key);
    const found = `a file that is never used, because of ${above.asset.file}`;
    report.warning(
      { file: asset.file, path: [] },
      { code: "asset-shadowed", found, expected: "one file of that name" },
    );
  }
}
