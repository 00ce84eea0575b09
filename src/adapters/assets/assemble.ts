// Puts the checked files of a project together: looks up every name, gives what the engine works with, and reports every
// name that leads nowhere.
import type {
  AssetProblem,
  CardText,
  Epic,
  Issue,
  LooseIssue,
  ProjectAssets,
  Rock,
} from "../../domain/assets.ts";
import type { Catalogue } from "./catalogue.ts";
import { createCatalogue, departmentOf } from "./catalogue.ts";
import type { NamedCard } from "./check-cards.ts";
import { checkEpic, checkIds, checkScenarios } from "./check-cards.ts";
import type { NamedPath } from "./check-paths.ts";
import { checkPaths } from "./check-paths.ts";
import { checkRock } from "./check-rocks.ts";
import type { CheckedFile } from "./file-cache.ts";
import type { Path } from "./findings.ts";
import type { EpicFile, RockFile } from "./read-cards.ts";
import { toEpic, toIssue, toRock } from "./read-cards.ts";
import type { ReadOrganization } from "./read-organization.ts";
import type { Sources } from "./read-teams.ts";
import { readDepartments, readDialects, readEnvironments, readTeams } from "./read-teams.ts";
import type { Report, Spot } from "./report.ts";
import { createReport } from "./report.ts";
import { slugOf } from "../../domain/card.ts";

export type Parts = {
  readonly projectDir: string;
  /** All but the organization's. */
  readonly files: readonly CheckedFile[];
  readonly departments: readonly string[];
  readonly organization: ReadOrganization;
  readonly warnings: readonly AssetProblem[];
};

export type Assembled = {
  readonly assets: ProjectAssets;
  readonly problems: readonly AssetProblem[];
};

export async function assemble({
  projectDir,
  files,
  departments,
  organization,
  warnings,
}: Parts): Promise<Assembled> {
  const own = [...organization.problems, ...files.flatMap((file) => file.problems)];
  const report = createReport(own);
  const sources = { catalogue: createCatalogue(files, report), report };
  const teams = readTeams(sources);
  const known = readDepartments(sources, [
    ...organization.organization.departments,
    ...departments,
  ]);
  const cards = readCards(sources.catalogue);
  const epics: Record<string, Epic> = {};
  for (const epicFile of cards.epics) epics[epicFile.key] = checkEpic(sources, teams, epicFile);
  const rocks: Record<string, Rock> = {};
  for (const rockFile of cards.rocks) {
    checkRock(sources, known, rockFile);
    rocks[rockFile.key] = rockFile.rock;
  }
  checkSingles(report, cards.singles);
  checkIds(report, namedCards(cards));
  for (const { text, spotOf } of cardTexts(cards)) checkOwner(sources, known, { text, spotOf });
  await checkPaths(report, projectDir, namedPaths(cards));
  const assets: ProjectAssets = {
    organization: organization.organization,
    organizationSource: organization.source,
    departments: known,
    teams,
    environments: readEnvironments(sources),
    dialects: readDialects(sources),
    epics,
    rocks,
    looseIssues: cards.singles,
    warnings: [
      ...warnings,
      ...organization.warnings,
      ...files.flatMap((file) => file.warnings),
      ...report.warnings,
    ],
  };
  return { assets, problems: [...own, ...report.problems] };
}

type Cards = {
  readonly epics: readonly EpicFile[];
  readonly rocks: readonly RockFile[];
  readonly singles: readonly LooseIssue[];
};

const readCards = (catalogue: Catalogue): Cards => ({
  epics: catalogue
    .all("epic")
    .flatMap((file) => (file.data === null ? [] : [toEpic(file.data, file as CheckedFile)])),
  rocks: catalogue
    .all("rock")
    .flatMap((file) => (file.data === null ? [] : [toRock(file.data, file as CheckedFile)])),
  singles: catalogue.all("issue").flatMap((file) =>
    file.data === null
      ? []
      : [
          {
            file: file.asset.file,
            issue: toIssue(file.data, slugOf(file.asset.stem)),
            department: departmentOf(file as CheckedFile),
          },
        ],
  ),
});

function checkSingles(report: Report, singles: readonly LooseIssue[]): void {
  for (const { file, issue } of singles) {
    checkScenarios(report, issue, (...path) => ({ file, path }));
    const found = `the issue ${issue.id} in no epic`;
    report.warning(
      { file, path: [] },
      {
        code: "issue-orphaned",
        found,
        expected: "issues in their epic's file; nothing runs this one",
      },
    );
  }
}

type Placed<Text> = { readonly text: Text; readonly spotOf: (...path: Path) => Spot };

const issueTexts = ({ epics, singles }: Cards): readonly Placed<Issue>[] => [
  ...epics.flatMap(({ epic, file, issuesKey }) =>
    epic.issues.map((issue, place) => ({
      text: issue,
      spotOf: (...path: Path) => ({ file, path: [issuesKey, place, ...path] }),
    })),
  ),
  ...singles.map(({ issue, file }) => ({
    text: issue,
    spotOf: (...path: Path) => ({ file, path }),
  })),
];

const cardTexts = (cards: Cards): readonly Placed<CardText>[] => [
  ...cards.epics.map(({ epic, file }) => ({
    text: epic,
    spotOf: (...path: Path) => ({ file, path }),
  })),
  ...cards.rocks.map(({ rock, file }) => ({
    text: rock,
    spotOf: (...path: Path) => ({ file, path }),
  })),
  ...issueTexts(cards),
];

/** Epics first: where a rock shares a name with one, it is the rock that is told. */
const namedCards = (cards: Cards): readonly NamedCard[] => [
  ...cards.epics.map(({ epic, file, idGiven }) => ({
    id: epic.id,
    kind: "epic" as const,
    idGiven,
    spot: { file, path: ["id"] },
  })),
  ...cards.rocks.map(({ rock, file, idGiven }) => ({
    id: rock.id,
    kind: "rock" as const,
    idGiven,
    spot: { file, path: ["id"] },
  })),
  ...issueTexts(cards).map(({ text, spotOf }) => ({
    id: text.id,
    kind: "issue" as const,
    idGiven: true,
    spot: spotOf("id"),
  })),
];

function checkOwner(
  { report }: Sources,
  departments: Readonly<Record<string, unknown>>,
  { text, spotOf }: Placed<CardText>,
): void {
  if (Object.hasOwn(departments, text.ownerDepartment)) return;
  const expected = report.suggest(
    text.ownerDepartment,
    Object.keys(departments),
    "a department that exists",
  );
  report.problem(spotOf("owner_department"), {
    code: "department-missing",
    found: text.ownerDepartment,
    expected,
  });
}

const namedPaths = (cards: Cards): readonly NamedPath[] => [
  ...cardTexts(cards).flatMap(({ text, spotOf }) =>
    text.references.map((value, place) => ({
      rule: "reference" as const,
      value,
      spot: spotOf("references", place),
    })),
  ),
  ...issueTexts(cards).flatMap(({ text, spotOf }) => {
    const value = text.verification?.fixturePath ?? null;
    return value === null
      ? []
      : [{ rule: "fixture" as const, value, spot: spotOf("verification", "fixture_path") }];
  }),
];
