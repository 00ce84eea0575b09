// What the entries of a rock name: epics that exist, departments that exist, each other.
import type { RockEntry } from "../../domain/assets.ts";
import { slugOf } from "../../domain/card.ts";
import { findCycles, shownCycle } from "./check-cards.ts";
import type { RockFile } from "./read-cards.ts";
import type { Sources } from "./read-teams.ts";

type Departments = Readonly<Record<string, unknown>>;

export function checkRock(
  { catalogue, report }: Sources,
  departments: Departments,
  { rock, file }: RockFile,
): void {
  const names = rock.epics.map((entry) => entry.epic);
  const firstPlaces = new Map<string, number>();
  for (const [place, entry] of rock.epics.entries()) {
    const path = ["epics", place];
    if (!Object.hasOwn(departments, entry.department)) {
      const expected = report.suggest(
        entry.department,
        Object.keys(departments),
        "a department that exists",
      );
      report.problem(
        { file, path: [...path, "department"] },
        { code: "department-missing", found: entry.department, expected },
      );
    } else if (catalogue.find("epic", entry.department, entry.epic) === undefined) {
      const expected = report.suggest(
        entry.epic,
        catalogue.names("epic"),
        `an epic of ${entry.department}, core or config`,
      );
      report.problem(
        { file, path: [...path, "epic"] },
        { code: "epic-missing", found: entry.epic, expected },
      );
    }
    // Entries become builds by their slug: two of one name would work in one folder.
    const slug = slugOf(entry.epic);
    const known = firstPlaces.get(slug);
    if (known === undefined) firstPlaces.set(slug, place);
    else {
      const expected = `an epic only once; entry ${known} has it`;
      report.problem(
        { file, path: [...path, "epic"] },
        { code: "entry-duplicate", found: entry.epic, expected },
      );
    }
    for (const [entryPlace, name] of (entry.dependsOn ?? []).entries()) {
      const spot = { file, path: [...path, "depends_on", entryPlace] };
      if (name === entry.epic)
        report.problem(spot, { code: "dependency-self", found: name, expected: "another epic" });
      else if (!names.includes(name)) {
        const expected = report.suggest(name, names, "an epic of this rock");
        report.problem(spot, { code: "dependency-missing", found: name, expected });
      }
    }
  }
  for (const cycle of findCycles(edgesOf(rock.epics))) {
    const place = names.indexOf(cycle[0] ?? "");
    report.problem(
      { file, path: ["epics", place] },
      {
        code: "dependency-cycle",
        found: shownCycle(cycle),
        expected: "epics that do not wait for each other in a circle",
      },
    );
  }
}

/** With the silent rule that an entry without `depends_on` waits for the one before it. */
const edgesOf = (
  entries: readonly RockEntry[],
): readonly { id: string; dependsOn: readonly string[] }[] =>
  entries.map((entry, place) => {
    const before = entries[place - 1];
    const dependsOn = entry.dependsOn ?? (before === undefined ? [] : [before.epic]);
    return { id: entry.epic, dependsOn: dependsOn.filter((name) => name !== entry.epic) };
  });
