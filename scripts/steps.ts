// Steps with names, one after another: each ends as passed, failed or skipped for a reason that is said. A step that was
// skipped without a reason counts as failed, so that nobody takes what was not done for what went well.

export type Step = {
  readonly name: string;
  /** Throws when it fails; null when it passed, else why it was not done here. */
  readonly run: () => Promise<string | null> | string | null;
};

export type StepEnd = {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly detail: string;
};

type Way = {
  readonly say: (line: string) => void;
  /** Steps that somebody wants left out, with the reason; a blank one is none. */
  readonly skips?: ReadonlyMap<string, string>;
  /** The others are not tried once one has failed. */
  readonly stopsAtFailure?: boolean;
};

export async function runSteps(steps: readonly Step[], way: Way): Promise<readonly StepEnd[]> {
  const { say, skips = new Map<string, string>(), stopsAtFailure = false } = way;
  const unknown = [...skips.keys()].filter((name) => !steps.some((step) => step.name === name));
  const ends: StepEnd[] = unknown.map((name) => ({
    name,
    outcome: "failed",
    detail: `there is no such step; there are ${steps.map((step) => step.name).join(", ")}`,
  }));
  for (const step of steps) {
    const hasFailed = ends.some(({ outcome }) => outcome === "failed");
    const end: StepEnd =
      stopsAtFailure && hasFailed
        ? { name: step.name, outcome: "failed", detail: "not tried: a step before it failed" }
        : await endOf(step, skips.get(step.name));
    ends.push(end);
    say(`${WORDS[end.outcome]}  ${lineOf(end)}`);
  }
  return ends;
}

const WORDS = { passed: "ok  ", failed: "FAIL", skipped: "skip" } as const;

export const lineOf = ({ name, detail }: StepEnd): string =>
  detail === "" ? name : `${name}: ${detail}`;

async function endOf({ name, run }: Step, skip: string | undefined): Promise<StepEnd> {
  if (skip !== undefined) return skipped(name, skip);
  try {
    const reason = await run();
    return reason === null ? { name, outcome: "passed", detail: "" } : skipped(name, reason);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, outcome: "failed", detail };
  }
}

const skipped = (name: string, reason: string): StepEnd =>
  reason.trim() === ""
    ? { name, outcome: "failed", detail: "skipped, and nobody said why" }
    : { name, outcome: "skipped", detail: reason.trim() };

export const areGreen = (ends: readonly StepEnd[]): boolean =>
  ends.length > 0 && ends.every(({ outcome }) => outcome !== "failed");
