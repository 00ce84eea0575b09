// What the issues of an epic name: each other, seats of the team, scenarios; and that no card id stands twice in the
// project. Everything here is linear in the number of issues.
import type { Epic, Issue, Team } from "../../domain/assets.ts";
import { findCycle } from "../../domain/critical-path.ts";
import type { Path } from "./findings.ts";
import type { EpicFile } from "./read-cards.ts";
import type { Sources } from "./read-teams.ts";
import type { Report, Spot } from "./report.ts";

/** One cycle hides in another; after so many the rest is told by the next load. */
const CYCLES_MAX = 10;

export type Teams = Readonly<Record<string, Team>>;

/** The epic with its dependencies as ids. */
export function checkEpic(sources: Sources, teams: Teams, epicFile: EpicFile): Epic {
  const { report } = sources;
  const { epic, file } = epicFile;
  const spotOf = (place: number, ...rest: Path): Spot => ({
    file,
    path: [epicFile.issuesKey, place, ...rest],
  });
  checkEnvironment(sources, epicFile);
  checkSeats(report, { team: findTeam(sources, teams, epicFile), issues: epic.issues, spotOf });
  for (const [place, issue] of epic.issues.entries()) {
    checkScenarios(report, issue, (...rest) => spotOf(place, ...rest));
  }
  const issues = resolveDependencies(report, { issues: epic.issues, spotOf });
  reportCycles(report, { issues, spotOf });
  return { ...epic, issues };
}

type Issues = {
  readonly issues: readonly Issue[];
  readonly spotOf: (place: number, ...rest: Path) => Spot;
};

function checkEnvironment({ catalogue, report }: Sources, { epic, file }: EpicFile): void {
  if (catalogue.find("environment", epic.department, epic.environment) !== undefined) return;
  const expected = report.suggest(
    epic.environment,
    catalogue.names("environment"),
    "an environment that exists",
  );
  report.problem(
    { file, path: ["environment"] },
    { code: "environment-missing", found: epic.environment, expected },
  );
}

/** Null when it is missing or its file cannot be used; then its seats are unknown, not wrong. */
function findTeam(
  { catalogue, report }: Sources,
  teams: Teams,
  { epic, file }: EpicFile,
): Team | null {
  const found = catalogue.find("team", epic.department, epic.team);
  if (found !== undefined) return teams[`${found.asset.scope}/${found.asset.stem}`] ?? null;
  const expected = report.suggest(epic.team, catalogue.names("team"), "a team that exists");
  report.problem({ file, path: ["team"] }, { code: "team-missing", found: epic.team, expected });
  return null;
}

function checkSeats(
  report: Report,
  { team, issues, spotOf }: Issues & { readonly team: Team | null },
): void {
  if (team === null) return;
  const keys = new Set(team.seats.map((seat) => seat.key));
  for (const [place, issue] of issues.entries()) {
    if (keys.has(issue.seat)) continue;
    const expected = report.suggest(
      issue.seat,
      keys,
      `a seat of the team ${team.name}: ${[...keys].join(", ")}`,
    );
    report.problem(spotOf(place, "seat"), { code: "seat-missing", found: issue.seat, expected });
  }
}

/** Also used for issue files that stand alone. */
export function checkScenarios(
  report: Report,
  { verification }: Issue,
  spotOf: (...rest: Path) => Spot,
): void {
  if (verification === null) return;
  const { fixturePath, scenarios } = verification;
  if (fixturePath !== null && scenarios.length === 0) {
    const found = `the fixture ${fixturePath} without scenarios`;
    report.problem(spotOf("verification", "scenarios"), {
      code: "scenarios-missing",
      found,
      expected: "at least one scenario",
    });
  }
  const ids = new Set<string>();
  for (const [place, { id }] of scenarios.entries()) {
    if (ids.has(id)) {
      report.problem(spotOf("verification", "scenarios", place, "id"), {
        code: "scenario-duplicate",
        found: id,
        expected: "an id of its own for each scenario",
      });
    }
    ids.add(id);
  }
}

function resolveDependencies(report: Report, { issues, spotOf }: Issues): readonly Issue[] {
  const ids = new Set(issues.map((issue) => issue.id));
  const bySummary = new Map<string, string[]>();
  for (const issue of issues) {
    const same = bySummary.get(issue.summary);
    if (same === undefined) bySummary.set(issue.summary, [issue.id]);
    else same.push(issue.id);
  }
  return issues.map((issue, place) => {
    const dependsOn = new Set<string>();
    for (const [entry, name] of issue.dependsOn.entries()) {
      const spot = spotOf(place, "depends_on", entry);
      const found = ids.has(name) ? [name] : (bySummary.get(name) ?? []);
      const [id] = found;
      if (id === undefined) {
        const expected = report.suggest(
          name,
          ids,
          "the id or the exact summary of a card of this epic",
        );
        report.problem(spot, { code: "dependency-missing", found: name, expected });
      } else if (found.length > 1) {
        report.problem(spot, {
          code: "dependency-ambiguous",
          found: name,
          expected: `one of the ids ${found.slice(0, 5).join(", ")}`,
        });
      } else if (id === issue.id) {
        report.problem(spot, { code: "dependency-self", found: name, expected: "another card" });
      } else dependsOn.add(id);
    }
    return { ...issue, dependsOn: [...dependsOn] };
  });
}

type Edge = { readonly id: string; readonly dependsOn: readonly string[] };

/** The cycles among entries that depend on each other, each as ids from its start back to it. */
export function findCycles(entries: readonly Edge[]): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  let open = entries;
  for (
    let cycle = findCycle(open);
    cycle !== null && cycles.length < CYCLES_MAX;
    cycle = findCycle(open)
  ) {
    cycles.push(cycle);
    const [from, to] = cycle.slice(-2);
    // Cut where it closes; what else goes round is found next time.
    open = open.map((entry) =>
      entry.id === from
        ? { ...entry, dependsOn: entry.dependsOn.filter((id) => id !== to) }
        : entry,
    );
  }
  return cycles;
}

function reportCycles(report: Report, { issues, spotOf }: Issues): void {
  for (const cycle of findCycles(issues)) {
    const place = issues.findIndex((issue) => issue.id === cycle[0]);
    report.problem(spotOf(place, "depends_on"), {
      code: "dependency-cycle",
      found: shownCycle(cycle),
      expected: "cards that do not wait for each other in a circle",
    });
  }
}

const CYCLE_NAMES_MAX = 20;

export const shownCycle = (cycle: readonly string[]): string =>
  cycle.length <= CYCLE_NAMES_MAX
    ? cycle.join(" -> ")
    : `${cycle.slice(0, CYCLE_NAMES_MAX - 1).join(" -> ")} -> … (${cycle.length - 1} cards) -> ${cycle.at(-1)}`;

export type NamedCard = {
  readonly id: string;
  readonly kind: "epic" | "rock" | "issue";
  readonly spot: Spot;
  /** False when the id comes from the name of the file. */
  readonly idGiven: boolean;
};

/**
 * Ids also name files and folders, and not every file system tells cases apart. An epic and a rock may share the name of
 * their files: a command then means the epic.
 */
export function checkIds(report: Report, cards: readonly NamedCard[]): void {
  const first = new Map<string, NamedCard>();
  for (const card of cards) {
    const key = card.id.toLowerCase();
    const known = first.get(key);
    if (known === undefined) first.set(key, card);
    else if (isSharedName(known, card)) {
      const found = `the name of the epic in ${known.spot.file}`;
      report.warning(card.spot, {
        code: "name-shared",
        found,
        expected: `another name; ${card.id} means the epic`,
      });
    } else {
      const expected = `an id of its own; ${known.spot.file} has it already`;
      report.problem(card.spot, { code: "id-duplicate", found: card.id, expected });
    }
  }
}

const isSharedName = (epic: NamedCard, rock: NamedCard): boolean =>
  epic.kind === "epic" && rock.kind === "rock" && !epic.idGiven && !rock.idGiven;
