// Starts the docker command line with an environment of its own, and tells an absent engine from a command that failed.
import type { Result } from "../../domain/result.ts";
import { ok, refuse } from "../../domain/result.ts";
import type { Processes, ProcessResult } from "../../ports/process.ts";

export type DockerEnvironment = {
  readonly PATH?: string;
  readonly DOCKER_HOST?: string;
  readonly DOCKER_CONFIG?: string;
};

export type DockerCall = {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly stdin?: string;
};

export type DockerVersions = { readonly engine: string; readonly compose: string };

export type Docker = {
  readonly run: (call: DockerCall) => Promise<ProcessResult>;
  /** The output of a command that ended well; else why not. */
  readonly ask: (call: DockerCall) => Promise<Result<string>>;
  readonly probe: (signal: AbortSignal) => Promise<Result<DockerVersions>>;
};

const CALL_MS_MAX = 30_000;
const PROBE_MS_MAX = 10_000;
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;
const TAIL_CHARS = 4000;
const COMPOSE_MAJOR_MIN = 2;
/** The only names that reach the program; with others, compose would read settings out of them. */
const NAMES = ["PATH", "DOCKER_HOST", "DOCKER_CONFIG"] as const;

export function createDocker(processes: Processes, given: DockerEnvironment): Docker {
  const env = Object.fromEntries(
    NAMES.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
  const run: Docker["run"] = async ({ args, timeoutMs = CALL_MS_MAX, cwd = "/", ...rest }) =>
    processes.run({
      argv: ["docker", ...args],
      cwd,
      env,
      timeoutMs,
      outputBytesMax: OUTPUT_BYTES_MAX,
      ...rest,
    });
  const probe: Docker["probe"] = async (signal) => probeWith(run, signal);
  return {
    run,
    probe,
    ask: async (call) => {
      const result = await run(call);
      return endedWell(result) ? ok(result.stdout) : explain(probe, call, result);
    },
  };
}

export const endedWell = ({ ended, exitCode }: ProcessResult): boolean =>
  ended === "exited" && exitCode === 0;

/** The end is where a program says why. */
export const tailOf = ({ stdout, stderr }: ProcessResult): string =>
  [stdout, stderr]
    .map((text) => text.trim())
    .filter(Boolean)
    .join("\n")
    .slice(-TAIL_CHARS);

/** An engine that does not answer explains a failure better than what the command printed about it. */
async function explain(
  probe: Docker["probe"],
  { args, signal }: DockerCall,
  result: ProcessResult,
): Promise<Result<never>> {
  if (result.ended === "aborted") return refuse("SANDBOX_FAILED", "The work was stopped.");
  const probed = await probe(signal);
  if (!probed.ok) return probed;
  const verb = args.find((word) => /^[a-z]+$/.test(word)) ?? "docker";
  const how = result.ended === "timeout" ? "did not answer in time" : "failed";
  return refuse("SANDBOX_FAILED", `docker ${verb} ${how}: ${tailOf(result)}`, { verb });
}

async function probeWith(run: Docker["run"], signal: AbortSignal): Promise<Result<DockerVersions>> {
  const call = { signal, timeoutMs: PROBE_MS_MAX };
  const compose = await run({ ...call, args: ["compose", "version", "--short"] });
  if (compose.ended === "not-started")
    return unavailable(
      "the docker command is not installed. Install Docker Engine with its Compose v2 plugin, and see that docker is in PATH",
    );
  const engine = await run({ ...call, args: ["version", "--format", "{{.Server.Version}}"] });
  if (!endedWell(engine))
    return unavailable(
      `the engine does not answer (${lastLine(engine)}). Start it, or let DOCKER_HOST name where it listens`,
    );
  const version = compose.stdout.trim().replace(/^v/, "");
  if (!endedWell(compose) || !(Number.parseInt(version, 10) >= COMPOSE_MAJOR_MIN))
    return unavailable(
      "docker has no Compose v2. Install the plugin (the package docker-compose-plugin, docker-compose-v2 or, in Debian 13, " +
        "docker-compose), so that `docker compose version` answers; the older docker-compose v1 is not used",
    );
  return ok({ engine: engine.stdout.trim(), compose: version });
}

const lastLine = (result: ProcessResult): string =>
  result.ended === "exited"
    ? (tailOf(result).split("\n").at(-1) ?? "no reason given")
    : `no answer in ${PROBE_MS_MAX / 1000} s`;

const unavailable = (why: string): Result<never> =>
  refuse("ENGINE_UNAVAILABLE", `No sandbox can run: ${why}.`);
