// How often a name may come within a minute: the last minute slides, so that no two windows can be filled back to back.
// Names beyond the bound push out the one that was quiet for longest.

export type RateLimit = {
  /** Counts it and gives null, or gives the seconds after which it may come again. */
  readonly take: (name: string) => number | null;
};

export type RateLimitSetting = {
  readonly perMinute: number;
  readonly namesMax: number;
  /** Milliseconds that only rise. */
  readonly nowMs: () => number;
};

const MINUTE_MS = 60_000;

export function createRateLimit({ perMinute, namesMax, nowMs }: RateLimitSetting): RateLimit {
  const takenAt = new Map<string, number[]>();
  return {
    take: (name) => {
      const now = nowMs();
      const times = (takenAt.get(name) ?? []).filter((time) => now - time < MINUTE_MS);
      const [oldest = now] = times;
      const isOver = times.length >= perMinute;
      if (!isOver) times.push(now);
      takenAt.delete(name);
      const [quietest] = takenAt.keys();
      if (takenAt.size >= namesMax && quietest !== undefined) takenAt.delete(quietest);
      takenAt.set(name, times);
      return isOver ? Math.max(1, Math.ceil((oldest + MINUTE_MS - now) / 1000)) : null;
    },
  };
}
