// Names for new things, digests and randomness; handed in so that a run can be repeated exactly.

/**
 * Contract:
 * - `create` gives an id that no other call, process or machine gives again: `<prefix>-<letters and digits>`, sortable by time.
 * - `secret` gives 256 bits of chance that nobody can guess, as 52 lower-case letters and digits.
 * - `random` is uniform in [0, 1).
 */
export type Ids = {
  /** SHA-256 of the text, in hex. */
  readonly digest: (text: string) => string;
  readonly create: (prefix: string) => string;
  readonly secret: () => string;
  readonly random: () => number;
};
