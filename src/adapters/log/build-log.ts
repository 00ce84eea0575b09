// The log of a build on disk: its events as JSON lines in `logs/<build>.jsonl`, rotated. It finds its own end again after
// a crash, whoever wrote it. What belongs into it is decided elsewhere.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  globSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isBuildId } from "../../domain/card.ts";
import type { Event } from "../../domain/events.ts";
import type { BuildLog, BuildLogs } from "../../ports/log.ts";
import type { Limits } from "./rotating-file.ts";
import { isElsewhere, openToAppend, rotate } from "./rotating-file.ts";

const LIMITS: Limits = { bytesMax: 10 * 1024 * 1024, filesMax: 5 };
/** More than the longest record, so that the last whole one is always in it. */
const TAIL_BYTES = 2 * 1024 * 1024;
const LINE_FEED = 10;
const ENDING = ".jsonl";

export const createBuildLogs = (stateDir: string, limits = LIMITS): BuildLogs => ({
  open: (build) =>
    isBuildId(build) ? openBuildLog(join(stateDir, "logs", `${build}${ENDING}`), limits) : NO_LOG,
  startAllAnew: () => attempt(() => startAllAnew(join(stateDir, "logs"), limits), []),
});

function startAllAnew(folder: string, limits: Limits): readonly string[] {
  const names = globSync(`**/*${ENDING}`, { cwd: folder }).toSorted();
  return names.flatMap((name) => {
    const path = join(folder, name);
    const facts = lstatSync(path);
    const build = name.slice(0, -ENDING.length);
    if (!facts.isFile() || facts.size === 0 || !isBuildId(build)) return [];
    openBuildLog(path, limits).startAnew();
    return [build];
  });
}

/** A build whose id is no path cannot have files either; the run will say so. */
const NO_LOG: BuildLog = {
  lastSeq: () => null,
  append: () => false,
  startAnew: () => {},
  close: () => {},
};

/** Where this process left the file; a file that is not like this any more was written by somebody else. */
type End = { readonly descriptor: number; readonly bytes: number };

function openBuildLog(path: string, limits: Limits): BuildLog {
  let end: End | null = null;

  const forget = (): void => {
    if (end !== null) closeSync(end.descriptor);
    end = null;
  };
  const open = (): End => {
    forget();
    const descriptor = openToAppend(path);
    end = { descriptor, bytes: fstatSync(descriptor).size };
    return end;
  };
  /** Half a line of a process that was killed is taken back; its event is written again, whole. */
  const lastSeq = (): number | null => {
    const { descriptor, bytes } = open();
    if (!fstatSync(descriptor).isFile()) return null;
    const tail = readTail(descriptor);
    const whole = tail.lastIndexOf(LINE_FEED) + 1;
    if (whole === 0 && bytes > tail.length) return null;
    if (whole < tail.length) {
      end = { descriptor, bytes: bytes - tail.length + whole };
      ftruncateSync(descriptor, end.bytes);
    }
    return seqIn(tail.subarray(0, whole)) ?? seqInOlder(path, limits.filesMax);
  };
  const write = (text: string): boolean => {
    const bytes = Buffer.from(text);
    let at = end ?? open();
    if (at.bytes > 0 && at.bytes + bytes.length > limits.bytesMax) {
      forget();
      rotate(path, limits.filesMax);
      at = open();
    }
    const written = writeSync(at.descriptor, bytes);
    end = { ...at, bytes: at.bytes + written };
    return written === bytes.length;
  };
  const isAsLeft = (): boolean =>
    end !== null &&
    fstatSync(end.descriptor).size === end.bytes &&
    !isElsewhere(path, end.descriptor);

  return {
    lastSeq: () => {
      const seq = attempt(lastSeq, null);
      if (seq === null) attempt(forget, undefined);
      return seq;
    },
    append: (events) => {
      const done = attempt(() => isAsLeft() && piecesOf(events, limits).every(write), false);
      if (!done) attempt(forget, undefined);
      return done;
    },
    startAnew: () => {
      attempt(() => {
        forget();
        rotate(path, limits.filesMax);
      }, undefined);
    },
    close: () => attempt(forget, undefined),
  };
}

/** A log is no reason to stop work: who cannot write it is told by the answer. */
function attempt<Value>(act: () => Value, otherwise: Value): Value {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

const lineOf = ({ seq, at, type, build, run, card, turn, actor, data }: Event): string =>
  `${JSON.stringify({ seq, at, type, build: build ?? null, run: run ?? null, card: card ?? null, turn: turn ?? null, actor, data })}\n`;

/** Texts of whole lines, each short enough for one file and one write. */
function piecesOf(events: readonly Event[], { bytesMax }: Limits): readonly string[] {
  const charactersMax = Math.min(bytesMax, TAIL_BYTES) / 2;
  const pieces: string[] = [];
  let piece = "";
  for (const event of events) {
    const line = lineOf(event);
    if (piece !== "" && piece.length + line.length > charactersMax) {
      pieces.push(piece);
      piece = "";
    }
    piece += line;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

function readTail(descriptor: number): Buffer {
  const { size } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const read = readSync(descriptor, tail, 0, tail.length, size - tail.length);
  return tail.subarray(0, read);
}

/** From the end: a line that is no record, whoever wrote it, says nothing about where the log stands. */
function seqIn(lines: Buffer): number | null {
  for (const line of lines.toString("utf8").split("\n").toReversed()) {
    const seq = attempt(() => (JSON.parse(line) as { seq?: unknown } | null)?.seq, undefined);
    if (Number.isSafeInteger(seq)) return seq as number;
  }
  return null;
}

/** The current file is empty right after a rotation, or after a person put the older ones aside. */
function seqInOlder(path: string, filesMax: number): number {
  for (let age = 1; age < filesMax; age += 1) {
    const seq = attempt(() => {
      const descriptor = openSync(`${path}.${age}`, "r");
      try {
        return seqIn(readTail(descriptor));
      } finally {
        closeSync(descriptor);
      }
    }, null);
    if (seq !== null) return seq;
  }
  return 0;
}
