// Who of the turns that run together may write which file of a build. In memory: live turns live in one process.

export type FileLocks = {
  /** False when another live turn has written the file. */
  readonly take: (path: string, turn: string) => boolean;
  readonly holder: (path: string) => string | undefined;
  readonly release: (turn: string) => void;
};

export function createFileLocks(): FileLocks {
  const holders = new Map<string, string>();
  return {
    take: (path, turn) => {
      const holder = holders.get(path);
      if (holder !== undefined && holder !== turn) return false;
      holders.set(path, turn);
      return true;
    },
    holder: (path) => holders.get(path),
    release: (turn) => {
      for (const [path, holder] of holders) if (holder === turn) holders.delete(path);
    },
  };
}
