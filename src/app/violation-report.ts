// The report of a governance violation: what was tried, which rule held, what had happened before. Out of agents' reach.
import { slugOf } from "../domain/card.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Engine } from "./engine.ts";
import type { LiveTurn, TurnOutcome } from "./turn-outcome.ts";

const ARGUMENT_CHARACTERS_MAX = 2000;

type Violation = {
  readonly live: LiveTurn;
  readonly outcome: TurnOutcome;
  readonly detail: string;
};
type Deps = Pick<Engine, "stateFiles" | "clock" | "ids" | "store">;

/** Gives the report's name. Its file name comes from the card's id made safe, plus a hash, so two ids never share one. */
export async function writeReport(
  { stateFiles, clock, ids, store }: Deps,
  { live, outcome, detail }: Violation,
): Promise<string> {
  const { turn, card, lane } = live;
  const effectsBefore = await store.read(async ({ turns }) =>
    turns.uncommittedWrites(turn.build, turn.card),
  );
  const report = {
    run: turn.run,
    build: turn.build,
    card: card.id,
    turn: turn.id,
    seat: turn.seat,
    roles: lane.team.seats.find((seat) => seat.key === turn.seat)?.roles ?? [],
    violationType: outcome.rule ?? "policy",
    rule: outcome.end,
    detail,
    attempted: shortened(outcome.attempted),
    effectsBefore,
    remedy: `Look at the attempt, then release the card: orket cards move ${card.id} ready`,
    at: new Date(clock.now()).toISOString(),
  };
  const name = `${turn.run}/${slugOf(card.id)}-${ids.digest(card.id).slice(0, 8)}-${turn.number}.json`;
  return stateFiles.writeReport(name, `${JSON.stringify(report, null, 2)}\n`);
}

function shortened(attempted: TurnOutcome["attempted"]): JsonObject | null {
  if (attempted === null) return null;
  const text = JSON.stringify(attempted.args);
  const args =
    text.length <= ARGUMENT_CHARACTERS_MAX ? text : `${text.slice(0, ARGUMENT_CHARACTERS_MAX)}…`;
  return { tool: attempted.tool, args };
}
