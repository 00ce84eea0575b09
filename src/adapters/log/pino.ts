// The log as JSON lines, through pino. Secrets are taken out of the finished line, after everything has been written
// into it. What happened to cards and runs is not here but in the event table.
import type { DestinationStream, Logger } from "pino";
import { pino, stdSerializers } from "pino";
import type { Redactor } from "../../domain/redact.ts";
import { createRedactor } from "../../domain/redact.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log, LogFields } from "../../ports/log.ts";
import type { LineSink } from "./rotating-file.ts";
import { createRotatingFile } from "./rotating-file.ts";
import { scrubLine } from "./scrub.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogSettings = {
  /** A file with rotation, or a stream such as stderr. */
  readonly to: { readonly file: string } | { readonly stream: NodeJS.WritableStream };
  readonly level: LogLevel;
  readonly clock: Pick<Clock, "now">;
  /** Asked for each line: a key may be added while the program runs. */
  readonly secrets: () => readonly string[];
};

const FILE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 5;
const LINE_CHARACTERS_MAX = 256 * 1024;
/** Lines that a slow reader has not taken; above it they are dropped, because nobody may wait for a log. */
const STREAM_BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 8;
const KEYS_MAX = 200;

export function createLog({ to, level, clock, secrets }: LogSettings): Log {
  const sink =
    "file" in to
      ? createRotatingFile(to.file, { bytesMax: FILE_BYTES_MAX, filesMax: FILES_MAX })
      : streamSink(to.stream);
  const redactor = redactorOf(secrets);
  const destination: DestinationStream = {
    write: (line) => sink.write(bounded(scrubLine(line, redactor()))),
  };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      depthLimit: DEPTH_MAX,
      edgeLimit: KEYS_MAX,
      timestamp: () => `,"at":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err, cause: stdSerializers.err },
    },
    destination,
  );
  const line = (name: LogLevel) => (fields: LogFields, message: string) =>
    attempt(logger, { name, fields, message });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Made anew only when the secrets are others. */
function redactorOf(secrets: LogSettings["secrets"]): () => Redactor {
  let known: { readonly values: string; readonly redact: Redactor } | null = null;
  return () => {
    const values = secrets();
    const text = JSON.stringify(values);
    if (known?.values !== text) known = { values: text, redact: createRedactor({ values }) };
    return known.redact;
  };
}

/** A field that throws when it is read must not take the program with it; the message is kept if it can be. */
function attempt(
  logger: Logger,
  entry: { name: LogLevel; fields: LogFields; message: string },
): void {
  const { name, fields, message } = entry;
  try {
    logger[name](fields, message);
  } catch {
    try {
      logger[name]({ fieldsUnreadable: true }, message);
    } catch {
      // A line whose secrets cannot be taken out is not written at all.
    }
  }
}

function bounded(line: string): string {
  if (line.length <= LINE_CHARACTERS_MAX) return line;
  const { level, at, message } = JSON.parse(line) as {
    level?: string;
    at?: string;
    message?: string;
  };
  const cut = String(message).slice(0, LINE_CHARACTERS_MAX / 4);
  return `${JSON.stringify({ level, at, message: cut, cutCharacters: line.length })}\n`;
}

function streamSink(stream: NodeJS.WritableStream): LineSink {
  // A reader that went away is no reason to end.
  stream.on("error", () => undefined);
  let waiting = 0;
  return {
    write: (line) => {
      if (waiting > STREAM_BYTES_MAX || !stream.writable) return;
      waiting += line.length;
      stream.write(line, () => {
        waiting -= line.length;
      });
    },
  };
}
