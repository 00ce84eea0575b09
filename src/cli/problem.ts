// How a refusal or a failure is shown: code, fact and way out; asset and setting problems one a line.
import { EngineError } from "../domain/errors.ts";
import type { Refusal } from "../domain/result.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { createPaint, plain, plainLines } from "./io.ts";

type Finding = {
  readonly file?: string;
  readonly source?: string;
  readonly path?: string;
  readonly name?: string;
  readonly found: string;
  readonly expected: string;
};

/** Writes the problem to standard error and gives its exit code. */
export function showProblem(io: Io, refusal: Refusal, json: boolean): number {
  const { code, message, details } = refusal;
  if (json) io.err(`${JSON.stringify({ v: 1, type: "error", code, message, details })}\n`);
  else {
    const paint = createPaint(io.color);
    io.err(`${paint("red", "error")} ${paint("bold", code)}: ${plainLines(message)}\n`);
    for (const line of findingLines(details["problems"])) io.err(`  ${line}\n`);
  }
  return EXIT_CODES[code];
}

function findingLines(problems: unknown): readonly string[] {
  if (!Array.isArray(problems)) return [];
  return (problems as readonly Finding[]).map(({ file, source, path, name, found, expected }) => {
    const place = [file ?? source, path ?? name].filter((part) => part !== undefined).join("  ");
    return plain(`${place}  found ${found} → expected ${expected}`);
  });
}

/** Anything thrown as a refusal: an engine error keeps its code, all else is INTERNAL. */
export const refusalOf = (error: unknown): Refusal => {
  if (error instanceof EngineError)
    return { code: error.code, message: error.message, details: error.details };
  return {
    code: "INTERNAL",
    message: error instanceof Error ? error.message : String(error),
    details: {},
  };
};
