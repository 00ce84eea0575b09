// What the engine itself must see to between turns: dependencies that died or came alive, cards that wait to be tested,
// and the seat a card goes to.
import type { Card } from "../domain/card.ts";
import { ENGINE } from "../domain/card-moves.ts";
import type { RouteAnswer } from "../domain/decision.ts";
import type { NewEvent } from "../domain/events.ts";
import type { TurnKind } from "../domain/turn.ts";
import { applyMove } from "./apply-move.ts";
import type { Decision } from "./ask-node.ts";
import { askNode } from "./ask-node.ts";
import { blockByEngine } from "./block-card.ts";
import { isCardOverBudget } from "./budget.ts";
import type { Engine } from "./engine.ts";
import { lackOf } from "./prove-work.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";

/** A move of one card may free or stop the next, so this goes on until nothing changes; each card moves once a round. */
export async function keepDependencies(session: Session, lane: Lane): Promise<void> {
  for (
    let changes = lane.backlog.takeDependencyChanges();
    changes.length > 0;
    changes = lane.backlog.takeDependencyChanges()
  ) {
    for (const { card, dependency } of changes) {
      const origin = { run: session.run.id };
      const request =
        dependency === null
          ? ({ to: "ready", actor: ENGINE, cause: "dependency", origin } as const)
          : ({
              to: "blocked",
              actor: ENGINE,
              cause: "dependency",
              waitReason: "dependency",
              waitDetail: `${dependency} is ${lane.backlog.get(dependency)?.status ?? "missing"}.`,
              origin,
            } as const);
      const moved = await write(session, async (transaction) => {
        const fresh = await transaction.cards.get(card.build, card.id);
        return fresh === null ? null : applyMove(transaction, fresh, request);
      });
      if (moved?.ok === true) lane.backlog.apply(moved.value);
    }
  }
}

/** On to review, before which a declared verification is executed. */
export async function promoteTesting(session: Session, card: Card): Promise<void> {
  await write(session, async (transaction) => {
    const fresh = await transaction.cards.get(card.build, card.id);
    if (fresh === null) return;
    await applyMove(transaction, fresh, {
      to: "code_review",
      actor: ENGINE,
      cause: "promote",
      origin: { run: session.run.id },
    });
  });
}

type Question = { readonly card: Card; readonly kind: TurnKind };
type Asker = Pick<Engine, "nodes" | "clock" | "ids"> & { readonly run?: string };

function askRoute(
  { run, ...engine }: Asker,
  lane: Lane,
  { card, kind }: Question,
): Decision<"route"> {
  const { id, type, seat, cycle, authorSeats } = card;
  const roles = Object.values(lane.team.roles);
  const issueTypes = Object.fromEntries(roles.map((role) => [role.name, role.issueTypes]));
  const { seats } = lane.team;
  const input = {
    card: { id, type, seat, cycle },
    kind,
    seats,
    issueTypes,
    authorSeats,
  };
  const origin = { build: card.build, card: id, ...(run === undefined ? {} : { run }) };
  return askNode(engine, "route", { input, origin });
}

/** Where the card would go, without a run and without a trace. */
export const routeOf = (engine: Asker, lane: Lane, question: Question): RouteAnswer =>
  askRoute(engine, lane, question).answer;

export type Routed = {
  readonly kind: TurnKind;
  readonly seat: string;
  readonly events: readonly NewEvent[];
};

/** The seat for the card's next turn; null when there is none, and the card is then blocked with the reason. */
export async function routeCard(
  session: Session,
  lane: Lane,
  { card, kind }: { readonly card: Card; readonly kind: TurnKind },
): Promise<Routed | null> {
  const { answer, events } = askRoute({ ...session.engine, run: session.run.id }, lane, {
    card,
    kind,
  });
  if (answer.seat !== null) return { kind, seat: answer.seat, events };
  await blockByEngine(session, card, {
    reason: "resource",
    detail: answer.reason,
    alert: kind === "review" ? "no-reviewer" : "no-seat",
    events,
  });
  return null;
}

/** Cards that waited for a resource which is there now are ready again; looked at when a run takes the build up. */
export async function freeResources(session: Session, lane: Lane): Promise<void> {
  const waiting = lane.backlog
    .open()
    .filter((card) => card.status === "blocked" && card.waitReason === "resource");
  for (const card of waiting) {
    if (!(await isEngineBlock(session, card)) || (await lacksResource(session, lane, card)))
      continue;
    const moved = await write(session, async (transaction) => {
      const fresh = await transaction.cards.get(card.build, card.id);
      if (fresh?.waitReason !== "resource") return null;
      const origin = { run: session.run.id };
      return applyMove(transaction, fresh, {
        to: "ready",
        actor: ENGINE,
        cause: "resource",
        origin,
      });
    });
    if (moved?.ok === true) lane.backlog.apply(moved.value);
  }
}

/** What a seat or a person says it lacks, the engine cannot see. */
async function isEngineBlock({ engine }: Session, { build, id }: Card): Promise<boolean> {
  const filter = {
    build,
    card: id,
    types: ["card-moved"],
    before: Number.MAX_SAFE_INTEGER,
  } as const;
  const [last] = await engine.store.read(async ({ events }) =>
    events.list({ ...filter, limit: 1 }),
  );
  return last?.actor === ENGINE.id;
}

async function lacksResource(session: Session, lane: Lane, card: Card): Promise<boolean> {
  const seatFor = (kind: TurnKind): string | null =>
    routeOf(session.engine, lane, { card, kind }).seat;
  return (
    seatFor("work") === null ||
    seatFor("review") === null ||
    (await lackOf(session, lane, card)) !== null ||
    (await isCardOverBudget(session.engine, card))
  );
}
