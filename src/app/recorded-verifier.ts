// A verifier for replays: it executes nothing, and finds what was found in the run that was recorded, card by card in their
// order. It remembers where it is, so it serves one replay from its beginning to its end.
import type { ErrorCode } from "../domain/errors.ts";
import type { Names, RecordedFinding, Recording } from "../domain/recording.ts";
import { ok, refuse } from "../domain/result.ts";
import type { CheckResult } from "../domain/verification.ts";
import { failed, notExecuted, passed } from "../domain/verification.ts";
import type { Verifier } from "./verifier.ts";

type Deps = {
  readonly recording: Pick<Recording, "verifications">;
  readonly names: Pick<Names, "toNames">;
};

export function createRecordedVerifier({ recording, names }: Deps): Verifier {
  const left = new Map(
    Object.entries(recording.verifications).map(([card, list]) => [card, [...list]]),
  );
  const bases = new Map<string, string>();
  const ofCard = ({ id }: { readonly id: string }): RecordedFinding[] =>
    left.get(names.toNames(id)) ?? [];
  return {
    lacks: async ({ card }) => {
      const [next] = ofCard(card);
      if (next === undefined || !("lack" in next)) return null;
      ofCard(card).shift();
      return next.lack;
    },
    // Fixtures and declarations are those of the recorded run, as far as it looked at them.
    basis: async ({ card }) => ok(bases.get(names.toNames(card.id)) ?? ""),
    execute: async ({ card, workspace }) => {
      const next = ofCard(card).shift();
      if (next === undefined || "lack" in next)
        return refuse(
          "CONTAINMENT_UNAVAILABLE",
          `The recording has no further verification of ${card.id}.`,
        );
      if ("refused" in next) return refuse(next.refused.code as ErrorCode, next.refused.message);
      const { fixtureDigest, basis, scenarios } = next;
      bases.set(names.toNames(card.id), basis);
      const workspaceDigest = await workspace.digest();
      return ok({ workspaceDigest, fixtureDigest, basis, results: scenarios.map(resultOf) });
    },
  };
}

/** With the outcome that it had; what was expected and what came are not kept in recordings. */
function resultOf({
  id,
  kind,
  outcome,
}: Pick<CheckResult, "id" | "kind" | "outcome">): CheckResult {
  const check = { id, kind, description: "" };
  if (outcome === "passed") return passed(check);
  return outcome === "failed"
    ? failed(check, { expected: "what is not recorded", got: "what is not recorded" })
    : notExecuted(check, "it was not in the recorded run");
}
