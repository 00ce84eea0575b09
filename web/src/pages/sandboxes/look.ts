// How the state of a sandbox looks; always with its reason.
import type { Sandbox } from "../../api/types.ts";
import type { Look } from "../../kit/chip.tsx";

const LOOKS: Readonly<Record<string, Look>> = {
  creating: { tone: "accent", icon: "running", word: "Coming up" },
  running: { tone: "done", icon: "verified", word: "Running" },
  unhealthy: { tone: "waiting", icon: "waiting", word: "Unhealthy" },
  failed: { tone: "failed", icon: "failed", word: "Failed" },
  stopping: { tone: "muted", icon: "canceled", word: "Stopping" },
  deleted: { tone: "muted", icon: "canceled", word: "Taken down" },
};

export function lookOfSandbox({ state, reason }: Pick<Sandbox, "state" | "reason">): Look {
  const look = LOOKS[state] ?? { tone: "muted", icon: "waiting", word: state };
  return reason === null ? look : { ...look, word: `${look.word}: ${reason}` };
}
