// The ports of sandboxes: 64 blocks, each with one port for each role. Whether a port can be bound is asked of the machine;
// that they are bound on the loopback address alone is the generator's work.

export const PORT_ROLES = ["api", "frontend", "admin", "database", "mongo"] as const;
export type PortRole = (typeof PORT_ROLES)[number];

/** The ports of one sandbox; which of them it uses is told by its stack. */
export type PortBlock = { readonly n: number } & Readonly<Record<PortRole, number>>;

export const PORT_BLOCKS_MAX = 64;

const BASES: Readonly<Record<PortRole, number>> = {
  api: 8000,
  frontend: 3000,
  admin: 8100,
  database: 5432,
  mongo: 27_017,
};

export const portBlock = (n: number): PortBlock => ({
  n,
  api: BASES.api + n,
  frontend: BASES.frontend + n,
  admin: BASES.admin + n,
  database: BASES.database + n,
  mongo: BASES.mongo + n,
});

/** `taken` are the numbers that stored sandboxes hold; null when no block is left. The blocks are asked one by one. */
export async function lowestFreeBlock(
  taken: ReadonlySet<number>,
  isUsable: (block: PortBlock) => Promise<boolean>,
): Promise<PortBlock | null> {
  for (let n = 1; n <= PORT_BLOCKS_MAX; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the lowest is wanted, and the first one nearly always is free
    if (!taken.has(n) && (await isUsable(portBlock(n)))) return portBlock(n);
  }
  return null;
}
