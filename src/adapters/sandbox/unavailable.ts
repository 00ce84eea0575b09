// The sandbox engine where there must be none: in a repetition of a recorded run, and in tests. Each answer is the same.
import type { Result } from "../../domain/result.ts";
import { refuse } from "../../domain/result.ts";
import type { SandboxEngine } from "../../ports/sandbox.ts";

export function createUnavailableSandboxes(): SandboxEngine {
  const unavailable = async (): Promise<Result<never>> =>
    refuse(
      "ENGINE_UNAVAILABLE",
      "No container engine is used here. Start Docker with Compose v2 and look with: orket doctor",
    );
  return {
    probe: unavailable,
    up: unavailable,
    down: unavailable,
    health: unavailable,
    logs: unavailable,
    list: unavailable,
    isPortFree: async () => true,
  };
}
