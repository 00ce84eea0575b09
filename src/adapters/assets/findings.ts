// What one look at a file finds: a problem without its file name, its place as a JSON path, what was there instead.
import type { AssetProblem } from "../../domain/assets.ts";

export type Finding = Omit<AssetProblem, "file">;
export type PathSegment = string | number;
export type Path = readonly PathSegment[];

const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$-]*$/;
const FOUND_CHARACTERS_MAX = 80;

/** `$.issues[2].seat`; keys that are no plain word are quoted. */
export const jsonPath = (path: Path): string =>
  path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    return PLAIN_KEY.test(segment) ? `${text}.${segment}` : `${text}[${JSON.stringify(segment)}]`;
  }, "$");

/** A value in a few characters; what is not there at all is `nothing`. */
export function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text =
    typeof value === "object" && value !== null ? shownOutline(value) : JSON.stringify(value);
  return text.length <= FOUND_CHARACTERS_MAX ? text : `${text.slice(0, FOUND_CHARACTERS_MAX)}…`;
}

/** Large values are not written out only to be cut. */
function shownOutline(value: object): string {
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? "an empty object" : `an object with ${keys.slice(0, 5).join(", ")}`;
}

/** By file, then path; numbers in a path count as numbers, so that entry 10 comes after entry 9. */
export const compareProblems = (left: AssetProblem, right: AssetProblem): number =>
  compareText(left.file, right.file) ||
  comparePaths(left.path, right.path) ||
  compareText(left.code, right.code) ||
  compareText(left.found, right.found);

const compareText = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;

function comparePaths(left: string, right: string): number {
  const [leftParts, rightParts] = [partsOf(left), partsOf(right)];
  for (const [place, leftPart] of leftParts.entries()) {
    const rightPart = rightParts[place];
    if (rightPart === undefined) return 1;
    const bothNumbers = /^\d/.test(leftPart) && /^\d/.test(rightPart);
    const order = bothNumbers
      ? Number(leftPart) - Number(rightPart)
      : compareText(leftPart, rightPart);
    if (order !== 0) return order;
  }
  return leftParts.length - rightParts.length;
}

const partsOf = (path: string): readonly string[] => path.match(/\d+|\D+/g) ?? [];

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a path; undefined when the way there ends early. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment))
      return undefined;
    value = (value as Readonly<Record<PathSegment, unknown>>)[segment];
  }
  return value;
}
