// One after the other: work of one build that must not overlap within this process.

export type Queue = <Value>(work: () => Promise<Value>) => Promise<Value>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    // A failure is its caller's; those who wait behind it go on.
    last = next.catch(() => undefined);
    return next;
  };
}
