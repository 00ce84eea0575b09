// The answers that stay open, such as event streams: known here so that a stop of the server can end them.
export type Streams = {
  /** `close` is called when the server stops; gives the way to forget it when the stream ended by itself. */
  readonly add: (close: () => void) => () => void;
  readonly closeAll: () => void;
  readonly count: () => number;
};

export function createStreams(): Streams {
  const open = new Set<() => void>();
  return {
    add: (close) => {
      const one = (): void => close();
      open.add(one);
      return () => void open.delete(one);
    },
    closeAll: () => {
      for (const close of open) close();
      open.clear();
    },
    count: () => open.size,
  };
}
