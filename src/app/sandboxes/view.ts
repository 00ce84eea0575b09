// What is told of a sandbox outside: nothing of processes and epochs, and of ports and addresses only what can be called.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Sandbox } from "../../domain/sandbox.ts";
import type { Engine } from "../engine.ts";

export type SandboxView = Pick<
  Sandbox,
  | "id"
  | "build"
  | "stack"
  | "state"
  | "reason"
  | "urls"
  | "ports"
  | "services"
  | "createdAt"
  | "lastUsedAt"
  | "expiresAt"
>;

export const viewOfSandbox = ({
  id,
  build,
  stack,
  state,
  reason,
  urls,
  ports,
  services,
  createdAt,
  lastUsedAt,
  expiresAt,
}: Sandbox): SandboxView => ({
  id,
  build,
  stack,
  state,
  reason,
  urls,
  ports,
  services,
  createdAt,
  lastUsedAt,
  expiresAt,
});

/** The build that a person means: by its own name, or by a card in it. */
export const buildMeant = async (
  { store }: Pick<Engine, "store">,
  name: string,
): Promise<Result<string>> =>
  store.read(async ({ runs, cards }): Promise<Result<string>> => {
    if ((await runs.build(name)) !== null) return ok(name);
    const card = await cards.find(name);
    if (card === null)
      return refuse(
        "CARD_UNKNOWN",
        `No build and no stored card is called ${name}. See the cards with: orket cards`,
        { card: name },
      );
    if (card.kind !== "rock") return ok(card.build);
    return refuse(
      "CARD_UNKNOWN",
      `${name} is a rock: each of its epics has a build of its own. Name one of its epics.`,
      { card: name },
    );
  });
