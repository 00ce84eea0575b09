// How the state of a sandbox looks; always with its reason.
import type { Sandbox, SandboxHealth } from "../../api/types.ts";
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

type Service = SandboxHealth["services"][number];

const HEALTH: Readonly<Record<NonNullable<Service["health"]>, Look>> = {
  healthy: { tone: "done", icon: "verified", word: "Healthy" },
  unhealthy: { tone: "failed", icon: "failed", word: "Unhealthy" },
  starting: { tone: "accent", icon: "running", word: "Starting" },
};

/** A service without a check of its own is only known to run, or not to. */
export function lookOfService({ state, health }: Service): Look {
  if (state === "running" && health !== null) return HEALTH[health];
  return state === "running"
    ? { tone: "ready", icon: "ready", word: "Running, not checked" }
    : { tone: "muted", icon: "canceled", word: state };
}
