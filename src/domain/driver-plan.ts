// What the driver may propose: a plan out of few actions, each a change of planning assets or a word to a seat. Nothing in it
// can be executed: no verification, no command, no path. How a model writes it down and how it gets into files is not here.
import type { AssetProblem } from "./assets.ts";
import type { CardType } from "./card.ts";
import { CARD_ID_PATTERN } from "./card.ts";

/** What a plan may be made large with. */
export const PLAN_LIMITS = {
  actionsMax: 20,
  issuesMax: 50,
  entriesMax: 50,
  listMax: 50,
  nameCharactersMax: 200,
  textCharactersMax: 8000,
  answerCharactersMax: 16_000,
} as const;

/** Department that holds where a plan names none. */
export const DEFAULT_DEPARTMENT = "core";

/** The fields of an issue that a plan may fill; the names are those of the asset files. */
export type PlannedIssue = {
  readonly summary: string;
  readonly id?: string | undefined;
  readonly type?: CardType | undefined;
  readonly description?: string | undefined;
  readonly priority?: string | number | undefined;
  readonly note?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly seat?: string | undefined;
  readonly requirements?: string | undefined;
  readonly acceptance?: readonly string[] | undefined;
  readonly depends_on?: readonly string[] | undefined;
};

export type CreateIssue = {
  readonly action: "create_issue";
  readonly department: string;
  /** File stem or id of an epic of that department, or of one that this plan creates before. */
  readonly epic: string;
  readonly issue: PlannedIssue;
};

export type CreateEpic = {
  readonly action: "create_epic";
  readonly department: string;
  /** File stem. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly requirements?: string | undefined;
  readonly priority?: string | number | undefined;
  readonly team: string;
  readonly environment: string;
  readonly issues: readonly PlannedIssue[];
};

export type PlannedEntry = {
  readonly epic: string;
  readonly department?: string | undefined;
  readonly depends_on?: readonly string[] | undefined;
};

/** Of a rock that exists, the epics are added to it; then nothing else may be said about it. */
export type CreateRock = {
  readonly action: "create_rock";
  readonly department: string;
  readonly name: string;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly task?: string | undefined;
  readonly epics: readonly PlannedEntry[];
};

/** The issue is found by its id wherever it stands, in an epic or in a file of its own, and keeps that id. */
export type AdoptIssue = {
  readonly action: "adopt_issue";
  readonly issue: string;
  readonly department: string;
  readonly epic: string;
};

export type AssignTeam = {
  readonly action: "assign_team";
  readonly department: string;
  readonly epic: string;
  readonly team: string;
};

/** A comment that the next turn of the card sees. */
export type TurnDirective = {
  readonly action: "turn_directive";
  readonly card: string;
  readonly seat?: string | undefined;
  readonly text: string;
};

export type AssetAction = CreateIssue | CreateEpic | CreateRock | AdoptIssue | AssignTeam;
export type PlanAction = AssetAction | TurnDirective | { readonly action: "none" };

/** What the model answered: words for the person, and what it would do. */
export type DriverReply = { readonly answer: string; readonly actions: readonly PlanAction[] };

/** An asset action with its place in the plan, for what is wrong with it. */
export type PlacedAction = { readonly place: number; readonly action: AssetAction };

export const assetActionsOf = (actions: readonly PlanAction[]): readonly PlacedAction[] =>
  actions.flatMap((action, place) =>
    action.action === "turn_directive" || action.action === "none" ? [] : [{ place, action }],
  );

export type PlacedDirective = { readonly place: number; readonly directive: TurnDirective };

export const directivesOf = (actions: readonly PlanAction[]): readonly PlacedDirective[] =>
  actions.flatMap((action, place) =>
    action.action === "turn_directive" ? [{ place, directive: action }] : [],
  );

/** Problems of a plan look like those of a file; `plan` stands for its name. */
export const planProblem = (
  place: number,
  field: string,
  told: Pick<AssetProblem, "code" | "found" | "expected">,
): AssetProblem => ({ ...told, file: "plan", path: `$.actions[${place}]${field && `.${field}`}` });

const FOUND_CHARACTERS_MAX = 80;

/** Every name that becomes part of a path, or of a key, is of the one pattern; nothing that is a path gets through. */
export const checkNames = (actions: readonly PlanAction[]): readonly AssetProblem[] =>
  actions.flatMap((action, place) =>
    namesOf(action).flatMap(([field, name]) =>
      name === undefined || CARD_ID_PATTERN.test(name)
        ? []
        : [
            planProblem(place, field, {
              code: "name-invalid",
              found: name.slice(0, FOUND_CHARACTERS_MAX),
              expected:
                "letters, digits, dots, underscores and dashes, at most 64, a letter or digit first",
            }),
          ],
    ),
  );

type NamedField = readonly [field: string, name: string | undefined];

function namesOf(action: PlanAction): readonly NamedField[] {
  switch (action.action) {
    case "create_issue":
      return [
        ["department", action.department],
        ["epic", action.epic],
        ["issue.id", action.issue.id],
      ];
    case "create_epic":
      return [
        ["department", action.department],
        ["name", action.name],
        ["team", action.team],
        ["environment", action.environment],
        ...action.issues.map(({ id }, place): NamedField => [`issues[${place}].id`, id]),
      ];
    case "create_rock":
      return [
        ["department", action.department],
        ["name", action.name],
        ...action.epics.flatMap((entry, place): readonly NamedField[] => [
          [`epics[${place}].epic`, entry.epic],
          [`epics[${place}].department`, entry.department],
        ]),
      ];
    case "adopt_issue":
      return [
        ["issue", action.issue],
        ["department", action.department],
        ["epic", action.epic],
      ];
    case "assign_team":
      return [
        ["department", action.department],
        ["epic", action.epic],
        ["team", action.team],
      ];
    case "turn_directive":
      return [["card", action.card]];
    case "none":
      return [];
  }
}

/** An action in a line, for the person who confirms it and for the event log. */
export function describeAction(action: PlanAction): string {
  switch (action.action) {
    case "create_issue":
      return `create_issue in ${action.department}/${action.epic}: ${action.issue.summary}`;
    case "create_epic":
      return `create_epic ${action.department}/${action.name} with ${counted(action.issues.length, "issue")}, team ${action.team}`;
    case "create_rock":
      return `create_rock ${action.department}/${action.name}: ${action.epics.map(({ epic }) => epic).join(", ")}`;
    case "adopt_issue":
      return `adopt_issue ${action.issue} into ${action.department}/${action.epic}`;
    case "assign_team":
      return `assign_team ${action.team} to ${action.department}/${action.epic}`;
    case "turn_directive":
      return `turn_directive for ${action.seat ?? "any seat"} on ${action.card}`;
    case "none":
      return "none";
  }
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** What a directive becomes as a comment on its card. */
export const directiveText = ({ seat, text }: TurnDirective): string =>
  seat === undefined ? text : `For the seat ${seat}: ${text}`;

/** A file as a plan would leave it; null where there is none, before or after. Paths are relative to the project. */
export type FileChange = {
  readonly file: string;
  readonly before: string | null;
  readonly after: string | null;
};
