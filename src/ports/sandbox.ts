// Running products: brings a generated compose project up and down on a container engine. What a project is made of is
// decided before; an adapter only carries it out.
import type { Result } from "../domain/result.ts";

export type SandboxDeployment = {
  /** Of the sandbox; the compose project is `orket-<id>`. */
  readonly id: string;
  /** The generated compose file, whole. Build contexts are `./sources` or `./files/<folder>`. */
  readonly compose: string;
  /** What the template brings, by path below `files/`. */
  readonly files: Readonly<Record<string, string>>;
  /** Copied to `sources/`, without links, special files and compose files; null when nothing is built. */
  readonly sourceDir: string | null;
  /** By name; each becomes `secrets/<name>`, mode 0600, before anything starts. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly waitMs: number;
};

export type ServiceHealth = {
  readonly service: string;
  /** The engine's word: running, exited, restarting, … */
  readonly state: string;
  /** null when the service declares no check. */
  readonly health: "healthy" | "unhealthy" | "starting" | null;
  readonly exitCode: number | null;
};

export type LogRequest = {
  readonly id: string;
  /** null for all; checked against the stack by the caller. */
  readonly service: string | null;
  readonly lines: number;
};

/**
 * Contract:
 * - `up` gives back when every service runs and none fails its check, or SANDBOX_FAILED with the end of the output, or
 *   PORT_TAKEN when the engine could not bind one. It leaves a failed project as it is: the caller takes it down.
 * - `down` removes containers, networks, volumes and the folder; what is not there any more is no error.
 * - Without an engine, or without Compose v2, each answers ENGINE_UNAVAILABLE with the way out, and none throws.
 * - No secret is on a command line, in an environment, or in an answer.
 */
export type SandboxEngine = {
  readonly probe: (
    signal: AbortSignal,
  ) => Promise<Result<{ readonly engine: string; readonly compose: string }>>;
  readonly up: (deployment: SandboxDeployment, signal: AbortSignal) => Promise<Result<null>>;
  readonly down: (id: string, signal: AbortSignal) => Promise<Result<null>>;
  readonly health: (id: string, signal: AbortSignal) => Promise<Result<readonly ServiceHealth[]>>;
  readonly logs: (request: LogRequest, signal: AbortSignal) => Promise<Result<string>>;
  /** Ids of all sandboxes of Orket that the engine holds something of, also those nobody knows here. */
  readonly list: (signal: AbortSignal) => Promise<Result<readonly string[]>>;
  /** Whether this port of the loopback address could be bound now. */
  readonly isPortFree: (port: number) => Promise<boolean>;
};
