// A file that lines are appended to, with a bounded number of older ones beside it. Several processes may share it.
// It gives a line up rather than stop the program: a full disk is no reason to lose work.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

export type LineSink = { readonly write: (line: string) => void };

export type Limits = { readonly bytesMax: number; readonly filesMax: number };

/** A FIFO in the place of the file must not hang the program, nor a link lead elsewhere. */
const OPEN_FLAGS =
  constants.O_RDWR |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK;

export function createRotatingFile(path: string, { bytesMax, filesMax }: Limits): LineSink {
  let file: number | null = null;
  let isTorn = false;

  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  const open = (): number => {
    const opened = openToAppend(path);
    file = opened;
    isTorn = endsTorn(opened);
    return opened;
  };
  const current = (): number => {
    if (file === null || isElsewhere(path, file)) {
      close();
      open();
    }
    const descriptor = file ?? open();
    if (fstatSync(descriptor).size < bytesMax) return descriptor;
    close();
    rotate(path, filesMax);
    return open();
  };

  return {
    write: (line) => {
      try {
        const descriptor = current();
        if (!fstatSync(descriptor).isFile()) return close();
        const bytes = Buffer.from(isTorn ? `\n${line}` : line);
        isTorn = false;
        // Half a line on a disk that became full must not swallow the line after it.
        isTorn = writeSync(descriptor, bytes) < bytes.length;
      } catch {
        // Nobody is left to tell.
      }
    },
  };
}

export function openToAppend(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, OPEN_FLAGS, 0o600);
}

/** Another process may have rotated, or a person have deleted the file: then writers go over to the new one. */
export function isElsewhere(path: string, descriptor: number): boolean {
  const mine = fstatSync(descriptor);
  const there = statSync(path, { throwIfNoEntry: false });
  return there === undefined || there.ino !== mine.ino || there.dev !== mine.dev;
}

/** Whether a process that was killed, or met a full disk, left half a line at the end. */
function endsTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}

/** `log` → `log.1` → … ; the oldest is overwritten. `filesMax` counts the current one. */
export function rotate(path: string, filesMax: number): void {
  for (let age = filesMax - 2; age >= 0; age -= 1) {
    const from = age === 0 ? path : `${path}.${age}`;
    if (statSync(from, { throwIfNoEntry: false }) !== undefined)
      renameSync(from, `${path}.${age + 1}`);
  }
}
