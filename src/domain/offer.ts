// What a finished build says on the forge when it is offered as a pull request: branch, title and text made of its cards, and
// what must not be in it. Words of cards are somebody else's: they can do nothing there.
import type { Card } from "./card.ts";
import { matchesPathGlob } from "./glob.ts";
import { harmless } from "./pull-request-text.ts";

export type OfferedCard = Pick<Card, "id" | "kind" | "summary" | "status" | "verified" | "seat">;

export type OfferFacts = {
  readonly build: string;
  /** As the store lists them; orphaned ones are not among them. */
  readonly cards: readonly OfferedCard[];
  /** Changed paths that the review policy protects. */
  readonly protectedPaths: readonly string[];
};

const TITLE_CHARACTERS_MAX = 200;
const CARDS_SHOWN_MAX = 100;
const PATHS_SHOWN_MAX = 20;

/**
 * Files that the forge, or the one it is mirrored to, executes as soon as they are pushed, before anybody has read them.
 * No build brings them, whatever the policy says.
 */
const PIPELINES = [
  ".gitea",
  ".gitea/**",
  ".forgejo",
  ".forgejo/**",
  ".github",
  ".github/**",
  ".woodpecker",
  ".woodpecker/**",
  ".woodpecker.yml",
  ".woodpecker.yaml",
  ".drone.yml",
  ".gitlab-ci.yml",
] as const;

export const branchOf = (build: string): string => `orket/${build}`;

/** Paths of the change that a pipeline would be made of; without regard to case. */
export const pipelinePaths = (paths: readonly string[]): readonly string[] =>
  matching(paths, PIPELINES);

export const matching = (paths: readonly string[], globs: readonly string[]): readonly string[] =>
  paths.filter((path) =>
    globs.some((glob) => matchesPathGlob(glob.toLowerCase(), path.toLowerCase())),
  );

export function offerTitle({ build, cards }: OfferFacts): string {
  const epic = cards.find(({ kind }) => kind === "epic");
  const words = harmless(epic?.summary ?? "");
  const title = words === "" ? build : `${build}: ${words}`;
  return title.length > TITLE_CHARACTERS_MAX
    ? `${title.slice(0, TITLE_CHARACTERS_MAX - 1)}…`
    : title;
}

export function offerText(facts: OfferFacts): string {
  const { build, cards, protectedPaths } = facts;
  const issues = cards.filter(({ kind }) => kind === "issue");
  const unverified = issues.filter(({ status, verified }) => status === "done" && !verified);
  return [
    `The build \`${build}\`, made by Orket.`,
    ...(unverified.length === 0
      ? []
      : [
          `**Not verified: ${unverified.length} of ${issues.length}.** Nothing was executed that shows what these do.`,
        ]),
    listed(issues.map(lineOf), CARDS_SHOWN_MAX, "cards"),
    ...(protectedPaths.length === 0
      ? []
      : [
          "It changes files that the review policy protects:",
          listed(
            protectedPaths.map((path) => `- ${harmless(path)}`),
            PATHS_SHOWN_MAX,
            "files",
          ),
        ]),
    "Its cards were reviewed while it was built. Orket does not merge it by itself.",
  ].join("\n\n");
}

function lineOf({ id, summary, status, verified, seat }: OfferedCard): string {
  const state = status === "done" ? (verified ? "verified" : "not verified") : status;
  const by = seat === null ? "" : ` (${harmless(seat)})`;
  return `- \`${id}\` ${harmless(summary)}${by}: ${state}`;
}

function listed(lines: readonly string[], max: number, what: string): string {
  if (lines.length <= max) return lines.join("\n");
  return [...lines.slice(0, max), `- and ${lines.length - max} more ${what}`].join("\n");
}
