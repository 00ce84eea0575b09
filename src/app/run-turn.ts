// A turn: prompt, then model and tools in steps until it ends; then the evaluation and the commit. Each reply and each
// result is stored before the next action, so that a turn cut off at any point goes on from its last stored step.
import type { Card } from "../domain/card.ts";
import { ENGINE } from "../domain/card-moves.ts";
import { EngineError } from "../domain/errors.ts";
import type { NewEvent } from "../domain/events.ts";
import { NO_USAGE } from "../domain/run.ts";
import type { Turn, TurnKind } from "../domain/turn.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { ModelFacts } from "../ports/model.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { askNode } from "./ask-node.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import { turnsReached } from "./budget.ts";
import { compilePrompt } from "./compile-prompt.ts";
import { isMachineFailure } from "./machine-failure.ts";
import { gatherPrompt } from "./gather-prompt.ts";
import type { Lane, Session } from "./session.ts";
import { idsOf, rolesOf, write } from "./session.ts";
import type { LiveTurn, TurnOutcome } from "./turn-outcome.ts";
import { outcomeOf } from "./turn-outcome.ts";
import { playSteps } from "./turn-steps.ts";

/** `limit`: the card has used all its turns of this run and was blocked. `conflict`: somebody else moved it first. */
export type Started =
  | { readonly kind: "live"; readonly live: LiveTurn }
  | { readonly kind: "limit" | "conflict" };

export type TurnPlan = {
  readonly card: Card;
  readonly kind: TurnKind;
  readonly seat: string;
  readonly events: readonly NewEvent[];
};

/** Starts a turn in one transaction: the card's move, the turn's record and every decision that led to it. */
export async function startTurn(session: Session, lane: Lane, plan: TurnPlan): Promise<Started> {
  const { engine, run } = session;
  const { card, kind, seat } = plan;
  const chosen = chooseModel(session, lane, plan);
  const model = await factsOf(session, chosen.model);
  const prompt = compilePrompt(await gatherPrompt({ session, lane }, { card, kind, seat, model }));
  const id = engine.ids.create("turn");
  return write(session, async (transaction): Promise<Started> => {
    const fresh = await transaction.cards.get(card.build, card.id);
    if (fresh === null || fresh.status !== card.status) return { kind: "conflict" };
    const origin = { run: run.id, turn: id };
    let current = fresh;
    if (fresh.status === "ready") {
      const moved = await applyMove(transaction, fresh, {
        to: "in_progress",
        actor: ENGINE,
        cause: "dispatch",
        origin,
      });
      if (!moved.ok) return { kind: "conflict" };
      current = moved.value;
    }
    const counts = await transaction.turns.counts({
      run: run.id,
      build: card.build,
      card: card.id,
      seat,
    });
    const { turnsPerCardMax } = engine.settings.limits;
    const overBudget = turnsReached(engine.settings.budgets.card, counts.ofCard);
    if (overBudget !== null || counts.ofCardInRun >= turnsPerCardMax) {
      const waitDetail =
        overBudget ?? `The card used all its ${turnsPerCardMax} turns of this run.`;
      const waitReason = overBudget === null ? "system" : "resource";
      const block = {
        to: "blocked",
        actor: ENGINE,
        cause: "limit",
        waitReason,
        waitDetail,
        origin,
      };
      await applyMove(transaction, current, block as Parameters<typeof applyMove>[2]);
      return { kind: "limit" };
    }
    const turn = newTurn(session, plan, {
      id,
      model: chosen.model,
      number: counts.ofCard + 1,
      cycle: current.cycle,
    });
    await transaction.turns.insert(turn, prompt);
    await transaction.runs.addUsage(run.id, NO_USAGE, 1);
    const decisions = [...plan.events, ...chosen.events].map((event) => ({ ...event, turn: id }));
    const dispatch = started(turn, card, { model, role: roleOf(lane, seat) });
    await transaction.events.append([...decisions, ...dispatch]);
    session.turns += 1;
    const { seatReplies } = counts;
    const verdict = await verdictOf(transaction, { ...plan, card: current });
    const begun = { stored: [], approvals: [], seatReplies, verdict };
    return { kind: "live", live: { turn, card: current, lane, model, prompt, ...begun } };
  });
}

/** What a reviewer may decide depends on it; when it decides, it is asked again what holds then. */
async function verdictOf(
  { cards }: StoreTransaction,
  { kind, card }: Pick<TurnPlan, "kind" | "card">,
): Promise<Verdict | null> {
  if (kind !== "review") return null;
  const last = await cards.lastVerification(card.build, card.id);
  return last?.cycle === card.cycle ? last.verdict : null;
}

const newTurn = (
  { engine, run }: Session,
  { card, kind, seat }: TurnPlan,
  facts: Pick<Turn, "id" | "model" | "number" | "cycle">,
): Turn => ({
  ...facts,
  run: run.id,
  build: card.build,
  card: card.id,
  seat,
  kind,
  status: "live",
  outcome: null,
  commit: null,
  usage: NO_USAGE,
  startedAt: new Date(engine.clock.now()).toISOString(),
  endedAt: null,
});

/** The seat's first role stands for it: it chooses the model, and the seat's work is counted under it. */
const roleOf = ({ team }: Lane, seat: string): string => rolesOf(team, seat)[0]?.name ?? seat;

type Dispatch = { readonly model: ModelFacts; readonly role: string };

const started = (turn: Turn, card: Card, { model, role }: Dispatch): readonly NewEvent[] => {
  const origin = { actor: "engine", run: turn.run, turn: turn.id };
  const { nativeTools, contextWindow, price } = model;
  const { seat, kind, number, cycle } = turn;
  const facts = { seat, role, kind, number, cycle };
  return [
    cardEvent(card, {
      ...origin,
      type: "card-dispatched",
      data: { seat: turn.seat, kind: turn.kind },
    }),
    cardEvent(card, {
      ...origin,
      type: "model-selected",
      data: { model: turn.model, seat: turn.seat, nativeTools, contextWindow, price },
    }),
    cardEvent(card, { ...origin, type: "turn-started", data: facts }),
    ...(turn.kind === "review"
      ? [
          cardEvent(card, {
            ...origin,
            type: "review-started",
            data: { seat: turn.seat, cycle: turn.cycle },
          }),
        ]
      : []),
  ];
};

/** More than a turn can ask: it has so many steps, each with so many calls. */
const APPROVALS_MAX = 100_000;

/** Takes up a turn that another process left: same prompt, same model, the steps that are stored. */
export async function reopenTurn(session: Session, lane: Lane, turn: Turn): Promise<LiveTurn> {
  const model = await factsOf(session, turn.model);
  return session.engine.store.read(async (transaction) => {
    const { turns, cards, approvals: asked } = transaction;
    const card = await cards.get(turn.build, turn.card);
    if (card === null)
      throw new EngineError(
        "STORE_CORRUPT",
        `Turn ${turn.id} names card ${turn.card}, which is not stored.`,
      );
    const stored = await turns.steps(turn.id);
    const counts = await turns.counts({
      run: turn.run,
      build: turn.build,
      card: turn.card,
      seat: turn.seat,
    });
    const seatReplies = counts.seatReplies - stored.length;
    const approvals = await asked.list({ turn: turn.id, limit: APPROVALS_MAX });
    const prompt = await turns.prompt(turn.id);
    const verdict = await verdictOf(transaction, { kind: turn.kind, card });
    return { turn, card, lane, model, prompt, stored, approvals, seatReplies, verdict };
  });
}

type ModelChooser = Pick<Session, "engine" | "assets"> & {
  readonly run: Pick<Session["run"], "id" | "model">;
};

export function chooseModel(
  session: ModelChooser,
  lane: Lane,
  { card, seat }: Pick<TurnPlan, "card" | "seat">,
): { model: string; events: readonly NewEvent[] } {
  const { engine, run, assets } = session;
  const overrides = lane.epic.params["model_overrides"];
  const input = {
    role: roleOf(lane, seat),
    flag: run.model,
    epicOverrides: (typeof overrides === "object" && overrides !== null ? overrides : {}) as Record<
      string,
      string
    >,
    roleSettings: engine.settings.roleModels,
    environment: { name: lane.environment.name, model: lane.environment.model },
    departmentDefault: lane.department?.defaultLlm ?? null,
    organizationDefault: assets.organization.process.defaultLlm,
    setting: engine.settings.model,
  };
  const origin = { run: run.id, build: card.build, card: card.id };
  const { answer, events } = askNode(engine, "selectModel", { input, origin });
  return { model: answer.model, events };
}

/** Facts of a model, asked once a run. A provider that is unknown or not configured ends the run with its own words. */
async function factsOf(session: Session, model: string): Promise<ModelFacts> {
  const known = session.facts.get(model);
  if (known !== undefined) return known;
  const described = await session.engine.model.describe(model, session.signal);
  if (!described.ok)
    throw new EngineError(described.error.code, described.error.message, {
      details: described.error.details,
    });
  if (session.run.budget.costUsdMax !== null && described.value.price === null) {
    const message = `The run has a cost budget, but the price of ${model} is unknown. Set it under prices, or use --max-tokens.`;
    throw new EngineError("MODEL_UNCONFIGURED", message, { details: { model } });
  }
  session.facts.set(model, described.value);
  return described.value;
}

/** Plays the turn's steps. Whatever goes wrong inside is an outcome; only the loss of the run or of the store throws. */
export async function playTurn(session: Session, live: LiveTurn): Promise<TurnOutcome> {
  const deadline = AbortSignal.timeout(session.engine.settings.limits.turnMs);
  try {
    return await playSteps(session, live, AbortSignal.any([session.signal, deadline]));
  } catch (error) {
    if (isMachineFailure(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    session.engine.log.error({ ...idsOf(session, live), error: message }, "turn failed");
    return outcomeOf({ end: "failed", detail: message });
  }
}
