// The sandbox engine on Docker Compose v2. Compose is given a clean environment and one text through a pipe, so that no file
// or variable of the machine or of an agent takes part. What a project is made of is decided by the caller.
import { createServer } from "node:net";
import { createRedactor } from "../../domain/redact.ts";
import type { Refusal, Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { ProcessResult, Processes } from "../../ports/process.ts";
import type { SandboxDeployment, SandboxEngine, ServiceHealth } from "../../ports/sandbox.ts";
import type { SourceCaps } from "./copy-sources.ts";
import type { Docker, DockerEnvironment } from "./docker-command.ts";
import { createDocker, endedWell, tailOf } from "./docker-command.ts";
import { endEarlierUp } from "./leftovers.ts";
import type { ProjectFolders } from "./project-folder.ts";
import { createProjectFolders } from "./project-folder.ts";
import { isWell, readStatus } from "./read-status.ts";
import { PROJECT_LABEL, takeDown } from "./take-down.ts";

export type ComposeSetup = {
  readonly stateDir: string;
  readonly processes: Processes;
  readonly env: DockerEnvironment;
  readonly sourceCaps?: SourceCaps;
};

const ID = /^sandbox-[a-z0-9][a-z0-9-]{0,99}$/;
const PREFIX = "orket-";
/** Building images and fetching them, beyond the wait for the services. */
const BUILD_MS_MAX = 20 * 60_000;
const LOGS_MS_MAX = 10_000;
const LOG_LINES_OF_FAILURE = 20;

type Parts = { readonly docker: Docker; readonly folders: ProjectFolders };

export function createComposeSandboxes(setup: ComposeSetup): SandboxEngine {
  const docker = createDocker(setup.processes, setup.env);
  const parts = { docker, folders: createProjectFolders(setup.stateDir, setup.sourceCaps) };
  return {
    probe: docker.probe,
    up: async (deployment, signal) => checked(deployment.id) ?? up(parts, deployment, signal),
    down: async (id, signal) => checked(id) ?? down(parts, id, signal),
    health: async (id, signal) => checked(id) ?? health(parts, id, signal),
    logs: async (request, signal) => checked(request.id) ?? logs(parts, request, signal),
    list: async (signal) => list(docker, signal),
    isPortFree,
  };
}

/** An id becomes the name of a folder and of a project. */
const checked = (id: string): Result<never> | null =>
  ID.test(id) ? null : refuse("SANDBOX_INVALID", "That is no id of a sandbox.", { id });

const projectOf = (id: string): string => `${PREFIX}${id}`;

/** `--env-file`: without it compose reads a `.env` beside the sources. */
const composeArgs = (id: string, folder: string): readonly string[] => [
  "compose",
  "--ansi",
  "never",
  "--progress",
  "plain",
  "--env-file",
  "/dev/null",
  "--project-name",
  projectOf(id),
  "--project-directory",
  folder,
  "--file",
  "-",
];

async function up(
  { docker, folders }: Parts,
  deployment: SandboxDeployment,
  signal: AbortSignal,
): Promise<Result<null>> {
  const { id, compose, secrets, waitMs } = deployment;
  const probed = await docker.probe(signal);
  if (!probed.ok) return probed;
  await endEarlierUp(projectOf(id));
  const prepared = await folders.prepare(deployment, signal);
  if (!prepared.ok) return prepared;
  const seconds = Math.max(Math.ceil(waitMs / 1000), 1);
  const started = await docker.run({
    args: [
      ...composeArgs(id, prepared.value),
      "up",
      "--detach",
      "--build",
      "--quiet-pull",
      "--no-color",
      "--wait",
      "--wait-timeout",
      String(seconds),
    ],
    cwd: prepared.value,
    stdin: compose,
    timeoutMs: BUILD_MS_MAX + seconds * 1000,
    signal,
  });
  const hide = createRedactor({ values: Object.values(secrets) }).text;
  if (endedWell(started)) {
    const now = await health({ docker, folders }, id, signal);
    if (!now.ok) return now;
    if (now.value.length > 0 && now.value.every(isWell)) return ok(null);
  } else {
    // The group is ended, but a plugin may be in one of its own.
    if (started.ended !== "exited") await endEarlierUp(projectOf(id));
    const alive = signal.aborted ? null : await docker.probe(signal);
    if (alive !== null && !alive.ok) return alive;
  }
  return hidden(await failureOf({ docker, folders }, { id, started, signal }), hide);
}

const hidden = (refusal: Refusal, hide: (text: string) => string): Result<never> => ({
  ok: false,
  error: { ...refusal, message: hide(refusal.message) },
});

/** The engine's words for a port it could not bind, in several releases. */
const PORT_WORDS =
  /address already in use|port is already allocated|ports are not available|failed to bind host port/i;

type Failure = {
  readonly id: string;
  readonly started: ProcessResult;
  readonly signal: AbortSignal;
};

async function failureOf(parts: Parts, { id, started, signal }: Failure): Promise<Refusal> {
  const tail = tailOf(started);
  const details = { sandbox: id };
  if (signal.aborted || started.ended === "aborted")
    return { code: "SANDBOX_FAILED", message: `${id} was stopped before it was up.`, details };
  if (started.ended === "timeout")
    return { code: "SANDBOX_FAILED", message: `${id} was not up in time.\n${tail}`, details };
  if (!endedWell(started) && PORT_WORDS.test(tail)) {
    const port = Number(/(?:127\.0\.0\.1|0\.0\.0\.0|\[::\]):(\d+)/.exec(tail)?.[1] ?? Number.NaN);
    const which = Number.isNaN(port) ? "A port" : `Port ${port}`;
    return {
      code: "PORT_TAKEN",
      message: `${which} is taken by another program.`,
      details: Number.isNaN(port) ? details : { ...details, port },
    };
  }
  const now = await health(parts, id, signal);
  const unwell = now.ok ? now.value.filter((one) => !isWell(one)) : [];
  const printed = await lastWordsOf(parts, { id, unwell, signal });
  return {
    code: "SANDBOX_FAILED",
    message: [`${id} did not come up.`, ...unwell.map(lineOf), tail, printed]
      .filter(Boolean)
      .join("\n"),
    details: { ...details, services: unwell.map(({ service }) => service) },
  };
}

const lineOf = ({ service, state, health: check, exitCode }: ServiceHealth): string =>
  `${service}: ${check ?? state}${exitCode === null ? "" : `, exit code ${exitCode}`}`;

type Unwell = {
  readonly id: string;
  readonly unwell: readonly ServiceHealth[];
  readonly signal: AbortSignal;
};

async function lastWordsOf(parts: Parts, { id, unwell, signal }: Unwell): Promise<string> {
  const texts = await Promise.all(
    unwell
      .filter(({ state }) => state !== "created")
      .map(async ({ service }) =>
        logs(parts, { id, service, lines: LOG_LINES_OF_FAILURE }, signal),
      ),
  );
  return texts.map((text) => (text.ok ? text.value.trim() : "")).join("\n");
}

async function down({ docker, folders }: Parts, id: string, signal: AbortSignal) {
  const probed = await docker.probe(signal);
  if (!probed.ok) return probed;
  await endEarlierUp(projectOf(id));
  const taken = await takeDown(docker, projectOf(id), signal);
  if (!taken.ok) return taken;
  try {
    await folders.remove(id);
    return ok(null);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "an unexpected error";
    return refuse("SANDBOX_FAILED", `The folder of ${id} could not be removed: ${reason}`);
  }
}

/** With none named, `ps` speaks of all that carry the project's label. `logs` wants names, and only the names. */
const namesText = (services: readonly string[]): string =>
  JSON.stringify({ services: Object.fromEntries(services.map((name) => [name, { image: "x" }])) });

async function health(
  { docker }: Parts,
  id: string,
  signal: AbortSignal,
): Promise<Result<readonly ServiceHealth[]>> {
  const args = [...composeArgs(id, "/"), "ps", "--all", "--format", "json"];
  const listed = await docker.ask({ args, stdin: namesText([]), signal });
  return listed.ok ? readStatus(listed.value) : listed;
}

async function logs(
  { docker, folders }: Parts,
  { id, service, lines }: Parameters<SandboxEngine["logs"]>[0],
  signal: AbortSignal,
): Promise<Result<string>> {
  const now = await health({ docker, folders }, id, signal);
  if (!now.ok) return now;
  const names = now.value.map((one) => one.service);
  if (names.length === 0) return ok("");
  if (service !== null && !names.includes(service))
    return refuse(
      "SERVICE_UNKNOWN",
      `${id} has no service ${service}; it has ${names.join(", ")}.`,
      { sandbox: id, service },
    );
  const args = [
    ...composeArgs(id, "/"),
    "logs",
    "--no-color",
    "--tail",
    String(lines),
    ...(service === null ? [] : [service]),
  ];
  const stdin = namesText(names);
  const printed = await docker.ask({ args, stdin, timeoutMs: LOGS_MS_MAX, signal });
  const hide = createRedactor({ values: await folders.secretsOf(id) }).text;
  return printed.ok ? ok(hide(printed.value)) : hidden(printed.error, hide);
}

const HOLDINGS = [
  ["ps", "--all"],
  ["network", "ls"],
  ["volume", "ls"],
] as const;

async function list(docker: Docker, signal: AbortSignal): Promise<Result<readonly string[]>> {
  const probed = await docker.probe(signal);
  if (!probed.ok) return probed;
  const ids = new Set<string>();
  for (const holding of HOLDINGS) {
    const format = ["--format", `{{.Label "${PROJECT_LABEL}"}}`];
    const listed = await docker.ask({ args: [...holding, ...format], signal });
    if (!listed.ok) return listed;
    for (const project of listed.value.split("\n")) {
      const id = project.trim().slice(PREFIX.length);
      if (project.startsWith(PREFIX) && ID.test(id)) ids.add(id);
    }
  }
  return ok([...ids].toSorted());
}

const isPortFree = async (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
