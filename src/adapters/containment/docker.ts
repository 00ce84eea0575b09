// The box on a container engine, for machines without bubblewrap: the same promises by the engine's means. Slower, and the
// engine itself has to be trusted; what the container may use is in one image that the settings name.
import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ok, refuse } from "../../domain/result.ts";
import type { Result } from "../../domain/result.ts";
import type { ContainedCommand, Containment, ProcessFacts } from "../../ports/containment.ts";
import type { Attended } from "./attend.ts";
import { attend } from "./attend.ts";
import { checkCommand, WORKSPACE_INSIDE } from "./box-command.ts";
import { watchDisk } from "./disk-watch.ts";
import { ENGINE_PROFILE } from "./docker-profile.ts";
import { startedAt } from "./process-tree.ts";
import type { Opened } from "./workspace-folder.ts";
import { giveTree, openFolder } from "./workspace-folder.ts";

export type DockerBoxDeps = {
  readonly image: string;
  /** PATH, DOCKER_HOST and DOCKER_CONFIG, and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  readonly scratchDir: string;
  readonly uid: number;
  readonly gid: number;
  /** Who the box runs as when Orket is root. */
  readonly boxId: number;
  readonly unique: () => string;
};

const CALL_MS_MAX = 60_000;
const WATCH_MS = 100;
const FILES_MAX = 256;
const MIB = 1024 ** 2;
const LABEL = "orket.box";
const RESULT_INSIDE = "/orket-result";
const TEMPORARY_INSIDE = "/tmp";
const SHARED_MEMORY = "16m";
const PROC = "/proc";

/** Tells a living Orket from a later process with its number. */
const ownerMark = (): string => `${process.pid}.${startedAt(PROC, process.pid) ?? "0"}`;

export const createDockerBox = (deps: DockerBoxDeps): Pick<Containment, "run"> => ({
  run: async (command, signal) => {
    const flaw = checkCommand(command);
    if (flaw !== null)
      return refuse("TOOL_ARGUMENT", `The command cannot be run: ${flaw}.`, {
        program: command.argv[0] ?? "",
      });
    return runIn(deps, command, signal);
  },
});

async function runIn(
  deps: DockerBoxDeps,
  command: ContainedCommand,
  signal: AbortSignal,
): Promise<Result<ProcessFacts>> {
  const name = `orket-box-${deps.unique()}`;
  const dir = join(deps.scratchDir, name);
  let workspace: Opened;
  try {
    workspace = prepare(deps, command, dir);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    const why = error instanceof Error ? error.message : String(error);
    return refuse("FILE_UNFIT", `The folder of the command cannot be used: ${why}`, {});
  }
  try {
    const made = await ask(deps, ["create", ...containerArguments(deps, { command, dir, name })]);
    if (made.code !== 0) return ok(notStarted(made.stderr));
    const isDiskOver = watchDisk(workspace.descriptor, command);
    return ok(await attendContainer(deps, { command, dir, name, isDiskOver }, signal));
  } finally {
    workspace.close();
    await ask(deps, ["rm", "--force", "--volumes", name]);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The folder is opened once, so that a link in its place is refused; the engine resolves the path a second time. */
function prepare(
  deps: DockerBoxDeps,
  { workspaceDir, cwd }: ContainedCommand,
  dir: string,
): Opened {
  // The engine would make a folder that is not there.
  if (!statSync(join(workspaceDir, cwd)).isDirectory()) throw new Error(`${cwd} is no folder.`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, "profile.json"), ENGINE_PROFILE);
  writeFileSync(join(dir, "result"), "");
  chmodSync(join(dir, "result"), 0o666);
  const workspace = openFolder(workspaceDir);
  if (deps.uid === 0) giveTree(workspace.descriptor, deps.boxId);
  return workspace;
}

type Container = {
  readonly command: ContainedCommand;
  readonly dir: string;
  readonly name: string;
};

function containerArguments(
  { image, uid, gid, boxId }: DockerBoxDeps,
  { command, dir, name }: Container,
): readonly string[] {
  const { limits, folders, env, network, workspace } = command;
  const owner = uid === 0 ? `${boxId}:${boxId}` : `${uid}:${gid}`;
  const named = { LANG: "C.UTF-8", TZ: "UTC", HOME: TEMPORARY_INSIDE, TMPDIR: TEMPORARY_INSIDE };
  const result = command.resultBytesMax > 0;
  return [
    "--name",
    name,
    "--label",
    `${LABEL}=${ownerMark()}`,
    "--interactive",
    "--init",
    "--pull=never",
    `--network=${network ? "bridge" : "none"}`,
    "--ipc=private",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--security-opt=seccomp=${join(dir, "profile.json")}`,
    `--user=${owner}`,
    "--hostname=box",
    `--pids-limit=${limits.processesMax}`,
    `--memory=${limits.memoryMiB}m`,
    `--memory-swap=${limits.memoryMiB}m`,
    `--shm-size=${SHARED_MEMORY}`,
    `--tmpfs=${TEMPORARY_INSIDE}:rw,nosuid,nodev,size=${limits.temporaryMiB}m,mode=1777`,
    `--ulimit=cpu=${limits.cpuSec}:${limits.cpuSec + 1}`,
    `--ulimit=fsize=${limits.fileMiB * MIB}`,
    `--ulimit=nofile=${FILES_MAX}`,
    "--ulimit=core=0",
    "--log-driver=none",
    "--mount",
    mount(command.workspaceDir, WORKSPACE_INSIDE, workspace === "read-only"),
    ...Object.entries(folders).flatMap(([inside, outside]) => [
      "--mount",
      mount(outside, inside, true),
    ]),
    ...(result ? ["--mount", mount(join(dir, "result"), RESULT_INSIDE, false)] : []),
    ...Object.entries({
      ...named,
      ...env,
      ...(result ? { ORKET_RESULT_FILE: RESULT_INSIDE } : {}),
    }).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    `--workdir=${WORKSPACE_INSIDE}/${command.cwd}`,
    "--entrypoint=",
    image,
    ...command.argv,
  ];
}

/** A comma or a quote would begin another field: the list is comma-separated values. */
const mount = (source: string, target: string, isReadOnly: boolean): string =>
  [
    "type=bind",
    field(`source=${source}`),
    field(`target=${target}`),
    ...(isReadOnly ? ["readonly"] : []),
  ].join(",");

const field = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

async function attendContainer(
  deps: DockerBoxDeps,
  { command, dir, name, isDiskOver }: Container & { readonly isDiskOver: () => boolean },
  signal: AbortSignal,
): Promise<ProcessFacts> {
  const { limits } = command;
  const child = spawn("docker", ["start", "--attach", "--interactive", name], {
    cwd: "/",
    env: deps.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let isKilled = false;
  const end = (): void => {
    if (isKilled) return;
    isKilled = true;
    void ask(deps, ["kill", name]).then(() => child.kill("SIGKILL"));
  };
  const over = new AbortController();
  let limit: "disk-limit" | "output-limit" | null = null;
  const look = setInterval(() => {
    if (statSync(join(dir, "result")).size > command.resultBytesMax) limit ??= "output-limit";
    else if (isDiskOver()) limit ??= "disk-limit";
    if (limit !== null) over.abort();
  }, WATCH_MS);
  const attended = await attend(child, {
    stdin: command.stdin,
    ...limits,
    resultBytesMax: 0,
    result: null,
    end,
    signal: AbortSignal.any([signal, over.signal]),
  });
  clearInterval(look);
  const state = await inspect(deps, name);
  const result = readFileSync(join(dir, "result"), "utf8");
  if (Buffer.byteLength(result) > command.resultBytesMax) limit ??= "output-limit";
  return factsOf({ attended, state, limit, result });
}

type State = {
  readonly status: string;
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
};

/** The engine's own record: what the command line gives back could be its own failure. */
async function inspect(deps: DockerBoxDeps, name: string): Promise<State | null> {
  const format = "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}} {{.State.StartedAt}}";
  const said = await ask(deps, ["inspect", "--format", format, name]);
  const [status = "", exitCode = "", isOutOfMemory, started = ""] = said.stdout.trim().split(" ");
  if (said.code !== 0 || started.startsWith("0001-")) return null;
  return { status, exitCode: Number(exitCode), isOutOfMemory: isOutOfMemory === "true" };
}

const CPU_LIMIT_EXIT = 128 + 24;

type Ended = {
  readonly attended: Attended;
  readonly state: State | null;
  readonly limit: "disk-limit" | "output-limit" | null;
  readonly result: string;
};

function factsOf({ attended, state, limit, result }: Ended): ProcessFacts {
  const { cause, stdout, stderr, wallMs } = attended;
  const ended = ((): ProcessFacts["ended"] => {
    if (limit !== null) return limit;
    if (cause === "not-started") return "box-error";
    if (cause !== "exited") return cause;
    if (state?.isOutOfMemory === true) return "memory-limit";
    if (state?.status !== "exited") return "box-error";
    return state.exitCode === CPU_LIMIT_EXIT ? "timeout" : "exited";
  })();
  const exitCode = ended === "exited" ? (state?.exitCode ?? null) : null;
  return { ended, exitCode, stdout, stderr, result, wallMs };
}

const NOTHING = { head: "", tail: "", omittedBytes: 0 };
const notStarted = (why: string): ProcessFacts => ({
  ended: "box-error",
  exitCode: null,
  stdout: NOTHING,
  stderr: { ...NOTHING, head: why },
  result: "",
  wallMs: 0,
});

type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string };

const ask = ({ env }: Pick<DockerBoxDeps, "env">, args: readonly string[]): Promise<Answer> =>
  new Promise((resolve) => {
    const options = { env, cwd: "/", timeout: CALL_MS_MAX, killSignal: "SIGKILL" } as const;
    execFile("docker", [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 125;
      resolve({ code, stdout, stderr: stderr === "" && error !== null ? error.message : stderr });
    });
  });

/** Why there is no engine with that image; null when there is. */
export async function whyNoEngine(
  deps: Pick<DockerBoxDeps, "env" | "image">,
): Promise<string | null> {
  const version = await ask(deps, ["version", "--format", "{{.Server.Version}}"]);
  if (version.code !== 0) return `the container engine does not answer: ${version.stderr.trim()}`;
  const image = await ask(deps, ["image", "inspect", "--format", "{{.Id}}", deps.image]);
  return image.code === 0 ? null : `the engine has no image ${deps.image}`;
}

/** Boxes of an Orket that was killed run on until somebody removes them: the next one does. */
export async function removeLeftBoxes(deps: Pick<DockerBoxDeps, "env">): Promise<number> {
  const format = `{{.ID}} {{.Label "${LABEL}"}}`;
  const listed = await ask(deps, ["ps", "--all", "--filter", `label=${LABEL}`, "--format", format]);
  const left = listed.stdout
    .split("\n")
    .map((line) => line.trim().split(" "))
    .filter(([id = "", mark = ""]) => id !== "" && !isAlive(mark))
    .map(([id = ""]) => id);
  if (left.length > 0) await ask(deps, ["rm", "--force", "--volumes", ...left]);
  return left.length;
}

function isAlive(mark: string): boolean {
  const [pid = "", started = ""] = mark.split(".");
  return startedAt(PROC, Number(pid)) === started;
}
