// The prompt of a card exactly as a run would send it now, made by the same gatherer and the same compiler.
import { createBacklog } from "../domain/backlog.ts";
import type { Issue, ProjectAssets } from "../domain/assets.ts";
import type { Card } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ChatMessage, TurnKind } from "../domain/turn.ts";
import { compilePrompt } from "./compile-prompt.ts";
import type { Engine } from "./engine.ts";
import { createFileLocks } from "./file-locks.ts";
import { gatherPrompt } from "./gather-prompt.ts";
import { lookUp, readAgentsText, unstoredCard } from "./lane.ts";
import { routeOf } from "./keep-backlog.ts";
import type { RunTarget } from "./start-run.ts";
import { assetRefusal, resolveTarget } from "./start-run.ts";
import { chooseModel } from "./run-turn.ts";
import type { Lane } from "./session.ts";

export type PreviewRequest = {
  readonly card: string;
  readonly build: string | null;
  readonly department: string | null;
  readonly model: string | null;
};

export type Preview = {
  readonly card: string;
  readonly seat: string;
  readonly kind: TurnKind;
  readonly model: string;
  readonly messages: readonly ChatMessage[];
};

/** An epic's name previews its first issue. Nothing is stored and no model is called. */
export async function previewCard(
  engine: Engine,
  request: PreviewRequest,
): Promise<Result<Preview>> {
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const target = resolveTarget(loaded.value, { ...request, restart: false });
  if (!target.ok) return target;
  const place = await findPlace(engine, loaded.value, target.value);
  if (!place.ok) return place;
  const { lane, card, issue } = place.value;
  const kind: TurnKind = card.status === "code_review" ? "review" : "work";
  const routed = routeOf(engine, lane, { card, kind });
  if (routed.seat === null) {
    const message = `No seat can take ${card.id}: ${routed.reason}`;
    return refuse("ASSET_UNKNOWN", message, { card: card.id });
  }
  const { seat } = routed;
  const session = { engine, assets: loaded.value, patches: new Map(), pullRequest: null };
  const run = { id: "", model: request.model };
  const chosen = chooseModel({ ...session, run }, lane, { card, seat });
  const model = await engine.model.describe(chosen.model, AbortSignal.timeout(DESCRIBE_MS_MAX));
  if (!model.ok) return model;
  const question = {
    card,
    kind,
    seat,
    model: model.value,
    brief: card.version === 0 ? issue : null,
  };
  const facts = await gatherPrompt({ session, lane }, question);
  return ok({ card: card.id, seat, kind, model: chosen.model, messages: compilePrompt(facts) });
}

const DESCRIBE_MS_MAX = 10_000;

type Place = { readonly lane: Lane; readonly card: Card; readonly issue: Issue };

/** The lane as a run would open it, but with nothing stored. */
async function findPlace(
  engine: Engine,
  assets: ProjectAssets,
  target: RunTarget,
): Promise<Result<Place>> {
  const entry = target.entries[0];
  const epic = entry === undefined ? undefined : assets.epics[entry.epicKey];
  const issue = epic?.issues.find((one) => one.id === target.only) ?? epic?.issues[0];
  if (entry === undefined || epic === undefined || issue === undefined) {
    return refuse("ASSET_UNKNOWN", `${target.card} has no issue to preview.`, {
      card: target.card,
    });
  }
  const team = lookUp(assets.teams, epic.department, epic.team);
  const environment = lookUp(assets.environments, epic.department, epic.environment);
  if (team === undefined || environment === undefined) {
    return refuse("ASSET_UNKNOWN", `The epic ${epic.stem} lacks its team or environment.`, {
      epic: epic.stem,
    });
  }
  const { build } = entry;
  const stored = await engine.store.read(async ({ cards }) => cards.get(build, issue.id));
  const position = epic.issues.indexOf(issue);
  const card = stored ?? unstoredCard({ build, epic, issue, position });
  const workspace = await engine.workspaces.open(build);
  const lane: Lane = {
    build,
    epic,
    team,
    environment,
    department: assets.departments[epic.department] ?? null,
    workspace,
    agentsText: await readAgentsText(engine, workspace),
    backlog: createBacklog([card], { wipPerSeatMax: 1 }),
    locks: createFileLocks(),
    only: card.id,
    seenSeq: 0,
  };
  return ok({ lane, card, issue });
}
