// How a turn stands: whose it is, what came of it, how long it took and what it used, and how many of its calls were refused.
import { Link } from "wouter";
import type { TurnView } from "../../api/types.ts";
import { Chip, lookOfTurn } from "../../kit/chip.tsx";
import { Text } from "../../kit/text.tsx";
import { Since } from "../../kit/time.tsx";
import { costOf, durationOf, tokensOf } from "../runs/amounts.ts";
import type { Verdicts } from "./verdicts.ts";

type StandingProps = { readonly turn: TurnView["turn"]; readonly verdicts: Verdicts };

export function TurnStanding({ turn, verdicts }: StandingProps) {
  const { card, build, seat, kind, model, outcome, startedAt, endedAt, usage } = turn;
  const asked = [...verdicts.values()].filter(({ isAsked }) => isAsked).length;
  return (
    <>
      <p className="toolbar">
        <Chip {...lookOfTurn(turn)} />
        {outcome === null ? null : (
          <span className="wrap">
            <Text>{outcome}</Text>
          </span>
        )}
      </p>
      <p className="meta">
        <Text>{`${seat} (${kind})`}</Text> on{" "}
        <Link href={`/cards/${encodeURIComponent(card)}?build=${encodeURIComponent(build)}`}>
          <Text>{card}</Text>
        </Link>{" "}
        · <Text>{model}</Text> · began <Since at={startedAt} /> ago
        {endedAt === null
          ? null
          : ` · took ${durationOf(Date.parse(endedAt) - Date.parse(startedAt))}`}{" "}
        · {tokensOf(usage)} tokens · {costOf(usage)} · {callsText(verdicts)}
      </p>
      {asked === 0 ? null : (
        <p className="notice waiting">
          <Link href="/approvals">
            {asked === 1 ? "A call waits" : `${asked} calls wait`} for you
          </Link>
        </p>
      )}
    </>
  );
}

function callsText(verdicts: Verdicts): string {
  const refused = [...verdicts.values()].filter(({ isRefused }) => isRefused).length;
  const calls = verdicts.size === 1 ? "1 call" : `${verdicts.size} calls`;
  return refused === 0 ? calls : `${calls}, ${refused} refused`;
}
