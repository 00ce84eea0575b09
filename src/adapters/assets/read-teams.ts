// Teams with the roles of their seats looked up, environments, departments and dialects as the engine sees them.
import type { Department, Dialect, Environment, Role, Seat, Team } from "../../domain/assets.ts";
import { keyOf } from "../../domain/card-moves.ts";
import type { JsonObject } from "../../domain/json.ts";
import { BUILT_IN_DIALECTS, KNOWN_FAMILIES } from "./built-in.ts";
import type { Catalogue } from "./catalogue.ts";
import { departmentOf, keyOfFile } from "./catalogue.ts";
import type { CheckedFile } from "./file-cache.ts";
import { CONFIG_SCOPE, CORE_DEPARTMENT } from "./project-files.ts";
import type { Report } from "./report.ts";
import type { AssetData } from "./schemas/kinds.ts";

export type Sources = { readonly catalogue: Catalogue; readonly report: Report };

/** A map over every usable file of a kind, by its key. */
export const mapFiles = <Data, Asset>(
  files: readonly { readonly data: Data | null; readonly asset: CheckedFile["asset"] }[],
  convert: (data: Data, file: CheckedFile) => Asset,
): Record<string, Asset> =>
  Object.fromEntries(
    files.flatMap((file) =>
      file.data === null
        ? []
        : [[keyOfFile(file as CheckedFile), convert(file.data, file as CheckedFile)]],
    ),
  ) as Record<string, Asset>;

export const readTeams = (sources: Sources): Record<string, Team> =>
  mapFiles(sources.catalogue.all("team"), (data, file) => readTeam(sources, data, file));

type TeamData = AssetData<"team">;

function readTeam(sources: Sources, data: TeamData, file: CheckedFile): Team {
  const roles: Record<string, Role> = {};
  const seats: Seat[] = [];
  for (const [name, seat] of Object.entries(data.seats)) {
    const key = keyOf(name);
    if (seats.some((known) => known.key === key)) {
      const told = {
        code: "seat-duplicate",
        found: name,
        expected: "seat keys that differ in more than case, spaces and dashes",
      };
      sources.report.problem({ file: file.asset.file, path: ["seats", name] }, told);
      continue;
    }
    const found = seat.roles.map((role, place) =>
      findRole(sources, { data, file, name: role, path: ["seats", name, "roles", place] }),
    );
    const known = found.filter((role) => role !== null);
    for (const role of known) roles[role.name] = role;
    seats.push({ key, name: seat.name, roles: [...new Set(known.map((role) => role.name))] });
  }
  return { name: data.name, description: data.description, seats, roles };
}

type RoleQuestion = {
  readonly data: TeamData;
  readonly file: CheckedFile;
  readonly name: string;
  readonly path: readonly (string | number)[];
};

/** The role asset of that name, else the team's inline one. Null when there is neither, or when it cannot be used. */
function findRole(
  { catalogue, report }: Sources,
  { data, file, name, path }: RoleQuestion,
): Role | null {
  const asset =
    catalogue.find("role", departmentOf(file), name) ??
    findLoosely(catalogue, departmentOf(file), name);
  if (asset !== undefined) return asset.data === null ? null : toRole(asset.asset.stem, asset.data);
  const inline = Object.hasOwn(data.roles, name) ? data.roles[name] : undefined;
  if (inline !== undefined) return toRole(name, inline);
  const known = [...catalogue.names("role"), ...Object.keys(data.roles)];
  const expected = report.suggest(name, known, `a role asset, or a role of the team's own`);
  report.problem({ file: file.asset.file, path }, { code: "role-missing", found: name, expected });
  return null;
}

/** `Integrity Guard` means the file `integrity_guard`. */
const findLoosely = (
  catalogue: Catalogue,
  department: string,
  name: string,
): CheckedFile<"role"> | undefined =>
  keyOf(name) === name ? undefined : catalogue.find("role", department, keyOf(name));

type RoleData = Omit<AssetData<"role">, "$schema">;

/**
 * A role is known by the name of its file, whatever the file says of itself: `integrity_guard` is a power, and must not
 * be had by writing the word into another role's file.
 */
const toRole = (name: string, data: RoleData): Role => ({
  name,
  description: data.description,
  intent: data.intent,
  prompt: data.prompt,
  responsibilities: data.responsibilities,
  constraints: data.constraints,
  tools: data.tools,
  programs: data.programs,
  network: data.network,
  policy: data.policy as JsonObject,
  issueTypes: data.capabilities.issue_types,
});

export const readEnvironments = ({ catalogue }: Sources): Record<string, Environment> =>
  mapFiles(catalogue.all("environment"), (data) => ({
    name: data.name,
    model: data.model.trim(),
    temperature: data.temperature,
    seed: data.seed ?? null,
    timeoutSec: data.timeout,
    params: data.params as JsonObject,
  }));

/** Every department there is: those with a file, with a folder, or named by the organization. */
export function readDepartments(
  { catalogue, report }: Sources,
  names: readonly string[],
): Record<string, Department> {
  const departments: Record<string, Department> = {};
  for (const name of [CORE_DEPARTMENT, ...names]) {
    departments[name] = {
      name,
      description: "",
      parent: CORE_DEPARTMENT,
      policy: {},
      defaultLlm: null,
    };
  }
  for (const { data, asset } of catalogue.all("department")) {
    departments[asset.stem] = {
      name: data?.name ?? asset.stem,
      description: data?.description ?? "",
      parent: data?.parent ?? CORE_DEPARTMENT,
      policy: (data?.policy ?? {}) as JsonObject,
      defaultLlm: data?.default_llm ?? null,
    };
  }
  for (const { data, asset } of catalogue.all("department")) {
    if (data === null || Object.hasOwn(departments, data.parent)) continue;
    const expected = report.suggest(
      data.parent,
      Object.keys(departments),
      "a department that exists",
    );
    report.problem(
      { file: asset.file, path: ["parent"] },
      { code: "department-missing", found: data.parent, expected },
    );
  }
  return departments;
}

/** Later ranks take the place of earlier ones. */
const rankOf = (file: CheckedFile): number => {
  if (file.asset.scope === CONFIG_SCOPE) return 2;
  return file.asset.scope === CORE_DEPARTMENT ? 0 : 1;
};

/** By model family. A dialect holds for the whole project, so two departments cannot each have their own of a family. */
export function readDialects({ catalogue, report }: Sources): Record<string, Dialect> {
  const dialects: Record<string, Dialect> = { ...BUILT_IN_DIALECTS };
  const holders = new Map<string, CheckedFile<"dialect">>();
  for (const file of [...catalogue.all("dialect")].sort(
    (left, right) => rankOf(left) - rankOf(right),
  )) {
    if (file.data === null) continue;
    const family = file.data.model_family.trim().toLowerCase();
    const spot = { file: file.asset.file, path: ["model_family"] };
    const holder = holders.get(family);
    if (holder !== undefined && rankOf(holder) === rankOf(file)) {
      report.problem(spot, {
        code: "dialect-duplicate",
        found: family,
        expected: `one dialect of a family; ${holder.asset.file} is one`,
      });
    }
    if (!KNOWN_FAMILIES.includes(family)) {
      report.warning(spot, {
        code: "dialect-unused",
        found: family,
        expected: `one of ${KNOWN_FAMILIES.join(", ")}`,
      });
    }
    holders.set(family, file);
    dialects[family] = {
      modelFamily: family,
      dslFormat: file.data.dsl_format,
      constraints: file.data.constraints,
      hallucinationGuard: file.data.hallucination_guard,
    };
  }
  return dialects;
}
