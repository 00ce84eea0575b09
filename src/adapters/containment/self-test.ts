// Tries to get out of the box before anything is trusted to it: real escapes, run inside. Whatever works makes the box
// count as absent.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import type { ContainedCommand, Containment } from "../../ports/containment.ts";

export type SelfTestDeps = {
  readonly box: Pick<Containment, "run">;
  /** A folder of ours that others cannot read; the canary and the workspace are made below it. */
  readonly scratchDir: string;
  readonly secret: string;
};

const LIMITS: ContainedCommand["limits"] = {
  wallMs: 10_000,
  cpuSec: 5,
  memoryMiB: 256,
  processesMax: 64,
  outputBytesMax: 64 * 1024,
  fileMiB: 1,
  diskMiB: 16,
  temporaryMiB: 16,
};

/** Node is what is there for certain. What it prints is the list of walls that did not hold. */
const ATTEMPTS = `
const fs = require("node:fs");
const net = require("node:net");
const { spawnSync } = require("node:child_process");
const { argv, env } = process;
const [canary, port, secret] = argv.slice(1);
const open = [];
const tries = (name, act) => { try { if (act() !== false) open.push(name); } catch {} };
tries("read a file outside", () => fs.readFileSync(canary));
tries("write to /etc", () => fs.writeFileSync("/etc/orket-escape", ""));
tries("write to /usr", () => fs.writeFileSync("/usr/orket-escape", ""));
tries("see the environment", () => {
  const hit = (file) => { try { return fs.readFileSync(file, "latin1").includes(secret); } catch { return false; } };
  const pids = fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  const usual = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "PWD", "ORKET_RESULT_FD"];
  // An image brings variables of its own.
  const others = env.ORKET_RESULT_FILE ? [] : Object.keys(env).filter((name) => !usual.includes(name));
  return Object.values(env).includes(secret) || others.length > 0 || pids.some((pid) => hit("/proc/" + pid + "/environ"));
});
tries("see processes outside", () => fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).length > 32);
tries("make a user namespace", () => spawnSync("unshare", ["--user", "true"]).status === 0);
// Node can make neither of the two; Perl is part of every Debian. Without it they rest on the filter that is tried below.
const works = (program, code) => spawnSync(program, ["-e", code]).status === 7;
tries("make a vsock socket", () => works("perl", "exit(socket(S, 40, 1, 0) ? 7 : 0)"));
tries("send datagrams to a path", () => works("perl", "exit(socketpair(A, B, 1, 2, 0) ? 7 : 0)"));
tries("use a descriptor of outside", () => fs.readdirSync("/proc/self/fd").some((name) => {
  try {
    const path = "/proc/self/fd/" + name;
    return fs.statSync(path).isDirectory() && !fs.readlinkSync(path).startsWith("/proc/");
  } catch { return false; }
}));
let missing = null;
try { fs.writeFileSync("/ws/written", "x"); } catch { missing = "cannot write to the workspace"; }
const reach = (options) => new Promise((resolve) => {
  const socket = net.connect(options);
  const end = (reached) => { socket.destroy(); resolve(reached); };
  socket.once("connect", () => end(true));
  socket.once("error", (error) => end(error.code === "ENOENT" || error.code === "ECONNREFUSED" ? "made" : false));
  setTimeout(() => end(false), 1000).unref();
});
(async () => {
  if ((await reach({ host: "127.0.0.1", port: Number(port) })) === true) open.push("reach a port of the host");
  // That there is no such path, or nobody listens, is told only to who got a socket.
  if (await reach({ path: "/ws/no-such-socket" })) open.push("make a unix socket");
  const said = JSON.stringify({ open, missing });
  if (env.ORKET_RESULT_FILE) fs.writeFileSync(env.ORKET_RESULT_FILE, said);
  else fs.writeSync(Number(env.ORKET_RESULT_FD), said);
})();
`;

/** What is wrong with the box; null when every wall held. */
export async function selfTest(deps: SelfTestDeps): Promise<string | null> {
  mkdirSync(deps.scratchDir, { recursive: true, mode: 0o700 });
  const dir = mkdtempSync(join(deps.scratchDir, "self-test-"));
  const server = createServer((socket) => socket.destroy());
  // Somebody outside with a secret in the environment.
  const neighbour = spawn("/bin/sleep", ["60"], { env: { CANARY: deps.secret }, stdio: "ignore" });
  neighbour.on("error", () => {});
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return await tryIn(deps, dir, server);
  } finally {
    neighbour.kill("SIGKILL");
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function tryIn(
  { box, secret }: SelfTestDeps,
  dir: string,
  server: Server,
): Promise<string | null> {
  const workspaceDir = join(dir, "workspace");
  const canary = join(dir, "canary");
  mkdirSync(workspaceDir);
  writeFileSync(canary, secret);
  const { port } = server.address() as AddressInfo;
  const command: ContainedCommand = {
    argv: ["node", "--eval", ATTEMPTS, canary, String(port), secret],
    workspaceDir,
    workspace: "writable",
    cwd: ".",
    env: {},
    stdin: "",
    folders: {},
    network: false,
    resultBytesMax: 4096,
    limits: LIMITS,
  };
  const ran = await box.run(command, AbortSignal.timeout(LIMITS.wallMs));
  if (!ran.ok) return ran.error.message;
  const { ended, exitCode, stderr, result } = ran.value;
  if (ended !== "exited" || exitCode !== 0)
    return `it does not run a program (${ended}): ${stderr.head.trim()}`;
  return judge(result) ?? checkWritten(join(workspaceDir, "written"));
}

function judge(result: string): string | null {
  try {
    const said = JSON.parse(result) as {
      readonly open?: readonly string[];
      readonly missing?: string | null;
    };
    if (said.open === undefined) return "its answer says nothing";
    if (said.open.length > 0) return `from inside one can ${said.open.join(", ")}`;
    return said.missing == null ? null : `from inside one ${said.missing}`;
  } catch {
    return "its answer did not come through";
  }
}

function checkWritten(path: string): string | null {
  try {
    return readFileSync(path, "utf8") === "x" ? null : "what was written inside is not there";
  } catch {
    return "what was written inside is not there";
  }
}
