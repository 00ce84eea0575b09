// A Docker engine of its own for the tests: `start <folder>`, `stop <folder>`, `prepare`. All of its state is in the
// folder; nothing of the machine's own engine, network rules or packages is touched. Stopping works after a crash too.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { preparePlugins } from "./docker-plugins.ts";
import { endProcessesOf, removeTracesOf } from "./docker-traces.ts";

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 20_000;
const POLL_MS = 50;
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const NEEDED = ["dockerd", "docker", "iptables", "ip"];

export type EngineEnvironment = {
  readonly PATH: string;
  readonly DOCKER_HOST: string;
  readonly DOCKER_CONFIG: string;
};

type Start = {
  readonly path: string;
  /** The engine ends with the process that started it. */
  readonly endsWithParent: boolean;
};

/** Throws with the reason when this machine cannot run one. */
export async function startEngine(
  folder: string,
  { path, endsWithParent }: Start,
): Promise<EngineEnvironment> {
  requireMachine(path);
  const config = join(folder, "config");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  cpSync(preparePlugins(), join(config, "cli-plugins"), { recursive: true });
  writeFileSync(join(folder, "ip_forward"), readFileSync(FORWARDING, "utf8"));
  writeFileSync(join(folder, "owner"), String(process.pid));
  const env = { PATH: path, DOCKER_HOST: socketOf(folder), DOCKER_CONFIG: config };
  launch(folder, { path, endsWithParent });
  try {
    await untilAnswering(folder, env);
  } catch (error) {
    await stopEngine(folder);
    throw error;
  }
  return env;
}

const socketOf = (folder: string): string => `unix://${join(folder, "docker.sock")}`;

function requireMachine(path: string): void {
  if (process.platform !== "linux") throw new Error("an engine of its own needs Linux");
  if (process.getuid?.() !== 0) throw new Error("only root can start an engine");
  const missing = NEEDED.filter(
    (name) => !path.split(":").some((each) => existsSync(join(each, name))),
  );
  if (missing.length > 0)
    throw new Error(`${missing.join(", ")} not found; install docker.io, iptables and iproute2`);
}

function launch(folder: string, { path, endsWithParent }: Start): void {
  const log = openSync(join(folder, "log"), "a");
  const dockerd = [
    "dockerd",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--bridge=none",
    "--storage-driver=overlay2",
    "--data-root",
    join(folder, "data"),
    "--exec-root",
    join(folder, "run"),
    "--pidfile",
    join(folder, "pid"),
    "--cgroup-parent",
    `/${cgroupOf(folder)}`,
    "-H",
    socketOf(folder),
    // Two engines at once must not give the same addresses away.
    "--default-address-pool",
    `base=10.${64 + (process.pid % 128)}.0.0/16,size=24`,
  ];
  const argv = endsWithParent ? ["setpriv", "--pdeathsig", "TERM", "--", ...dockerd] : dockerd;
  const child = spawn(argv[0] ?? "", argv.slice(1), {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log],
    env: { PATH: path },
  });
  child.on("error", () => undefined); // its log stays empty and nothing answers
  child.unref();
  closeSync(log);
}

const cgroupOf = (folder: string): string => `orket-${basename(folder)}`;

async function untilAnswering(folder: string, env: EngineEnvironment): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += POLL_MS) {
    if (existsSync(join(folder, "docker.sock"))) {
      if (spawnSync("docker", ["version"], { env, timeout: START_MS_MAX }).status === 0) return;
    }
    await pause();
  }
  const log = readFileSync(join(folder, "log"), "utf8");
  throw new Error(`dockerd does not answer:\n${log.split("\n").slice(-15).join("\n")}`);
}

const pause = (): Promise<void> => new Promise((wake) => setTimeout(wake, POLL_MS));

/** Leaves nothing: no container, process, mount, bridge or file. Stopping what is stopped is no error. */
export async function stopEngine(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  removeContainers(folder);
  const pid = pidOf(folder);
  if (pid !== null) {
    signal(pid, "SIGTERM");
    for (let waitedMs = 0; pidOf(folder) !== null && waitedMs < STOP_MS_MAX; waitedMs += POLL_MS)
      await pause();
  }
  while (endProcessesOf(folder) > 0) await pause();
  removeTracesOf(folder, cgroupOf(folder));
  const forwarding = join(folder, "ip_forward");
  if (existsSync(forwarding) && !existsSync("/sys/class/net/docker0"))
    restore(readFileSync(forwarding, "utf8"));
  rmSync(folder, { recursive: true, force: true });
}

function restore(forwarding: string): void {
  if (readFileSync(FORWARDING, "utf8") !== forwarding) writeFileSync(FORWARDING, forwarding);
}

function removeContainers(folder: string): void {
  if (pidOf(folder) === null) return;
  const docker = (...args: readonly string[]): string =>
    spawnSync("docker", ["-H", socketOf(folder), ...args], {
      encoding: "utf8",
      timeout: STOP_MS_MAX,
    }).stdout;
  const containers = docker("ps", "-aq").split("\n").filter(Boolean);
  if (containers.length > 0) docker("rm", "-f", "-v", ...containers);
  docker("network", "prune", "-f");
}

/** null when the engine does not run, also where its number is another program's by now. */
function pidOf(folder: string): number | null {
  try {
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.includes(join(folder, "data")) ? pid : null;
  } catch {
    return null;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

/** Engines whose starter died: their folders lie in `parent` and their owner is no more. */
export async function stopAbandoned(parent: string, prefix: string): Promise<void> {
  const names = readdirSync(parent).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    const owner = join(parent, name, "owner");
    if (!existsSync(owner)) continue;
    if (!existsSync(`/proc/${readFileSync(owner, "utf8")}`)) await stopEngine(join(parent, name));
  }
}

const USAGE = "Usage: docker-engine.ts prepare | start <folder> | stop <folder>";

async function main([command, given]: readonly string[]): Promise<void> {
  if (command === "prepare") return void preparePlugins();
  if (given === undefined || !["start", "stop"].includes(command ?? "")) throw new Error(USAGE);
  const folder = resolve(given);
  if (command === "stop") return stopEngine(folder);
  const env = await startEngine(folder, { path: process.env["PATH"] ?? "", endsWithParent: false });
  process.stdout.write(
    `export DOCKER_HOST=${env.DOCKER_HOST} DOCKER_CONFIG=${env.DOCKER_CONFIG}\n`,
  );
}

if (import.meta.main) await main(process.argv.slice(2));
