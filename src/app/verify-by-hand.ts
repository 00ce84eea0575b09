// A person has the verification of one card executed, outside of any run, on what is committed in its build's workspace.
import type { Verification } from "../domain/assets.ts";
import type { Card } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { CardName } from "./edit-cards.ts";
import { findCard } from "./edit-cards.ts";
import type { Engine } from "./engine.ts";
import type { Verified } from "./verify-card.ts";
import { verifyCard } from "./verify-card.ts";

type Deps = Pick<Engine, "store" | "assets" | "workspaces" | "verifier" | "clock" | "watcher">;

export type ByHand = {
  readonly card: string;
  readonly build: string;
  readonly verification: Verified;
};

export async function verifyByHand(
  deps: Deps,
  request: CardName & { readonly person: string },
  signal: AbortSignal,
): Promise<Result<ByHand>> {
  const { store, workspaces } = deps;
  const found = await store.read(async (transaction) => findCard(transaction, request));
  if (!found.ok) return found;
  const card = found.value;
  const verification = await declarationOf(deps, card);
  if (!verification.ok) return verification;
  const workspace = await workspaces.open(card.build);
  const verified = await verifyCard(
    { ...deps, write: async (work) => store.transaction(work) },
    {
      card,
      workspace,
      verification: verification.value,
      actor: `human:${request.person}`,
      run: null,
      events: [],
    },
    signal,
  );
  return verified.ok
    ? ok({ card: card.id, build: card.build, verification: verified.value })
    : verified;
}

/** As the asset says it now, which is what the next run will ask for; else as it was stored. */
async function declarationOf(
  { store, assets }: Pick<Deps, "store" | "assets">,
  { build, id, epic }: Card,
): Promise<Result<Verification>> {
  const loaded = await assets.load();
  const epics = loaded.ok ? Object.values(loaded.value.epics) : [];
  const issue = epics.find((one) => one.id === epic)?.issues.find((one) => one.id === id);
  const brief = await store.read(async ({ cards }) => cards.brief(build, id));
  const declared = issue === undefined ? brief?.verification : issue.verification;
  return declared == null
    ? refuse(
        "VERIFICATION_MISSING",
        `${id} declares no verification. Give it one in its epic, under verification.`,
        { card: id },
      )
    : ok(declared);
}
