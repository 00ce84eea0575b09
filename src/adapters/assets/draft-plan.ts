// What a plan would leave in the files of a project: each action becomes an edit of a text, and the project is loaded as if
// the texts were its files. Nothing is written here.
import { stringify } from "yaml";
import type { AssetProblem, ProjectAssets } from "../../domain/assets.ts";
import type {
  AssetAction,
  CreateEpic,
  CreateIssue,
  CreateRock,
  AssignTeam,
  FileChange,
  PlacedAction,
  PlannedEntry,
  PlannedIssue,
} from "../../domain/driver-plan.ts";
import { checkNames, planProblem } from "../../domain/driver-plan.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import { ok } from "../../domain/result.ts";
import { adoptIssue } from "./adopt-issue.ts";
import { issuesKeyOf } from "./check-aliases.ts";
import { loadProject } from "./disk.ts";
import type { DraftDesk, Told } from "./draft-desk.ts";
import { createDraftDesk, textProblem } from "./draft-desk.ts";
import { createFileCache } from "./file-cache.ts";
import { isRecord } from "./findings.ts";
import { CONFIG_SCOPE, listAssetFiles, NO_OVERLAY } from "./project-files.ts";
import type { OrganizationNames } from "./read-organization.ts";

type Source = { readonly projectDir: string; readonly env: OrganizationNames };

export async function draftPlan(
  { projectDir, env }: Source,
  actions: readonly PlacedAction[],
): Promise<Result<readonly FileChange[], readonly AssetProblem[]>> {
  const names = actions.flatMap(({ place, action }) =>
    checkNames([action]).map((one) => ({
      ...one,
      path: one.path.replace("[0]", () => `[${place}]`),
    })),
  );
  if (names.length > 0) return { ok: false, error: names };
  const cache = createFileCache(projectDir, () => {});
  const base = await loadProject({ projectDir, env, cache, overlay: NO_OVERLAY });
  if (!base.ok) return base;
  const listing = await listAssetFiles(projectDir);
  const desk = createDraftDesk({ projectDir, files: listing.files, assets: base.value });
  const problems: AssetProblem[] = [];
  for (const { place, action } of actions) {
    const told = checkDepartments(base.value, action);
    if (told.length === 0) told.push(...(await applyAction(desk, action)));
    problems.push(...told.map(({ field, ...rest }) => planProblem(place, field, rest)));
  }
  if (problems.length > 0) return { ok: false, error: problems };
  const changes = desk.changes();
  const overlay = new Map(changes.map(({ file, after }) => [file, after]));
  const loaded = await loadProject({ projectDir, env, cache, overlay });
  return loaded.ok ? ok(changes) : loaded;
}

function checkDepartments(assets: ProjectAssets, action: AssetAction): Told[] {
  const { department } = action;
  if (Object.hasOwn(assets.departments, department) && department !== CONFIG_SCOPE) return [];
  const expected = `one of ${Object.keys(assets.departments).join(", ")}`;
  return [{ field: "department", code: "department-missing", found: department, expected }];
}

async function applyAction(desk: DraftDesk, action: AssetAction): Promise<readonly Told[]> {
  switch (action.action) {
    case "create_issue":
      return createIssue(desk, action);
    case "create_epic":
      return createEpic(desk, action);
    case "create_rock":
      return createRock(desk, action);
    case "adopt_issue":
      return adoptIssue(desk, action);
    case "assign_team":
      return assignTeam(desk, action);
  }
}

async function createIssue(desk: DraftDesk, action: CreateIssue): Promise<readonly Told[]> {
  const epic = await desk.open("epic", action.department, action.epic);
  if (!epic.ok) return [{ field: "epic", ...epic.error }];
  const { file, value } = epic.value;
  const edit = {
    kind: "append",
    key: issuesKeyOf(value),
    value: issueValue(action.issue),
    block: null,
  } as const;
  return (await desk.edit(file, edit)) ? [] : [textProblem("epic", file)];
}

async function createEpic(desk: DraftDesk, action: CreateEpic): Promise<readonly Told[]> {
  const { department, name, summary, description, requirements, priority, team, environment } =
    action;
  const issues = action.issues.map(issueValue);
  const value = { summary, description, priority, team, environment, requirements, issues };
  return create(desk, { kind: "epic", department, name, value: plain(value) });
}

async function createRock(desk: DraftDesk, action: CreateRock): Promise<readonly Told[]> {
  const { department, name, summary, description, task } = action;
  const entries = action.epics.map((entry) => entryValue(entry, department));
  if (!desk.has("rock", department, name)) {
    const value = plain({ summary: summary ?? name, description, task, epics: entries });
    return create(desk, { kind: "rock", department, name, value });
  }
  const rock = await desk.open("rock", department, name);
  if (!rock.ok) return [{ field: "name", ...rock.error }];
  const { file, value } = rock.value;
  const differing = Object.entries({ summary, description, task }).filter(
    ([key, text]) => text !== undefined && text !== value[key],
  );
  if (differing.length > 0) {
    return differing.map(([field]) => ({
      field,
      code: "asset-exists",
      found: `another ${field} for the rock in ${file}`,
      expected: "only epics to add to it, or another name",
    }));
  }
  for (const entry of entries) {
    if (isListed(value["epics"], entry)) continue;
    const edit = { kind: "append", key: "epics", value: entry, block: null } as const;
    if (!(await desk.edit(file, edit))) return [textProblem("epics", file)];
  }
  return [];
}

const isListed = (epics: unknown, { epic }: JsonObject): boolean =>
  Array.isArray(epics) && epics.some((one) => isRecord(one) && one["epic"] === epic);

async function assignTeam(desk: DraftDesk, action: AssignTeam): Promise<readonly Told[]> {
  const epic = await desk.open("epic", action.department, action.epic);
  if (!epic.ok) return [{ field: "epic", ...epic.error }];
  const { file } = epic.value;
  const edit = { kind: "set", path: ["team"], value: action.team } as const;
  return (await desk.edit(file, edit)) ? [] : [textProblem("team", file)];
}

type NewAsset = {
  readonly kind: "epic" | "rock";
  readonly department: string;
  readonly name: string;
  readonly value: JsonObject;
};

async function create(desk: DraftDesk, asset: NewAsset): Promise<readonly Told[]> {
  const { kind, department, name, value } = asset;
  if (desk.has(kind, department, name)) {
    const found = `${department}/${name}, which exists`;
    return [{ field: "name", code: "asset-exists", found, expected: "another name" }];
  }
  await desk.create({ kind, department, name, text: stringify(value, { lineWidth: 0 }) });
  return [];
}

/** In the order in which people write it. */
function issueValue(issue: PlannedIssue): JsonObject {
  const { id, summary, type, priority, seat, depends_on, ...texts } = issue;
  return plain({ id, summary, type, priority, seat, depends_on, ...texts });
}

/** The department is only said where it is another one. */
const entryValue = (entry: PlannedEntry, ownDepartment: string): JsonObject => {
  const department = entry.department === ownDepartment ? undefined : entry.department;
  return plain({ epic: entry.epic, department, depends_on: entry.depends_on });
};

/** Without what was left out. */
const plain = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(members).filter((member): member is [string, Json] => member[1] !== undefined),
  );
