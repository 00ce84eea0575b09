// Operational messages for the person who runs Orket. What happened to cards and runs is an event, not a log line.

export type LogFields = Readonly<Record<string, unknown>>;

/** Contract: never throws, never blocks the caller; a secret in `fields` or `message` does not reach the file. */
export type Log = {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
};
