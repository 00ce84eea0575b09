// How true the page is right now, in a word; and the way to freeze it.
import type { Look } from "../kit/chip.tsx";
import { Chip } from "../kit/chip.tsx";
import type { LiveState } from "../live/live.ts";
import { live, useLiveState } from "../live/use-live.ts";

const LOOKS: Readonly<Record<LiveState, Look>> = {
  connecting: { tone: "muted", icon: "ready", word: "Connecting" },
  live: { tone: "done", icon: "live", word: "Live" },
  reconnecting: { tone: "waiting", icon: "waiting", word: "Reconnecting" },
  paused: { tone: "waiting", icon: "waiting", word: "Paused" },
  stale: { tone: "failed", icon: "failed", word: "Stale" },
  "signed-out": { tone: "failed", icon: "failed", word: "Signed out" },
};

export function LiveChip() {
  const state = useLiveState();
  const isPaused = state === "paused";
  return (
    <>
      <output aria-label="Connection">
        <Chip {...LOOKS[state]} />
      </output>
      <button type="button" className="plain" onClick={() => live.setPaused(!isPaused)}>
        {isPaused ? "Go on" : "Pause updates"}
      </button>
    </>
  );
}
