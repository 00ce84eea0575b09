// Names for new things, digests and randomness; handed in so that a run can be repeated exactly.

/**
 * Contract:
 * - `create` gives an id that no other call, process or machine gives again: `<prefix>-<letters and digits>`, sortable by time.
 * - `random` is uniform in [0, 1).
 * - `secret` cannot be guessed; letters, digits, `-` and `_`, in base64url.
 */
export type Ids = {
  /** SHA-256 of the text, in hex. */
  readonly digest: (text: string) => string;
  readonly create: (prefix: string) => string;
  readonly random: () => number;
  /** Out of so many random bytes. */
  readonly secret: (sizeBytes: number) => string;
};
