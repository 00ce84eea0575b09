// The calls of one reply: what was asked for, what the gate said, and what came back.
import type { TurnView } from "../../api/types.ts";
import { Chip } from "../../kit/chip.tsx";
import { LongText } from "../../kit/long-text.tsx";
import { Text } from "../../kit/text.tsx";
import type { Verdicts } from "./verdicts.ts";
import { verdictKey } from "./verdicts.ts";

type Step = TurnView["steps"][number];

type CallsProps = {
  readonly step: Step;
  readonly verdicts: Verdicts;
  readonly isLive: boolean;
};

export const Calls = ({ step: { number, calls, results }, verdicts, isLive }: CallsProps) =>
  calls.map((call) => {
    const verdict = verdicts.get(verdictKey(number, call.id));
    return (
      <div className="call" key={call.id}>
        <h3>
          <Text>{call.tool}</Text>
        </h3>
        <LongText text={textOf(call.args)} />
        {verdict === undefined ? null : (
          <p>
            <Chip {...verdict.look} />
          </p>
        )}
        <CameBack stored={results.find(({ callId }) => callId === call.id)} isLive={isLive} />
      </div>
    );
  });

type CameBackProps = {
  readonly stored: Step["results"][number] | undefined;
  readonly isLive: boolean;
};

function CameBack({ stored, isLive }: CameBackProps) {
  const result = stored?.result ?? null;
  if (result !== null) return <LongText text={textOf(result)} />;
  if (stored === undefined) return null;
  return isLive ? (
    <Chip tone="accent" icon="running" word="At work" />
  ) : (
    <Chip tone="failed" icon="failed" word="Cut off: nobody knows what came of it" />
  );
}

const textOf = (value: unknown): string => JSON.stringify(value, null, 2);
