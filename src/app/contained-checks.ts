// The two kinds of checks that execute something in the box: a function of a fixture, and a command. Only the input goes in;
// what comes out is judged here.
import type { CheckResult, CommandCheck, FunctionCheck } from "../domain/verification.ts";
import {
  expectedText,
  failed,
  functionNames,
  jsonEqual,
  notExecuted,
  passed,
  readFrame,
} from "../domain/verification.ts";
import type {
  BoxLimits,
  ContainedCommand,
  OutputText,
  ProcessFacts,
} from "../ports/containment.ts";
import type { OpenFixtures } from "../ports/fixtures.ts";
import type { Ids } from "../ports/ids.ts";
import type { VerifierParts, VerifyLimits } from "./verifier.ts";

const PROCESSES_MAX = 64;
const OUTPUT_BYTES_MAX = 1024 * 1024;
const FILE_MIB = 64;
const TEMPORARY_MIB = 64;
const DISK_MIB = 256;

const INSIDE = { workspace: "/ws", fixtures: "/verification", harness: "/harness" } as const;

const limitsOf = ({ timeoutMs, cpuSec, memoryMiB }: VerifyLimits): BoxLimits => ({
  wallMs: timeoutMs,
  cpuSec,
  memoryMiB,
  processesMax: PROCESSES_MAX,
  outputBytesMax: OUTPUT_BYTES_MAX,
  fileMiB: FILE_MIB,
  diskMiB: DISK_MIB,
  temporaryMiB: TEMPORARY_MIB,
});

type Parts = Pick<VerifierParts, "containment" | "patterns" | "ids" | "limits">;
type Place = { readonly dir: string; readonly fixtures: OpenFixtures };

export const executeContained = async (
  parts: Parts,
  { check, ...place }: Place & { readonly check: FunctionCheck | CommandCheck },
  signal: AbortSignal,
): Promise<CheckResult> =>
  check.kind === "function"
    ? callFunction(parts, { ...place, check }, signal)
    : runCommand(parts, { ...place, check }, signal);

async function callFunction(
  { containment, ids, limits }: Parts,
  { dir, fixtures, check }: Place & { readonly check: FunctionCheck },
  signal: AbortSignal,
): Promise<CheckResult> {
  const expected = expectedText(check.expected);
  const fail = (got: string): CheckResult => failed(check, { expected, got });
  const { fixture } = fixtures;
  if (fixture === null || fixtures.dir === null) return fail("no fixture: the file is missing");
  if (fixture.language === null)
    return fail("a fixture that is neither Python, JavaScript nor TypeScript");
  const nonce = createNonce(ids);
  const task = {
    nonce,
    fixture: `${INSIDE.fixtures}/${fixture.path}`,
    workspace: INSIDE.workspace,
    functions: functionNames(check.id),
    input: check.input,
  };
  const harness = `${INSIDE.harness}/${fixtures.harness[fixture.language]}`;
  const command: ContainedCommand = {
    argv: fixture.language === "python" ? ["python3", "-I", "-B", harness] : ["node", harness],
    workspaceDir: dir,
    workspace: "read-only",
    cwd: ".",
    env: {},
    stdin: JSON.stringify(task),
    folders: { [INSIDE.fixtures]: fixtures.dir, [INSIDE.harness]: fixtures.harness.dir },
    network: false,
    resultBytesMax: OUTPUT_BYTES_MAX,
    limits: limitsOf(limits),
  };
  const ran = await containment.run(command, signal);
  if (!ran.ok) return notExecuted(check, ran.error.message);
  const facts = ran.value;
  if (facts.ended === "box-error") return notExecuted(check, boxError(facts));
  if (facts.ended !== "exited") return fail(endedBy(facts, limits));
  if (facts.exitCode !== 0)
    return fail(`exit code ${facts.exitCode ?? "unknown"}${lastWords(facts.stderr)}`);
  const returned = readFrame(facts.result, nonce);
  if (!returned.ok) return fail(returned.why);
  return jsonEqual(check.expected, returned.value) ? passed(check) : fail(returned.text);
}

const NONCE_PARTS = 3;

/** Not an id: ids that are made one after another can be guessed from each other. */
const createNonce = ({ random }: Pick<Ids, "random">): string =>
  Array.from({ length: NONCE_PARTS }, () => Math.floor(random() * 2 ** 53).toString(36)).join("");

async function runCommand(
  { containment, patterns, limits }: Parts,
  { dir, fixtures, check }: Place & { readonly check: CommandCheck },
  signal: AbortSignal,
): Promise<CheckResult> {
  const expected = conditionsText(check);
  const fail = (got: string): CheckResult => failed(check, { expected, got });
  const command: ContainedCommand = {
    argv: check.argv,
    workspaceDir: dir,
    // The copy is thrown away, and nothing is executed after the command: it may write where it works.
    workspace: "writable",
    cwd: check.cwd,
    env: {},
    stdin: "",
    folders: fixtures.dir === null ? {} : { [INSIDE.fixtures]: fixtures.dir },
    network: false,
    resultBytesMax: 0,
    limits: limitsOf(limits),
  };
  const ran = await containment.run(command, signal);
  if (!ran.ok) return notExecuted(check, ran.error.message);
  const facts = ran.value;
  if (facts.ended === "box-error") return notExecuted(check, boxError(facts));
  if (facts.ended !== "exited") return fail(endedBy(facts, limits));
  if (facts.exitCode === null || !check.exitCodes.includes(facts.exitCode))
    return fail(`exit code ${facts.exitCode ?? "unknown"}${lastWords(facts.stderr)}`);
  const broken = await brokenCondition({ patterns }, check, facts.stdout);
  return broken === null ? passed(check) : fail(broken);
}

/** Null when each named condition holds. */
async function brokenCondition(
  { patterns }: Pick<Parts, "patterns">,
  { stdout: { equals, contains, matches } }: CommandCheck,
  { head, tail, omittedBytes }: OutputText,
): Promise<string | null> {
  const text = head + tail;
  const got = `${JSON.stringify(text)}${omittedBytes === 0 ? "" : ` and ${omittedBytes} bytes more`}`;
  if (equals !== undefined && (omittedBytes > 0 || withoutEnd(text) !== withoutEnd(equals)))
    return got;
  // What was left out between head and tail is not looked at, so a word across the gap does not count either.
  const parts = omittedBytes === 0 ? [text] : [head, tail];
  if (contains !== undefined && !parts.some((part) => part.includes(contains))) return got;
  if (matches === undefined) return null;
  const answers = await Promise.all(
    parts.map(async (part) => patterns.match({ pattern: matches, text: part })),
  );
  if (answers.includes("match")) return null;
  if (answers.includes("invalid")) return "a pattern that is none";
  return answers.includes("too-slow") ? "a pattern that takes too long" : got;
}

/** Programs end their last line, people who write down what they expect often do not. */
const withoutEnd = (text: string): string => text.replace(/\r?\n$/, "");

function conditionsText({ exitCodes, stdout }: CommandCheck): string {
  const conditions = Object.entries(stdout).map(
    ([name, value]) => `output that ${name} ${JSON.stringify(value)}`,
  );
  return [`exit code ${exitCodes.join(" or ")}`, ...conditions].join(" and ");
}

const boxError = ({ stderr }: ProcessFacts): string => `the box failed${lastWords(stderr)}`;

const STDERR_CHARACTERS_SHOWN = 300;

const lastWords = ({ head, tail }: OutputText): string => {
  const words = (tail === "" ? head : tail).trim().slice(-STDERR_CHARACTERS_SHOWN);
  return words === "" ? "" : `: ${words}`;
};

function endedBy({ ended }: ProcessFacts, { timeoutMs, memoryMiB }: VerifyLimits): string {
  if (ended === "timeout") return `no end within ${timeoutMs / 1000} s`;
  if (ended === "memory-limit") return `more memory than ${memoryMiB} MiB`;
  return `an end by its ${ended}`;
}
