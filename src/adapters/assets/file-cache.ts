// Files read and checked once per change. A file is taken from memory while its size, its time and its digest are those it
// had; the digest is what tells two writes within one tick of the file system's clock apart.
import { createHash } from "node:crypto";
import type { AssetProblem } from "../../domain/assets.ts";
import { checkAliases, warnOfIgnoredKeys } from "./check-aliases.ts";
import { checkValue } from "./check-value.ts";
import type { Finding } from "./findings.ts";
import { isRecord } from "./findings.ts";
import { FORMAT_BY_EXTENSION, parseBytes } from "./parse-text.ts";
import type { AssetFile, FileBytes } from "./project-files.ts";
import { readAssetFile } from "./project-files.ts";
import type { AssetData, AssetKind } from "./schemas/kinds.ts";

export type CheckedFile<Kind extends AssetKind = AssetKind> = {
  readonly asset: AssetFile;
  /** As it was written; undefined when it could not be read. */
  readonly raw: unknown;
  /** Null when nothing in it can be used. Always null for an organization, whose files are merged first. */
  readonly data: AssetData<Kind> | null;
  readonly problems: readonly AssetProblem[];
  readonly warnings: readonly AssetProblem[];
};

type Cached = {
  readonly size: number;
  readonly modifiedNs: bigint;
  readonly digest: string;
  readonly checked: CheckedFile;
};

export type FileCache = {
  readonly read: (asset: AssetFile) => Promise<CheckedFile>;
  /** Drops what is held of files that are gone. */
  readonly keepOnly: (files: readonly AssetFile[]) => void;
};

export function createFileCache(projectDir: string, onParse: (file: string) => void): FileCache {
  const cached = new Map<string, Cached>();
  return {
    read: async (asset) => {
      const read = await readAssetFile(projectDir, asset.file);
      if (!("bytes" in read)) {
        cached.delete(asset.file);
        return { asset, raw: undefined, data: null, problems: [read], warnings: [] };
      }
      const digest = createHash("sha256").update(read.bytes).digest("hex");
      const known = cached.get(asset.file);
      if (known !== undefined && isSame(known, read, digest)) return known.checked;
      onParse(asset.file);
      const checked = checkFile(asset, read.bytes);
      cached.set(asset.file, { size: read.size, modifiedNs: read.modifiedNs, digest, checked });
      return checked;
    },
    keepOnly: (files) => {
      const names = new Set(files.map((asset) => asset.file));
      for (const file of cached.keys()) if (!names.has(file)) cached.delete(file);
    },
  };
}

const isSame = (known: Cached, read: FileBytes, digest: string): boolean =>
  known.size === read.size && known.modifiedNs === read.modifiedNs && known.digest === digest;

export function checkFile(asset: AssetFile, bytes: Buffer): CheckedFile {
  const { file, kind, extension } = asset;
  const inFile = (finding: Finding): AssetProblem => ({ ...finding, file });
  const parsed = parseBytes(bytes, FORMAT_BY_EXTENSION.get(extension) ?? "yaml");
  if (!parsed.ok)
    return {
      asset,
      raw: undefined,
      data: null,
      problems: parsed.findings.map(inFile),
      warnings: [],
    };
  const raw = deepFreeze(parsed.value);
  if (kind === "organization") {
    const problems = isRecord(raw)
      ? []
      : [inFile({ code: "value-invalid", path: "$", found: "no object", expected: "an object" })];
    return { asset, raw, data: null, problems, warnings: [] };
  }
  const { data, findings } = checkValue(kind, raw);
  return {
    asset,
    raw,
    data: deepFreeze(data),
    problems: [...findings, ...checkAliases(kind, raw)].map(inFile),
    warnings: warnOfIgnoredKeys(raw).map(inFile),
  };
}

/** Every load hands out the same values; nobody may change them for the next. Nesting is limited by the reading. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
