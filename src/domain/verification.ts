// What a card declares to prove it, as single checks; what each came to; and the verdict. Nothing is executed here.
// What is expected of a check stays on this side: it is compared with what came back, and goes neither into the box nor
// into a prompt.
import type { Scenario, Verification } from "./assets.ts";
import type { Json, JsonObject } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { VerificationRun } from "./verdict.ts";

export type TextCondition = {
  readonly equals?: string;
  readonly contains?: string;
  /** A regular expression; matched within a time limit by whoever executes the check. */
  readonly matches?: string;
};

type Named = { readonly id: string; readonly description: string };

export type FunctionCheck = Named & {
  readonly kind: "function";
  readonly input: Json;
  readonly expected: Json | undefined;
};
export type CommandCheck = Named & {
  readonly kind: "command";
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly exitCodes: readonly number[];
  readonly stdout: TextCondition;
};
export type HttpCheck = Named & {
  readonly kind: "http";
  readonly endpoint: string;
  readonly method: string;
  readonly payload: Json | undefined;
  readonly expectedStatus: number;
  readonly expected: Json | undefined;
};
/** Declared in a way that nothing can execute. */
export type UnfitCheck = Named & { readonly kind: "unfit"; readonly why: string };

export type Check = FunctionCheck | CommandCheck | HttpCheck | UnfitCheck;

export type CheckResult = {
  readonly id: string;
  readonly kind: Check["kind"];
  readonly outcome: "passed" | "failed" | "not-executed";
  /** Lines of the log, in the forms `Running Scenario: …`, `[PASS] …`, `[FAIL] Expected …, got …`. */
  readonly logs: readonly string[];
};

/** No scenario can have this id. */
export const COMMAND_ID = "(command)";

/** Each scenario is one check of one kind: with an endpoint it is asked by HTTP, else its function is called [R-83]. */
export function checksOf(verification: Verification): readonly Check[] {
  const { scenarios, command, fixturePath } = verification;
  const declared = scenarios.map((scenario) =>
    isHttp(scenario) ? httpCheck(scenario) : functionCheck(scenario, fixturePath),
  );
  return command === null ? declared : [...declared, commandCheck(command)];
}

const isHttp = ({ inputData }: Scenario): boolean =>
  isJsonObject(inputData) && inputData["endpoint"] !== undefined;

function functionCheck(scenario: Scenario, fixturePath: string | null): Check {
  const { id, description, inputData: input, expectedOutput: expected } = scenario;
  const named = { id, description };
  if (fixturePath === null)
    return { ...named, kind: "unfit", why: "no fixture_path and no input_data.endpoint" };
  if (expected === undefined) return { ...named, kind: "unfit", why: "no expected_output" };
  return { ...named, kind: "function", input, expected };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const STATUS_MIN = 100;
const STATUS_MAX = 599;

function httpCheck({ id, description, inputData, expectedOutput: expected }: Scenario): Check {
  const {
    endpoint,
    method = "GET",
    payload,
    expected_status: status = 200,
  } = inputData as JsonObject;
  const named = { id, description };
  if (typeof endpoint !== "string")
    return { ...named, kind: "unfit", why: "an endpoint that is no text" };
  if (typeof method !== "string" || !METHODS.includes(method.toUpperCase()))
    return { ...named, kind: "unfit", why: `a method out of ${METHODS.join(", ")} is missing` };
  const isStatus =
    Number.isInteger(status) && Number(status) >= STATUS_MIN && Number(status) <= STATUS_MAX;
  if (!isStatus) return { ...named, kind: "unfit", why: "an expected_status that is none" };
  return {
    ...named,
    kind: "http",
    endpoint,
    method: method.toUpperCase(),
    payload,
    expectedStatus: Number(status),
    expected,
  };
}

/** Its shape was checked where assets are loaded. */
function commandCheck(command: JsonObject): CommandCheck {
  const { argv, cwd = ".", exit_code: exitCode = 0, stdout = {} } = command;
  const words = argv as readonly string[];
  return {
    id: COMMAND_ID,
    description: words.join(" "),
    kind: "command",
    argv: words,
    cwd: cwd as string,
    exitCodes: Array.isArray(exitCode) ? (exitCode as readonly number[]) : [exitCode as number],
    stdout: stdout as TextCondition,
  };
}

/** Deep equality of JSON: 1.0 is 1, the order of keys is free, and a number that JSON cannot hold equals nothing. */
export function jsonEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left === "number") return left === right && Number.isFinite(left);
  if (typeof left !== "object" || left === null) return left === right && left !== undefined;
  if (typeof right !== "object" || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [mine, theirs] = [left as JsonObject, right as JsonObject];
  const keys = Object.keys(mine);
  return (
    keys.length === Object.keys(theirs).length &&
    keys.every((key) => Object.hasOwn(theirs, key) && jsonEqual(mine[key], theirs[key]))
  );
}

const UNFIT_FOR_NAMES = /[^A-Za-z0-9_]/g;

/** What a fixture may export for the scenario, the first that it has is called. */
export const functionNames = (id: string): readonly [string, string] => [
  `verify_${id.replace(UNFIT_FOR_NAMES, "_")}`,
  "verify",
];

export type Returned =
  | { readonly ok: true; readonly value: Json; readonly text: string }
  | { readonly ok: false; readonly why: string };

const NO_FRAME = "no result: it ended before its function returned";

/**
 * Reads what came over the result channel: one line, `<nonce> {"value": …}` or `<nonce> {"error": "…"}`, and not one byte
 * more. Whoever writes there without the nonce, or twice, or after the frame, has returned nothing.
 */
export function readFrame(written: string, nonce: string): Returned {
  if (written === "") return { ok: false, why: NO_FRAME };
  const mark = `${nonce} `;
  const line = written.slice(mark.length, -1);
  if (!written.startsWith(mark) || !written.endsWith("\n") || line.includes("\n"))
    return { ok: false, why: "something else than one result on the result channel" };
  const frame = parseJson(line);
  if (!isJsonObject(frame) || Object.keys(frame).length !== 1)
    return { ok: false, why: "a result that is no JSON" };
  if (typeof frame["error"] === "string") return { ok: false, why: frame["error"] };
  const { value } = frame;
  if (value === undefined) return { ok: false, why: "a result that is no JSON" };
  return { ok: true, value, text: JSON_VALUE.exec(line)?.[1] ?? line };
}

const JSON_VALUE = /^\{\s*"value"\s*:\s*(.*)\}$/;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const SHOWN_CHARACTERS_MAX = 2000;

/** One line, of bounded length: what came out of a box is foreign text. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length <= SHOWN_CHARACTERS_MAX
    ? line
    : `${line.slice(0, SHOWN_CHARACTERS_MAX)}… (${line.length} characters)`;
}

const RUNNING = "Running Scenario: ";
const PASS = "[PASS] ";
const FAIL = "[FAIL] ";
const GOT = ", got ";

const runningLine = ({ id, description }: Named): string =>
  `${RUNNING}${oneLine(description === "" ? id : `${id}: ${description}`)}`;

type Told = Pick<Check, "id" | "kind" | "description">;

export const passed = (check: Told): CheckResult => ({
  ...identify(check),
  outcome: "passed",
  logs: [runningLine(check), `${PASS}${check.id}`],
});

export const failed = (
  check: Told,
  { expected, got }: { readonly expected: string; readonly got: string },
): CheckResult => ({
  ...identify(check),
  outcome: "failed",
  logs: [runningLine(check), `${FAIL}Expected ${oneLine(expected)}${GOT}${oneLine(got)}`],
});

export const notExecuted = (check: Told, why: string): CheckResult => ({
  ...identify(check),
  outcome: "not-executed",
  logs: [runningLine(check), `[NOT EXECUTED] ${oneLine(why)}`],
});

const identify = ({ id, kind }: Told): Pick<CheckResult, "id" | "kind"> => ({ id, kind });

/** What is shown as expected; for people only. */
export const expectedText = (expected: Json | undefined): string =>
  JSON.stringify(expected) ?? "nothing";

export type Tally = Pick<
  VerificationRun,
  "total" | "passed" | "failed" | "notExecuted" | "verdict" | "logs"
>;

/** Pass: all passed, and there was one. Fail: any failed. Nothing else is a verdict, and no verdict is a pass [R-16]. */
export function tally(results: readonly CheckResult[]): Tally {
  const count = (outcome: CheckResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  const [total, good, bad] = [results.length, count("passed"), count("failed")];
  const verdict = bad > 0 ? "fail" : total > 0 && good === total ? "pass" : null;
  return {
    total,
    passed: good,
    failed: bad,
    notExecuted: total - good - bad,
    verdict,
    logs: results.flatMap(({ logs }) => logs),
  };
}

/**
 * The failed scenarios as a prompt may show them: what came, never what was expected. Cut at the last place, because the
 * part before it may be an expected text that holds the same words.
 */
export function failuresForPrompt(logs: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let scenario = "";
  for (const line of logs) {
    if (line.startsWith(RUNNING)) scenario = line.slice(RUNNING.length);
    if (!line.startsWith(FAIL)) continue;
    const place = line.lastIndexOf(GOT);
    lines.push(
      place < 0 ? `${scenario}: failed` : `${scenario}: got ${line.slice(place + GOT.length)}`,
    );
  }
  return lines;
}
