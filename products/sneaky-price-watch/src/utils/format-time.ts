// Moments as text, in UTC: the server does not know where its reader sits.

const format = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  return (at: number): string => formatter.format(at);
};

/** "14:05" */
export const toTime = format({ hour: "2-digit", minute: "2-digit" });
/** "4 May" */
export const toDate = format({ day: "numeric", month: "short" });
/** "4 May, 14:05" */
export const toMoment = format({
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

const STEPS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 24 * 60 * 60_000],
  ["h", 60 * 60_000],
  ["min", 60_000],
];

/** "3 h"; "now" below a minute. */
export function toSpan(ms: number): string {
  const step = STEPS.find(([, size]) => ms >= size);
  return step === undefined ? "now" : `${Math.floor(ms / step[1])} ${step[0]}`;
}
