// The prompt of a card exactly as a run would send it now, made by the same gatherer and the same compiler.
import { createBacklog } from "../domain/backlog.ts";
import type { Card } from "../domain/card.ts";
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";
import type { ChatMessage, TurnKind } from "../domain/turn.ts";
import { askNode } from "./ask-node.ts";
import { compilePrompt } from "./compile-prompt.ts";
import type { Engine } from "./engine.ts";
import { createFileLocks } from "./file-locks.ts";
import { gatherPrompt } from "./gather-prompt.ts";
import { lookUp, unstoredCard } from "./lane.ts";
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
export async function previewCard(engine: Engine, request: PreviewRequest): Promise<Result<Preview>> {
  const loaded = await engine.assets.load();
  if (!loaded.ok) return assetRefusal(loaded.error);
  const assets = loaded.value;
  const target = resolveTarget(assets, { ...request, restart: false });
  if (!target.ok) return target;
  const entry = target.value.entries[0];
  const epic = entry === undefined ? undefined : assets.epics[entry.epicKey];
  if (entry === undefined || epic === undefined) return refuse("ASSET_UNKNOWN", `${request.card} has no epic to preview.`, {});
  const issue = epic.issues.find((one) => one.id === target.value.only) ?? epic.issues[0];
  const team = lookUp(assets.teams, epic.department, epic.team);
  const environment = lookUp(assets.environments, epic.department, epic.environment);
  if (issue === undefined || team === undefined || environment === undefined) {
    return refuse("ASSET_UNKNOWN", `The epic ${epic.stem} has no issue to preview.`, { epic: epic.stem });
  }
  const stored = await engine.store.read(async ({ cards }) => cards.get(entry.build, issue.id));
  const card: Card = stored ?? unstoredCard({ build: entry.build, epic, issue, position: epic.issues.indexOf(issue) });
  const lane: Lane = {
    build: entry.build,
    epic,
    team,
    environment,
    department: assets.departments[epic.department] ?? null,
    workspace: await engine.workspaces.open(entry.build),
    backlog: createBacklog([card], { wipPerSeatMax: 1 }),
    locks: createFileLocks(),
    only: card.id,
    seenSeq: 0,
  };
  const kind: TurnKind = card.status === "code_review" ? "review" : "work";
  const issueTypes = Object.fromEntries(Object.values(team.roles).map((role) => [role.name, role.issueTypes]));
  const { id, type, seat, cycle, authorSeats } = card;
  const routed = askNode(engine, "route", {
    input: structuredClone({ card: { id, type, seat, cycle }, kind, seats: team.seats, issueTypes, authorSeats }),
    origin: { build: entry.build, card: id },
  }).answer;
  if (routed.seat === null) return refuse("ASSET_UNKNOWN", `No seat can take ${id}: ${routed.reason}`, { card: id });
  const session = { engine, assets };
  const chosen = chooseModel({ ...session, run: { id: "", model: request.model } }, lane, { card, seat: routed.seat });
  const model = await engine.model.describe(chosen.model, AbortSignal.timeout(DESCRIBE_MS_MAX));
  if (!model.ok) return model;
  const facts = await gatherPrompt({ session, lane }, { card, kind, seat: routed.seat, model: model.value, brief: stored === null ? issue : null });
  return ok({ card: id, seat: routed.seat, kind, model: chosen.model, messages: compilePrompt(facts) });
}

const DESCRIBE_MS_MAX = 10_000;
