// Operational messages for the person who runs Orket, and the logs of builds. What happened to cards and runs is an event;
// a build's log is a copy of its events, made for reading.
import type { Event } from "../domain/events.ts";

export type LogFields = Readonly<Record<string, unknown>>;

/** Contract: never throws, never blocks the caller; a secret in `fields` or `message` does not reach the file. */
export type Log = {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
};

/**
 * Contract:
 * - It never throws, and what it holds already is never changed or removed.
 * - After a failed `append` the end is not known any more: `lastSeq` is asked before the next one.
 */
export type BuildLog = {
  /** The number of the last event it holds; 0 when it holds none, null when it cannot be read or written. */
  readonly lastSeq: () => number | null;
  /** False when not all were written, or when somebody else wrote since the last call. */
  readonly append: (events: readonly Event[]) => boolean;
  /** Puts what is there aside, for a log that belongs to another database. */
  readonly startAnew: () => void;
  readonly close: () => void;
};

export type BuildLogs = {
  readonly open: (build: string) => BuildLog;
  /** Puts the logs of all builds aside; gives the builds whose log held something. Open ones go on in the new file. */
  readonly startAllAnew: () => readonly string[];
};
