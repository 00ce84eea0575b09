// Containment on a machine, or in a release, that has none. It refuses; it never runs a command outside of walls.
import { refuse } from "../../domain/result.ts";
import type { Containment } from "../../ports/containment.ts";

export type Missing = { readonly reason: string; readonly remedy: string };

const NOWHERE: Missing = {
  reason: "nothing is executed here",
  remedy: "Go on with the file tools.",
};

export function createUnavailableContainment({ reason, remedy }: Missing = NOWHERE): Containment {
  const message =
    `containment_unavailable: ${reason}. No command and no verification is executed without containment. ` +
    remedy;
  return {
    probe: async () => ({ available: false, reason, remedy }),
    run: async () => refuse("CONTAINMENT_UNAVAILABLE", message, { reason, remedy }),
  };
}
