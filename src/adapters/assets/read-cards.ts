// Issues, epics and rocks as the engine sees them, with the ids that files leave out. Whether what they name exists is
// check-cards' and check-rocks' business.
import { createHash } from "node:crypto";
import type {
  CardText,
  Epic,
  Issue,
  Lesson,
  Rock,
  Scenario,
  Verification,
} from "../../domain/assets.ts";
import type { CardType } from "../../domain/card.ts";
import { parsePriority, slugOf } from "../../domain/card.ts";
import { keyOf } from "../../domain/card-moves.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { departmentOf } from "./catalogue.ts";
import { issuesKeyOf } from "./check-aliases.ts";
import type { CheckedFile } from "./file-cache.ts";
import type { AssetData } from "./schemas/kinds.ts";

const DERIVED_ID_DIGITS = 8;
const DEFAULT_PRIORITY = 2;

/** The same file gives the same ids on each load and on each machine. */
export function derivedId(epicStem: string, summary: string, position: number): string {
  const text = `${summary.trim().normalize("NFC")}\n${position}`;
  return `${slugOf(epicStem)}-${createHash("sha256").update(text).digest("hex").slice(0, DERIVED_ID_DIGITS)}`;
}

export type IssueData = Omit<AssetData<"issue">, "$schema">;
type CardData = Omit<
  IssueData,
  "seat" | "requirements" | "acceptance" | "depends_on" | "max_retries" | "verification"
>;

/** What a file may leave out of a card. */
type Given = { readonly id: string; readonly summary: string; readonly type: CardType };

const toCardText = (data: CardData, given: Given): CardText => ({
  id: data.id ?? given.id,
  summary: data.summary ?? data.name ?? given.summary,
  type: data.type ?? given.type,
  description: data.description,
  priority: parsePriority(data.priority) ?? DEFAULT_PRIORITY,
  note: data.note,
  labels: data.labels,
  params: data.params as JsonObject,
  references: data.references,
  ownerDepartment: data.owner_department,
});

/** `dependsOn` still holds what the file says; check-cards turns it into ids. */
export function toIssue(data: IssueData, id: string): Issue {
  return {
    ...toCardText(data, { id, summary: data.id ?? id, type: "issue" }),
    seat: keyOf(data.seat),
    requirements: data.requirements,
    acceptance: data.acceptance,
    dependsOn: data.depends_on,
    retriesMax: data.max_retries,
    verification: toVerification(data),
  };
}

/** Null when nothing is declared. */
function toVerification({
  verification,
  verification_fixture: alias,
}: IssueData): Verification | null {
  const fixturePath =
    verification?.fixture_path ?? verification?.verification_fixture ?? alias ?? null;
  const command = (verification?.command ?? null) as JsonObject | null;
  const scenarios = (verification?.scenarios ?? []).map((scenario): Scenario => ({
    id: scenario.id,
    description: scenario.description,
    inputData: (scenario.input_data ?? {}) as Json,
    expectedOutput: scenario.expected_output as Json | undefined,
  }));
  return fixturePath === null && command === null && scenarios.length === 0
    ? null
    : { fixturePath, command, scenarios };
}

export type EpicFile = {
  readonly file: string;
  readonly key: string;
  readonly epic: Epic;
  /** The key under which the file has its issues. */
  readonly issuesKey: string;
  readonly idGiven: boolean;
};

export function toEpic(data: AssetData<"epic">, checked: CheckedFile): EpicFile {
  const { stem, file, scope } = checked.asset;
  const entries: readonly IssueData[] = data.issues ?? data.stories ?? data.cards ?? [];
  const issues = entries.map((entry, position) =>
    toIssue(entry, derivedId(stem, entry.summary ?? entry.name ?? "", position)),
  );
  const epic: Epic = {
    ...toCardText(data, { id: slugOf(stem), summary: stem, type: "epic" }),
    stem,
    department: departmentOf(checked),
    team: data.team,
    environment: data.environment,
    issues,
    requirements: data.requirements,
    idesign: data.architecture_governance.idesign,
    lessonsLearned: data.lessons_learned.map(toLesson),
  };
  return {
    file,
    key: `${scope}/${stem}`,
    epic,
    issuesKey: issuesKeyOf(data),
    idGiven: data.id !== undefined,
  };
}

export type RockFile = {
  readonly file: string;
  readonly key: string;
  readonly rock: Rock;
  readonly idGiven: boolean;
};

export function toRock(data: AssetData<"rock">, checked: CheckedFile): RockFile {
  const { stem, file, scope } = checked.asset;
  const department = departmentOf(checked);
  const rock: Rock = {
    ...toCardText(data, { id: slugOf(stem), summary: stem, type: "rock" }),
    stem,
    department,
    task: data.task,
    epics: data.epics.map((entry) => ({
      epic: entry.epic,
      department: entry.department ?? department,
      dependsOn: entry.depends_on ?? null,
    })),
    lessonsLearned: data.lessons_learned.map(toLesson),
  };
  return { file, key: `${scope}/${stem}`, rock, idGiven: data.id !== undefined };
}

const toLesson = (lesson: AssetData<"epic">["lessons_learned"][number]): Lesson => ({
  date: lesson.date,
  category: lesson.category,
  observation: lesson.observation,
  sentiment: lesson.sentiment,
  actionItem: lesson.action_item,
});
