// A short line of how busy something was, with the same in words.
import type { Measure, Sample } from "./samples.ts";
import { linesOf, wordsOf } from "./samples.ts";

type SparklineProps = {
  readonly name: string;
  readonly measure: Measure;
  readonly samples: readonly Sample[];
  readonly gapMs: number;
};

export function Sparkline({ name, measure, samples, gapMs }: SparklineProps) {
  const now = samples.at(-1)?.[measure];
  if (now === undefined)
    return (
      <div className="gauge">
        <h3>{name}</h3>
        <p>…</p>
      </div>
    );
  const words = wordsOf(samples, measure);
  return (
    <div className="gauge">
      <h3>{name}</h3>
      <p className="figure">{now} %</p>
      <svg className="spark" aria-hidden="true" viewBox="0 0 100 100" preserveAspectRatio="none">
        {linesOf(samples, measure, gapMs).map((line) => (
          <polyline
            key={line[0]?.x}
            points={line.map(({ x, y }) => `${x},${y}`).join(" ")}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <p className="meta">{words}</p>
    </div>
  );
}
