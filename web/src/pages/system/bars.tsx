// A bar for each day. The same stands in a table: the picture only says in words what its highest bar is.
import type { Named } from "./usage-data.ts";

export type Part = { readonly className: string; readonly of: (day: Named) => number };

type BarsProps = {
  readonly title: string;
  readonly days: readonly Named[];
  /** From the bottom upwards. */
  readonly parts: readonly Part[];
  readonly say: (day: Named) => string;
  /** What all days together come to. */
  readonly total: string;
  /** In place of the picture where every bar would be nothing. */
  readonly nothing?: string;
};

export function Bars({ title, days, parts, say, total, nothing }: BarsProps) {
  const heightOf = (day: Named): number => parts.reduce((sum, { of }) => sum + of(day), 0);
  const highest = days.reduce((one, other) => (heightOf(other) > heightOf(one) ? other : one));
  const most = heightOf(highest);
  return (
    <figure className="bars">
      <figcaption>
        <h2>{title}</h2> <span>{total}</span>
      </figcaption>
      {most === 0 ? (
        <p className="meta">{nothing}</p>
      ) : (
        <>
          <svg aria-hidden="true" viewBox={`0 0 ${days.length} 100`} preserveAspectRatio="none">
            {days.map((day, place) => (
              <g key={day.name} transform={`translate(${place} 0)`}>
                <title>{`${day.name}: ${say(day)}`}</title>
                {stack(day, parts, most)}
              </g>
            ))}
          </svg>
          <p className="meta axis">
            <span>{days[0]?.name}</span>
            <span>{days.at(-1)?.name}</span>
          </p>
          <p className="meta">
            most on {highest.name}: {say(highest)}
          </p>
        </>
      )}
    </figure>
  );
}

function stack(day: Named, parts: readonly Part[], most: number) {
  let top = 100;
  return parts.map(({ className, of }) => {
    const height = (of(day) / most) * 100;
    top -= height;
    return (
      <rect key={className} className={className} x={0.1} width={0.8} y={top} height={height} />
    );
  });
}
