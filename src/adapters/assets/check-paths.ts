// Paths that cards name: references stay inside the project and away from what nobody may read, fixtures stay below the
// verification folder. Links count for where they lead. A file that does not exist yet is no problem of a load.
import { realpath } from "node:fs/promises";
import { dirname, join, normalize } from "node:path/posix";
import { isReadProtected } from "../../domain/governance.ts";
import { codeOf, isInside, mapSome } from "./project-files.ts";
import type { Report, Spot } from "./report.ts";

export type NamedPath = {
  readonly rule: "reference" | "fixture";
  readonly value: string;
  readonly spot: Spot;
};

export const VERIFICATION_FOLDER = "verification";

/**
 * A reference out of the project is an error of the load. A fixture outside of its folder is told as a warning, because
 * it concerns its card only: that card's verification is refused, the others go on.
 */
export async function checkPaths(
  report: Report,
  projectDir: string,
  paths: readonly NamedPath[],
): Promise<void> {
  const root = await realpath(projectDir);
  const verdicts = new Map<string, string | null>();
  const unique = [...new Map(paths.map((path) => [`${path.rule} ${path.value}`, path])).entries()];
  await mapSome(unique, async ([key, path]) => {
    verdicts.set(key, await judge(root, path));
  });
  for (const { rule, value, spot } of paths) {
    const why = verdicts.get(`${rule} ${value}`) ?? null;
    if (why === null) continue;
    if (rule === "fixture") {
      const expected = `a path below ${VERIFICATION_FOLDER}/; the card cannot be verified`;
      report.warning(spot, { code: "verification-path", found: `${value} ${why}`, expected });
    } else {
      const code = why === PROTECTED ? "reference-protected" : "reference-outside";
      report.problem(spot, {
        code,
        found: `${value} ${why}`,
        expected: "a file inside of the project that turns may read",
      });
    }
  }
}

const PROTECTED = "is protected from reading";
const OUTSIDE = "leads outside";

async function judge(root: string, { rule, value }: NamedPath): Promise<string | null> {
  if (value.includes("\0") || value.includes("\\")) return "is no path with /";
  const path = normalize(value);
  if (path.startsWith("/") || path === ".." || path.startsWith("../")) return OUTSIDE;
  if (rule === "reference" && isReadProtected(path)) return PROTECTED;
  if (rule === "fixture" && !path.startsWith(`${VERIFICATION_FOLDER}/`)) return OUTSIDE;
  const real = await realPathOf(root, path);
  if (real === null) return "goes round in a circle of links, or cannot be read";
  const limit = rule === "fixture" ? join(root, VERIFICATION_FOLDER) : root;
  if (!isInside(limit, real)) return OUTSIDE;
  return rule === "reference" && isReadProtected(real.slice(root.length)) ? PROTECTED : null;
}

/** Of a path that does not exist, the real path of what there is of it; null when it cannot be said. */
async function realPathOf(root: string, path: string): Promise<string | null> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const real = await realpath(join(root, at));
      return at === path ? real : join(real, path.slice(at === "." ? 0 : at.length));
    } catch (error) {
      const code = codeOf(error);
      // ENOTDIR and ENAMETOOLONG: there is no such file, and there cannot be one.
      if (at === "." || (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ENAMETOOLONG"))
        return null;
    }
  }
}
