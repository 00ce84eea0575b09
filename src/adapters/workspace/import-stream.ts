// One commit as a stream for `git fast-import`: contents are handed over as bytes, so no filter, attribute, index or hook
// takes part, and the branch moves only when the whole stream has arrived.
import type { CommitRequest } from "../../ports/workspace.ts";
import type { FileMode } from "./tracked.ts";

export type FileChange = {
  readonly path: string;
  readonly file: { readonly bytes: Buffer; readonly mode: FileMode } | null;
};

export type ImportedCommit = {
  readonly request: CommitRequest;
  readonly parent: string | null;
  readonly at: number;
  readonly changes: readonly FileChange[];
};

export const BRANCH = "refs/heads/main";
const COMMITTER = "Orket <orket@localhost>";
const SUBJECT_CHARACTERS_MAX = 200;
const TRAILER_CHARACTERS_MAX = 300;
const LINE_FEED = Buffer.from("\n");

export function importStream({ request, parent, at, changes }: ImportedCommit): Buffer {
  const message = Buffer.from(messageOf(request));
  const deletions = changes.filter(({ file }) => file === null);
  return Buffer.concat([
    Buffer.from(
      `commit ${BRANCH}\nmark :1\ncommitter ${COMMITTER} ${Math.floor(at / 1000)} +0000\n`,
    ),
    ...dataOf(message),
    Buffer.from(parent === null ? "" : `from ${parent}\n`),
    // First what goes: a file may have become a folder.
    ...deletions.map(({ path }) => Buffer.from(`D ${quoted(path)}\n`)),
    ...changes.flatMap(({ path, file }) =>
      file === null
        ? []
        : [Buffer.from(`M ${file.mode} inline ${quoted(path)}\n`), ...dataOf(file.bytes)],
    ),
    Buffer.from('\nget-mark :1\nls :1 ""\ndone\n'),
  ]);
}

const dataOf = (bytes: Buffer): readonly Buffer[] => [
  Buffer.from(`data ${bytes.length}\n`),
  bytes,
  LINE_FEED,
];

/** A line feed in a name would otherwise begin a command of its own. */
const quoted = (path: string): string =>
  `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

function messageOf({ subject, card, seat, turn, run }: CommitRequest): string {
  const trailers = Object.entries({ Card: card, Seat: seat, Turn: turn, Run: run });
  const lines = trailers.map(([key, value]) => `${key}: ${oneLine(value, TRAILER_CHARACTERS_MAX)}`);
  return `${oneLine(subject, SUBJECT_CHARACTERS_MAX) || "(no subject)"}\n\n${lines.join("\n")}\n`;
}

/** A subject comes from a model: a line feed in it could forge a trailer. */
const oneLine = (text: string, charactersMax: number): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, charactersMax)
    .toWellFormed();
