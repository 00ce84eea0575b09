// What a running product is made of: its services as a person would describe them, without what every service gets anyway.
// How it becomes a compose file is render-stack.ts; what a project may say of its own is own-stack.ts.
import type { PortRole } from "./sandbox-ports.ts";

export type StackName =
  | "fastapi-react-postgres"
  | "fastapi-vue-mongo"
  | "csharp-razor-ef"
  | "node-react-postgres"
  | "django-react-postgres";

/** Capabilities without which an official image cannot give up the rights of root; no project may ask for one. */
export type Capability =
  | "CHOWN"
  | "DAC_OVERRIDE"
  | "FOWNER"
  | "SETGID"
  | "SETUID"
  | "KILL"
  | "NET_BIND_SERVICE";

export type ServiceLimits = {
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly pids: number;
};

/** Runs inside of the service; `argv` without a shell. */
export type HealthCheck = {
  readonly argv: readonly string[];
  readonly intervalSec: number;
  readonly timeoutSec: number;
  readonly retries: number;
  readonly startSec: number;
};

export type StackService = {
  readonly from:
    | { readonly image: string; readonly pull: "missing" | "never" }
    | {
        /** Below the sources; `.` for all of them. */
        readonly context: string;
        /** Relative to the context, or `../files/…` for one that the template brings. */
        readonly dockerfile: string;
        /** Steps of what an agent wrote never have any. */
        readonly network: boolean;
      };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly workingDir?: string;
  /** `uid` or `uid:gid`. */
  readonly user?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Names; each is a file `/run/secrets/<name>`, which only root can read. */
  readonly secrets: readonly string[];
  /** Role → port inside of the service. */
  readonly ports: Readonly<Partial<Record<PortRole, number>>>;
  /** Path inside → name of a volume. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Path inside → path below the sources, read-only. */
  readonly sources: Readonly<Record<string, string>>;
  /** Path inside → MiB; nothing else can be written. */
  readonly temporary: Readonly<Record<string, number>>;
  /** Whether programs may be started from there, too. */
  readonly temporaryPrograms: boolean;
  /** Started when these are healthy, or when they run where they have no check. */
  readonly after: readonly string[];
  readonly health: HealthCheck | null;
  readonly capabilities: readonly Capability[];
  readonly limits: ServiceLimits;
  readonly stopSec: number;
};

export type Stack = {
  /** null for one of the project's own. */
  readonly name: StackName | null;
  readonly services: Readonly<Record<string, StackService>>;
  /** What a template brings, by path below `files/`. */
  readonly files: Readonly<Record<string, string>>;
  readonly waitMs: number;
};

export type PublishedPort = {
  readonly role: PortRole;
  readonly service: string;
  readonly port: number;
};

/** What has to be written and started, and what is told about it. No value of a secret is in it. */
export type SandboxPlan = {
  readonly compose: string;
  readonly files: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** Of the roles that speak HTTP; without credentials. */
  readonly urls: Readonly<Partial<Record<PortRole, string>>>;
  /**
   * Each wants a value of its own of at least 32 random bytes, in base64url: it becomes part of URLs, and a SQL Server asks
   * for letters of both cases and digits.
   */
  readonly secretNames: readonly string[];
  /** Whether a service is built of the sources or reads them; without, a sandbox needs none. */
  readonly needsSources: boolean;
  readonly waitMs: number;
};
