// Reads a file that holds one secret. A file that others can read or write, a link, a FIFO and a long file are refused: a
// secret that others know is none, and one that they can replace is theirs.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { Stats } from "node:fs";
import type { Result } from "./domain/result.ts";

type Problem = { readonly found: string; readonly expected: string };

const BYTES_MAX = 64 * 1024;
const OTHERS = 0o077;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function readSecretFile(path: string): Result<string, Problem> {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, OPEN_FLAGS);
    const wrong = judge(fstatSync(descriptor));
    if (wrong !== null) return { ok: false, error: wrong };
    const text = readFileSync(descriptor, "utf8").replace(/[\r\n]+$/, "");
    if (text.trim() === "") return problem("an empty file", "a file with the secret in it");
    if (/[\0\r\n]/.test(text)) return problem("several lines", "the secret on one line");
    return { ok: true, value: text };
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const found = code === "ELOOP" ? "a link" : `a file that cannot be read (${code})`;
    return problem(found, "a regular file that this user can read");
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function judge(facts: Stats): Problem | null {
  if (!facts.isFile()) return { found: "no regular file", expected: "a regular file" };
  if ((facts.mode & OTHERS) !== 0) {
    const mode = (facts.mode & 0o777).toString(8).padStart(4, "0");
    return { found: `a file of mode ${mode}`, expected: "a file of mode 0600; run chmod 600" };
  }
  if (facts.size > BYTES_MAX)
    return { found: "a long file", expected: "a file with nothing but the secret in it" };
  return null;
}

const problem = (found: string, expected: string): Result<never, Problem> => ({
  ok: false,
  error: { found, expected },
});
