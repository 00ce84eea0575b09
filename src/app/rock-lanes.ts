// The lanes of a run: one for an epic or an issue, one per epic for a rock, each opened when what it waits for is done.
import type { Rock, Team } from "../domain/assets.ts";
import { createdFacts } from "../domain/card-history.ts";
import { ENGINE } from "../domain/card-moves.ts";
import type { NewCard } from "../ports/store.ts";
import { applyMove, cardEvent } from "./apply-move.ts";
import { freeResources } from "./keep-backlog.ts";
import { openLane } from "./lane.ts";
import { rollUpEpic } from "./roll-up.ts";
import type { Lane, Session } from "./session.ts";
import { write } from "./session.ts";
import type { RunTarget, TargetEntry } from "./start-run.ts";
import type { LaneSource } from "./traction.ts";

type LaneState = { readonly entry: TargetEntry; lane: Lane | null; done: boolean };

export function createLaneSource(session: Session, target: RunTarget): LaneSource {
  const states: LaneState[] = target.entries.map((entry) => ({ entry, lane: null, done: false }));
  const isDone = (build: string): boolean =>
    states.find((state) => state.entry.build === build)?.done ?? true;
  let rockDone = target.kind !== "rock";
  /** True when it opened, or turned out to be done. */
  const advance = async (state: LaneState): Promise<boolean> => {
    const wasClosed = state.lane === null;
    if (wasClosed && state.entry.after.every(isDone)) {
      const { build, epicKey } = state.entry;
      if (target.kind === "rock") await openRock(session, target);
      const { rock, only } = target;
      const elsewhere = (team: Team, seat: string): number => sumOf(states, { build, team, seat });
      state.lane = await openLane(session, { build, epicKey, rock, only, elsewhere });
      await freeResources(session, state.lane);
      if (target.kind === "rock" && !state.lane.backlog.isFinished())
        await reopenRock(session, target);
    }
    // Asked again only while it can change: a lane that is done stays done for this run.
    if (state.lane === null || state.done) return false;
    if (state.lane.backlog.isFinished()) state.done = await rollUpEpic(session, state.entry.build);
    return wasClosed || state.done;
  };
  return {
    open: async () => {
      // An epic may stand before the one it waits for; each round but the last brings at least one further.
      for (let moved = true; moved;) {
        moved = false;
        for (const state of states) if (await advance(state)) moved = true;
      }
      if (!rockDone && states.every((state) => state.done)) {
        await closeRock(session, target);
        rockDone = true;
      }
      return states.map((state) => state.lane).filter((lane) => lane !== null);
    },
    finished: () => states.flatMap(({ lane, done }) => (done && lane !== null ? [lane] : [])),
    stuck: () =>
      states
        .filter((state) => state.lane === null)
        .map(
          ({ entry }) =>
            `${entry.build} was not started: it waits for ${entry.after.filter((build) => !isDone(build)).join(", ")}.`,
        ),
  };
}

type SeatOf = { readonly build: string; readonly team: Team; readonly seat: string };

/** Independent epics of a rock run side by side, and a team that works on several has its seats only once. */
const sumOf = (states: readonly LaneState[], { build, team, seat }: SeatOf): number =>
  states
    .map(({ lane }) => lane)
    .filter((lane) => lane !== null && lane.build !== build && lane.team === team)
    .reduce((sum, lane) => sum + (lane?.backlog.inProgress(seat) ?? 0), 0);

/** A rock that was done has work again: cards were added, or a restart brought them back. */
async function reopenRock(session: Session, target: RunTarget): Promise<void> {
  const build = target.rock;
  if (build === null) return;
  await write(session, async (transaction) => {
    const card = await transaction.cards.get(build, target.card);
    if (card?.status !== "done") return;
    await applyMove(transaction, card, {
      to: "in_progress",
      actor: ENGINE,
      cause: "dispatch",
      origin: { run: session.run.id },
    });
  });
}

async function openRock(session: Session, target: RunTarget): Promise<void> {
  const rock = Object.values(session.assets.rocks).find((one) => one.id === target.card);
  if (rock === undefined || target.rock === null) return;
  const build = target.rock;
  const origin = { run: session.run.id };
  await write(session, async (transaction) => {
    const { cards, events } = transaction;
    const known = await cards.get(build, rock.id);
    if (known === null) {
      const card = newRockCard(build, rock);
      await cards.insert(card);
      await events.append([
        cardEvent(card, {
          type: "card-created",
          actor: "engine",
          data: createdFacts(card),
          ...origin,
        }),
      ]);
    }
    const card = known ?? (await cards.get(build, rock.id));
    if (card?.status === "ready")
      await applyMove(transaction, card, {
        to: "in_progress",
        actor: ENGINE,
        cause: "dispatch",
        origin,
      });
  });
}

async function closeRock(session: Session, target: RunTarget): Promise<void> {
  const build = target.rock;
  if (build === null) return;
  await write(session, async (transaction) => {
    const card = await transaction.cards.get(build, target.card);
    if (card?.status !== "in_progress") return;
    await applyMove(transaction, card, {
      to: "done",
      actor: ENGINE,
      cause: "rollup",
      origin: { run: session.run.id },
    });
  });
}

const newRockCard = (build: string, rock: Rock): NewCard => ({
  build,
  id: rock.id,
  kind: "rock",
  type: "rock",
  summary: rock.summary,
  status: "ready",
  waitReason: null,
  waitDetail: null,
  priority: rock.priority,
  seat: null,
  epic: null,
  parent: null,
  department: rock.department,
  position: 0,
  dependsOn: [],
  retriesMax: 0,
  assignee: null,
  brief: {
    description: rock.description,
    note: rock.note,
    requirements: rock.task,
    acceptance: [],
    labels: rock.labels,
    references: rock.references,
    params: rock.params,
    verification: null,
  },
});
