// A log that keeps nothing: for tests, and for commands that change nothing.
import type { Log } from "../../ports/log.ts";

const nothing = (): void => undefined;

export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
