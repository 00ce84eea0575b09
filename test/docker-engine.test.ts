// The engine that the sandbox tests run on: it leaves nothing on the machine, however it ends.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stopEngine } from "../scripts/docker-engine.ts";
import { buildBusyboxImage, useDockerEngine } from "./support/docker-engine.ts";
import { tempFolder } from "./support/temp-folder.ts";

const SCRIPT = fileURLToPath(new URL("../scripts/docker-engine.ts", import.meta.url));
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const before = existsSync(FORWARDING) ? readFileSync(FORWARDING, "utf8") : "";
const engine = await useDockerEngine();
const { skip } = engine;

const processesOf = (folder: string): readonly string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return /^\d+$/.test(pid) && Number(pid) !== process.pid && text.includes(folder);
    } catch {
      return false;
    }
  });

const mountsOf = (folder: string): boolean =>
  readFileSync("/proc/self/mounts", "utf8").includes(folder);

test(
  "an engine that is killed with a container in it leaves no process, mount, bridge or file",
  { skip },
  async () => {
    const image = buildBusyboxImage(engine);
    const network = engine.docker("network", "create", "left-behind");
    engine.docker("run", "--detach", "--network", "left-behind", image, "sleep", "600");
    const bridge = `/sys/class/net/br-${network.slice(0, 12)}`;
    assert.ok(existsSync(bridge) && mountsOf(engine.folder));
    process.kill(Number(readFileSync(join(engine.folder, "pid"), "utf8")), "SIGKILL");
    await stopEngine(engine.folder);
    await stopEngine(engine.folder);
    assert.deepEqual(processesOf(engine.folder), []);
    assert.deepEqual(
      [existsSync(bridge), mountsOf(engine.folder), existsSync(engine.folder)],
      [false, false, false],
    );
    assert.equal(readFileSync(FORWARDING, "utf8"), before);
  },
);

test("the script starts one that outlives it, and stops it twice", { skip }, async (context) => {
  const folder = join(await tempFolder(context), "engine");
  context.after(async () => stopEngine(folder));
  const script = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  const line = script("start", folder);
  const host = /DOCKER_HOST=(\S+)/.exec(line)?.[1] ?? "";
  const config = /DOCKER_CONFIG=(\S+)/.exec(line)?.[1] ?? "";
  const docker = (...args: readonly string[]): string =>
    execFileSync("docker", ["-H", host, "--config", config, ...args], { encoding: "utf8" });
  assert.match(docker("info", "--format", "{{.ServerVersion}}"), /^\d+\./);
  assert.match(docker("compose", "version", "--short"), /^v?[2-9]/);
  script("stop", folder);
  script("stop", folder);
  assert.deepEqual([existsSync(folder), processesOf(folder)], [false, []]);
});
