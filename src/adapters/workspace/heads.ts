// The last commits of the builds in use and what they hold, so that git is not asked again for each commit. A long-lived
// server sees builds without end: those used last are kept, the others are read again when they are wanted.
import type { TrackedEntry } from "./tracked.ts";

export type Head = {
  readonly commit: string;
  readonly tree: string;
  readonly entries: Map<string, TrackedEntry>;
};

export type Heads = {
  readonly get: (gitDir: string) => Head | null;
  readonly set: (gitDir: string, head: Head | null) => void;
};

export function createHeads(countMax: number): Heads {
  // In the order of their last use.
  const known = new Map<string, Head>();
  const set = (gitDir: string, head: Head | null): void => {
    known.delete(gitDir);
    if (head === null) return;
    known.set(gitDir, head);
    const [oldest] = known.keys();
    if (known.size > countMax && oldest !== undefined) known.delete(oldest);
  };
  return {
    get: (gitDir) => {
      const head = known.get(gitDir) ?? null;
      set(gitDir, head);
      return head;
    },
    set,
  };
}
