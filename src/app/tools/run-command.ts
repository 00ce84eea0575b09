// A program of the agent's choice in the box. The gate has found it in the list of the roles; what it did to the workspace is
// looked at when it has ended, because in there no tool's rules hold.
import { z } from "zod";
import { refuse } from "../../domain/result.ts";
import type { BoxLimits, OutputText, ProcessFacts } from "../../ports/containment.ts";
import type { WorkspaceChanges } from "../../ports/workspace.ts";
import type { ToolOutcome, ToolScope } from "./tool.ts";
import { defineTool, failed, TEXT_BYTES_MAX } from "./tool.ts";

const TIMEOUT_SEC = 120;
const TIMEOUT_MAX_SEC = 600;
const PATHS_SHOWN_MAX = 50;

const LIMITS: Omit<BoxLimits, "wallMs" | "cpuSec"> = {
  memoryMiB: 1024,
  processesMax: 64,
  outputBytesMax: 4 * 1024 ** 2,
  fileMiB: 64,
  diskMiB: 1024,
  temporaryMiB: 64,
};

/** The roles that allow the tool itself; another role of the seat lends it neither programs nor the network. */
const rolesOf = ({ team, roles }: Pick<ToolScope, "team" | "roles">) =>
  roles
    .map((name) => (Object.hasOwn(team.roles, name) ? team.roles[name] : undefined))
    .filter((role) => role?.tools.includes("run_command") === true);

export const programsOf = (scope: Pick<ToolScope, "team" | "roles">): readonly string[] => [
  ...new Set(rolesOf(scope).flatMap((role) => role?.programs ?? [])),
];

export const runCommand = defineTool({
  name: "run_command",
  risk: "execute",
  effect: true,
  description:
    "Runs a program in the workspace, contained: no shell, and no network unless the role has it. Only programs that the role lists.",
  path: { argument: "cwd", access: "read" },
  program: ({ argv }) => argv[0] ?? "",
  schema: z.strictObject({
    argv: z
      .array(
        z
          .string()
          .max(4096)
          .refine((text) => !text.includes("\0"), "no NUL"),
      )
      .min(1)
      .max(100),
    cwd: z.string().min(1).max(1024).default("."),
    timeout: z.int().min(1).max(TIMEOUT_MAX_SEC).default(TIMEOUT_SEC).describe("Seconds"),
  }),
  run: async ({ argv, cwd, timeout }, scope, signal) => {
    const place = await scope.workspace.resolve(cwd);
    if (!place.ok) return failed(place.error);
    const command = {
      argv,
      cwd: place.value,
      workspaceDir: scope.workspace.dir,
      workspace: "writable",
      env: {},
      stdin: "",
      folders: {},
      network: rolesOf(scope).some((role) => role?.network === true),
      resultBytesMax: 0,
      limits: { ...LIMITS, wallMs: timeout * 1000, cpuSec: timeout },
    } as const;
    const ended = await scope.workspace.guarded(() => scope.containment.run(command, signal));
    if (!ended.ok) return failed(ended.error);
    const { value: facts, changes } = ended.value;
    if (changes.restored.length > 0) return trespassed(changes.restored);
    return facts.ok ? outcomeOf(facts.value, changes, scope) : failed(facts.error);
  },
});

/** Ends the turn, as a tool's call on such a path does. */
function trespassed(paths: readonly string[]): ToolOutcome {
  const names = paths.slice(0, PATHS_SHOWN_MAX).join(", ");
  const refused = refuse(
    "PATH_PROTECTED",
    `The command changed what is protected: ${names}. It is as it was before.`,
  );
  return failed(refused.error);
}

async function outcomeOf(
  { exitCode, ended, stdout, stderr }: ProcessFacts,
  changes: WorkspaceChanges,
  scope: ToolScope,
): Promise<ToolOutcome> {
  const { changed, broken } = await sortChanges(changes.changed, scope);
  const out = endsOf(stdout);
  const err = endsOf(stderr);
  return {
    result: {
      ok: true,
      exit_code: exitCode,
      ended,
      stdout: textOf(out),
      stderr: textOf(err),
      ...(out.omittedBytes > 0 && { stdout_omitted_bytes: out.omittedBytes }),
      ...(err.omittedBytes > 0 && { stderr_omitted_bytes: err.omittedBytes }),
      ...(changed.length > 0 && { changed: changed.slice(0, PATHS_SHOWN_MAX) }),
      ...(broken.length > 0 && { not_kept: broken.slice(0, PATHS_SHOWN_MAX) }),
      ...(changes.removed.length > 0 && {
        removed: changes.removed.slice(0, PATHS_SHOWN_MAX),
        removed_why: "links and special files are not allowed in the workspace",
      }),
      ...(changes.omitted > 0 && { not_kept_files: changes.omitted }),
    },
    wroteAll: changed,
  };
}

/**
 * What a command made is the card's work like what a tool wrote, if it keeps the same rules. A file that breaks one stays
 * where it is, for the next command, but is in no commit; one that another turn is writing is left to that turn.
 */
async function sortChanges(
  paths: readonly string[],
  scope: ToolScope,
): Promise<{ readonly changed: readonly string[]; readonly broken: readonly string[] }> {
  const changed: string[] = [];
  const broken: string[] = [];
  for (const path of paths) {
    const resolved = await scope.workspace.resolve(path);
    if (!resolved.ok || !scope.locks.take(path, scope.turn)) continue;
    const there = await scope.workspace.read(path, 0);
    const isGone = !there.ok && there.error.code === "FILE_MISSING";
    const rule = isGone ? null : await scope.brokenRule(path);
    if (rule === null) changed.push(path);
    else broken.push(`${path}: ${rule}`);
  }
  return { changed, broken };
}

/** Of the usual limit for a text, half for each end. */
function endsOf({ head, tail, omittedBytes }: OutputText): OutputText {
  const half = TEXT_BYTES_MAX / 2;
  const whole = omittedBytes === 0 ? Buffer.from(head + tail) : null;
  if (whole !== null && whole.length <= TEXT_BYTES_MAX)
    return { head: head + tail, tail: "", omittedBytes };
  const first = whole ?? Buffer.from(head);
  const last = whole ?? Buffer.from(tail);
  const kept = {
    head: first.subarray(0, half),
    tail: last.subarray(Math.max(0, last.length - half)),
  };
  const all = whole?.length ?? first.length + last.length;
  return {
    head: kept.head.toString(),
    tail: kept.tail.toString(),
    omittedBytes: omittedBytes + all - kept.head.length - kept.tail.length,
  };
}

const textOf = ({ head, tail, omittedBytes }: OutputText): string =>
  omittedBytes === 0 ? head + tail : `${head}\n… ${omittedBytes} bytes left out …\n${tail}`;
