// Many stories one after another, until the time is up or a rule is broken; and the seeds they start from.
import { randomInt } from "node:crypto";
import { tellStory } from "./story.ts";
import type { StoryOptions } from "./story.ts";

const given = process.env["SIMULATION_SEED"];

/** Set to tell one story again, with its steps. */
export const REPEATED_SEED: number | null = given === undefined ? null : Number(given);
export const FIXED_SEED = 20_260_301;
export const randomSeed = (): number => randomInt(2 ** 31 - 1_000_000);

export type Stories = {
  /** The seed, what was broken and the last steps; null when nothing was. */
  readonly found: string | null;
  readonly stories: number;
  readonly perSecond: number;
};

export async function tellStories({
  first,
  forMs,
  ...options
}: Omit<StoryOptions, "seed"> & {
  readonly first: number;
  readonly forMs: number;
}): Promise<Stories> {
  const startedMs = performance.now();
  const pastMs = (): number => performance.now() - startedMs;
  let seed = first;
  let found: string | null = null;
  for (; found === null && pastMs() < forMs; seed += 1) {
    const { violation, trace } = await tellStory({ ...options, seed });
    if (violation === null) continue;
    found = `${violation.message}\nAgain with: SIMULATION_SEED=${seed}\n${trace.join("\n")}`;
  }
  const stories = seed - first;
  return { found, stories, perSecond: (stories * 1000) / pastMs() };
}
