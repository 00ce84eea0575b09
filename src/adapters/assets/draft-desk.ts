// The texts a plan is being tried out on: read once from their files, changed edit by edit, never written. Also says where an
// asset lies that a plan names.
import type { AssetProblem, ProjectAssets } from "../../domain/assets.ts";
import type { FileChange } from "../../domain/driver-plan.ts";
import { EngineError } from "../../domain/errors.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import type { Edit } from "./edit-text.ts";
import { editText } from "./edit-text.ts";
import { isRecord } from "./findings.ts";
import { nearestName } from "./nearest.ts";
import { FORMAT_BY_EXTENSION, parseText } from "./parse-text.ts";
import type { TextFormat } from "./parse-text.ts";
import { readPlanned } from "./plan-files.ts";
import type { AssetFile } from "./project-files.ts";
import { CONFIG_SCOPE } from "./project-files.ts";

/** What is wrong with a field of an action. */
export type Told = Pick<AssetProblem, "code" | "found" | "expected"> & { readonly field: string };
type Unfound = Omit<Told, "field">;

type Kind = "epic" | "rock";
export type OpenText = {
  readonly file: string;
  readonly stem: string;
  readonly format: TextFormat;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
};

export type DraftDesk = {
  readonly assets: ProjectAssets;
  readonly has: (kind: Kind, department: string, name: string) => boolean;
  /** An epic or a rock of a department by the stem of its file, or by its id. */
  readonly open: (
    kind: Kind,
    department: string,
    name: string,
  ) => Promise<Result<OpenText, Unfound>>;
  readonly openFile: (file: string) => Promise<Result<OpenText, Unfound>>;
  /** False when the text cannot be changed without touching more of it. */
  readonly edit: (file: string, edit: Edit) => Promise<boolean>;
  readonly create: (asset: {
    readonly kind: Kind;
    readonly department: string;
    readonly name: string;
    readonly text: string;
  }) => Promise<void>;
  readonly remove: (file: string) => void;
  readonly changes: () => readonly FileChange[];
};

type Start = {
  readonly projectDir: string;
  readonly files: readonly AssetFile[];
  readonly assets: ProjectAssets;
};

const FOLDER: Readonly<Record<Kind, string>> = { epic: "epics", rock: "rocks" };

export function createDraftDesk({ projectDir, files, assets }: Start): DraftDesk {
  const known = files.map((file) => file);
  const texts = new Map<string, { readonly before: string | null; after: string | null }>();
  const openFile = async (file: string): Promise<Result<OpenText, Unfound>> => {
    const asset = known.find((one) => one.file === file);
    const text = texts.get(file) ?? (await readText(projectDir, file));
    if ("error" in text) return { ok: false, error: text.error };
    texts.set(file, text);
    const extension = asset?.extension ?? ".yaml";
    return read({ file, stem: asset?.stem ?? "", extension }, text.after);
  };
  const find = (kind: Kind, department: string, name: string): AssetFile | undefined => {
    const own = known.filter((one) => one.kind === kind && one.scope === department);
    const wanted = name.toLowerCase();
    const id = Object.entries(kind === "epic" ? assets.epics : assets.rocks).find(
      ([key, card]) => key.startsWith(`${department}/`) && card.id.toLowerCase() === wanted,
    )?.[1].stem;
    return (
      own.find(({ stem }) => stem.toLowerCase() === wanted) ?? own.find(({ stem }) => stem === id)
    );
  };
  return {
    assets,
    has: (kind, department, name) => find(kind, department, name) !== undefined,
    open: async (kind, department, name) => {
      const asset = find(kind, department, name);
      if (asset !== undefined) return openFile(asset.file);
      const isShared = known.some(
        (one) => one.kind === kind && one.scope === CONFIG_SCOPE && one.stem === name,
      );
      if (isShared) return unfound("asset-shared", `${name} below config/`, "one of a department");
      const stems = known.flatMap((one) =>
        one.kind === kind && one.scope === department ? [one.stem] : [],
      );
      const nearest = nearestName(name, stems);
      const hint = nearest === null ? "" : `; did you mean ${nearest}?`;
      return unfound(`${kind}-missing`, name, `an ${kind} of ${department}${hint}`);
    },
    openFile,
    edit: async (file, edit) => {
      const opened = await openFile(file);
      const entry = texts.get(file);
      if (!opened.ok || entry === undefined) return false;
      const made = editText(opened.value.text, opened.value.format, edit);
      if (made !== null) texts.set(file, { ...entry, after: made });
      return made !== null;
    },
    create: async ({ kind, department, name, text }) => {
      const file = `model/${department}/${FOLDER[kind]}/${name}.yaml`;
      known.push({ kind, scope: department, stem: name, extension: ".yaml", file });
      texts.set(file, { before: null, after: text });
    },
    remove: (file) => {
      const entry = texts.get(file);
      if (entry !== undefined) texts.set(file, { ...entry, after: null });
    },
    changes: () =>
      [...texts]
        .map(([file, text]) => ({ file, ...text }))
        .filter(({ before, after }) => before !== after),
  };
}

const unfound = (code: string, found: string, expected: string): Result<never, Unfound> => ({
  ok: false,
  error: { code, found, expected },
});

export const textProblem = (field: string, file: string): Told => ({
  field,
  code: "file-unfit",
  found: `${file}, whose text cannot be changed here without touching more of it`,
  expected: "a change by hand",
});

type ReadText =
  | { readonly before: string | null; readonly after: string | null }
  | { readonly error: Unfound };

async function readText(projectDir: string, file: string): Promise<ReadText> {
  try {
    const text = await readPlanned(projectDir, file);
    return { before: text, after: text };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { error: { code: "file-unfit", found: error.message, expected: "a plain file" } };
  }
}

type Named = { readonly file: string; readonly stem: string; readonly extension: string };

function read({ file, stem, extension }: Named, text: string | null): Result<OpenText, Unfound> {
  const format = FORMAT_BY_EXTENSION.get(extension) ?? "yaml";
  const parsed = parseText((text ?? "").replace(/^\uFEFF/, ""), format);
  if (text === null || !parsed.ok || !isRecord(parsed.value))
    return unfound("file-unfit", `${file}, which is not there any more`, "a readable file");
  return ok({ file, stem, format, text, value: parsed.value });
}
