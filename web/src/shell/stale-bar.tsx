// Says since when the page may be old: nothing on it is believed to go on while nobody hears of it.
import { useState } from "react";
import type { LiveState } from "../live/live.ts";
import { useLiveState } from "../live/use-live.ts";
import { momentOf, Since, useNow } from "../kit/time.tsx";

const isOld = (state: LiveState): boolean =>
  state === "stale" || state === "reconnecting" || state === "signed-out" || state === "paused";

export function StaleBar() {
  const state = useLiveState();
  const now = useNow();
  const [since, setSince] = useState<string | null>(null);
  // While it renders, so that no picture is painted without it.
  if (isOld(state) && since === null) setSince(new Date(now).toISOString());
  if (!isOld(state) && since !== null) setSince(null);
  if (since === null) return null;
  return (
    <p className="old">
      {state === "paused" ? "Frozen" : "Not heard from the server"} for <Since at={since} />. What
      you see is as of {momentOf(since)}.
    </p>
  );
}
