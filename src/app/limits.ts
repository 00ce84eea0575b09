// A time limit as a signal: aborted by whoever waits, or by the limit, whichever comes first.

export const checkedSignal = (signal: AbortSignal, limitMs: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
