// Containment on a machine, or in a release, that has none. It refuses; it never runs a command outside of walls.
import { refuse } from "../../domain/result.ts";
import type { Containment } from "../../ports/containment.ts";

const MESSAGE =
  "containment_unavailable: this release has no containment, so no command and no verification is executed. " +
  "Nothing an agent wrote runs without it. Go on with the file tools; a release with containment will execute it.";

export function createUnavailableContainment(): Containment {
  return { run: async () => refuse("CONTAINMENT_UNAVAILABLE", MESSAGE) };
}
