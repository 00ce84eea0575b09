// What escapes are tried on: canaries, listeners and victims of the host, and the same programs run bare, so that a wall that
// is missing is seen.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BoxLimits, ContainedCommand } from "../../src/ports/containment.ts";
import { tempFolder } from "./temp-folder.ts";

export type Program = { readonly language: "python" | "node"; readonly source: string };

export type AttackScene = {
  readonly workspaceDir: string;
  readonly outsideDir: string;
  /** What an attacker may know: addresses and paths, never the canary as one text. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What reached the host so far. */
  readonly hits: () => number;
  readonly victimsAlive: () => boolean;
};

export const LIMITS: BoxLimits = {
  wallMs: 20_000,
  cpuSec: 10,
  memoryMiB: 256,
  processesMax: 64,
  outputBytesMax: 1024 * 1024,
  fileMiB: 16,
  temporaryMiB: 16,
  diskMiB: 64,
};

export const commandIn = (
  workspaceDir: string,
  argv: readonly string[],
  rest: Partial<ContainedCommand> = {},
): ContainedCommand => ({
  argv,
  workspaceDir,
  workspace: "writable",
  cwd: ".",
  env: {},
  stdin: "",
  folders: {},
  network: false,
  resultBytesMax: 0,
  limits: LIMITS,
  ...rest,
});

export const argvOf = ({ language, source }: Program, facts: unknown): readonly string[] =>
  language === "python"
    ? ["python3", "-c", source, JSON.stringify(facts)]
    : ["node", "-e", source, "--", JSON.stringify(facts)];

/** The same program without walls, in the same folder, with the same descriptor and secrets that a careless box would leave. */
export async function runBare(
  scene: AttackScene,
  program: Program,
  extra: object = {},
): Promise<string> {
  const [file = "", ...args] = argvOf(program, { ...scene.facts, ...extra });
  const folder = openSync(scene.workspaceDir, "r");
  const bare = spawn(file === "node" ? process.execPath : file, args, {
    cwd: scene.workspaceDir,
    stdio: ["ignore", "pipe", "pipe", folder],
    timeout: 60_000,
  });
  const texts: string[] = [];
  for (const stream of [bare.stdout, bare.stderr])
    stream?.on("data", (chunk: Buffer) => texts.push(chunk.toString()));
  await once(bare, "close");
  closeSync(folder);
  return texts.join("");
}

export async function openAttackScene(context: TestContext): Promise<AttackScene> {
  const canary = randomBytes(12).toString("hex");
  const outsideDir = await mkdtemp(join(homedir(), ".orket-canary-"));
  context.after(() => rm(outsideDir, { recursive: true, force: true }));
  // Nobody is kept out by its mode: the walls alone must hold.
  await chmod(outsideDir, 0o755);
  const base = await tempFolder(context);
  const workspaceDir = join(base, "ws");
  await mkdir(workspaceDir, { mode: 0o777 });
  const canaryPath = join(outsideDir, "secret.txt");
  await writeFile(canaryPath, canary);
  const open = openSync(canaryPath, "r");
  process.env["ORKET_TEST_CANARY"] = canary;
  const host = await openListeners(workspaceDir);
  const victims = [await startVictim(canary, null), await startVictim(canary, 65_534)];
  context.after(() => {
    delete process.env["ORKET_TEST_CANARY"];
    closeSync(open);
    for (const victim of victims) victim.end();
    host.close();
  });
  return {
    workspaceDir,
    outsideDir,
    facts: {
      ...host.facts,
      canaryPath,
      canaryHead: canary.slice(0, 10),
      canaryRest: canary.slice(10),
      outsideDir,
      holder: process.pid,
      victims: victims.map((victim) => victim.pid),
    },
    hits: host.hits,
    victimsAlive: () => victims.every((victim) => victim.isAlive()),
  };
}

async function openListeners(workspaceDir: string) {
  let hits = 0;
  const name = `orket-${randomBytes(6).toString("hex")}`;
  const unixPath = join(workspaceDir, "s.sock");
  const listen = async (where: object): Promise<Server> => {
    const server = createServer((socket) => {
      hits += 1;
      socket.on("error", () => undefined);
      socket.end("hello");
    });
    server.listen(where);
    await once(server, "listening");
    return server;
  };
  const tcp = await listen({ host: "127.0.0.1", port: 0 });
  const servers = [
    tcp,
    await listen({ path: unixPath, readableAll: true, writableAll: true }),
    await listen({ path: `\0${name}` }),
  ];
  const udp = createSocket("udp4").on("message", (_, from) => {
    hits += 1;
    udp.send("hello", from.port, from.address);
  });
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  return {
    facts: {
      tcpPort: (tcp.address() as AddressInfo).port,
      udpPort: udp.address().port,
      unixName: "s.sock",
      abstractName: name,
    },
    hits: () => hits,
    close: () => {
      for (const server of servers) server.close();
      udp.close();
    },
  };
}

async function startVictim(canary: string, uid: number | null) {
  const other = uid !== null && process.getuid?.() === 0 ? { uid, gid: uid } : {};
  const child = spawn("sleep", ["600"], {
    env: { PATH: "/usr/bin:/bin", ORKET_TEST_CANARY: canary },
    stdio: "ignore",
    ...other,
  });
  await once(child, "spawn");
  const isAlive = (): boolean => /^State:\s+[SRD]/m.test(statusOf(child.pid ?? 0));
  return { pid: child.pid ?? 0, end: () => child.kill("SIGKILL"), isAlive };
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

/** Processes of the host with this mark on their command line, the walls' own ones included. */
export const survivorsOf = (mark: string): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
      } catch {
        return false;
      }
    });
