// The life of a sandbox on a real Docker engine: up, seen, heard, taken down.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildBusyboxImage, useDockerEngine } from "../../../test/support/docker-engine.ts";
import {
  deploymentOf,
  freePort,
  makeSandboxScene,
  never,
  projectText,
  shellService,
  webService,
} from "../../../test/support/sandbox-scene.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createProcesses } from "../process/spawn.ts";
import { createComposeSandboxes } from "./compose.ts";

const engine = await useDockerEngine();
const { skip } = engine;
const image = skip === false ? buildBusyboxImage(engine) : "";

test(
  "a sandbox comes up healthy, is heard, and goes without a trace",
  { skip },
  async (context) => {
    const { sandboxes, stateDir } = await makeSandboxScene(context, engine);
    const port = await freePort();
    const compose = projectText({
      web: webService(image, port),
      talker: shellService(image, "echo first; echo second; sleep 600"),
    });
    const id = "sandbox-shop";
    assert.deepEqual(await sandboxes.up(deploymentOf(id, compose), never()), {
      ok: true,
      value: null,
    });
    assert.deepEqual(await sandboxes.health(id, never()), {
      ok: true,
      value: [
        { service: "talker", state: "running", health: null, exitCode: null },
        { service: "web", state: "running", health: "healthy", exitCode: null },
      ],
    });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "hello\n");
    assert.equal(await sandboxes.isPortFree(port), false);
    const all = await sandboxes.logs({ id, service: null, lines: 100 }, never());
    assert.ok(all.ok && all.value.includes("second"), JSON.stringify(all));
    const one = await sandboxes.logs({ id, service: "talker", lines: 1 }, never());
    assert.ok(one.ok && one.value.includes("second") && !one.value.includes("first"));
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [id] });

    assert.deepEqual(await sandboxes.down(id, never()), { ok: true, value: null });
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [] });
    assert.equal(await sandboxes.isPortFree(port), true);
    assert.equal(existsSync(join(stateDir, "sandboxes", id)), false);
    assert.deepEqual(await sandboxes.health(id, never()), { ok: true, value: [] });
    assert.deepEqual(await sandboxes.down(id, never()), { ok: true, value: null });
  },
);

test(
  "R-56 a secret is a file alone: in no environment, on no command line, in no log and no folder others read",
  {
    skip,
  },
  async (context) => {
    const { sandboxes, stateDir } = await makeSandboxScene(context, engine);
    const id = "sandbox-secret";
    const secret = "c4nary-Secret-value-0123456789abcdef";
    const service = {
      ...shellService(image, "cat /run/secrets/password; echo; sleep 600"),
      user: "0:0",
      secrets: ["password"],
    };
    const compose = projectText(
      { db: service },
      { secrets: { password: { file: "./secrets/password" } } },
    );
    const seen: string[] = [];
    const looking = new AbortController();
    const look = watchProcesses(looking.signal, seen);
    const up = await sandboxes.up(
      deploymentOf(id, compose, { secrets: { password: secret } }),
      never(),
    );
    looking.abort();
    await look;
    assert.ok(up.ok, JSON.stringify(up));
    assert.ok(seen.some((text) => text.includes(`orket-${id}`)));
    assert.deepEqual(
      seen.filter((text) => text.includes(secret)),
      [],
    );
    const container = engine.docker(
      "ps",
      "-q",
      "--filter",
      `label=com.docker.compose.project=orket-${id}`,
    );
    assert.ok(!engine.docker("inspect", container).includes(secret));
    // The service did print it.
    assert.ok(engine.docker("logs", container).includes(secret));
    const logs = await sandboxes.logs({ id, service: "db", lines: 10 }, never());
    assert.ok(logs.ok && !logs.value.includes(secret) && logs.value.includes("[redacted]"));
    const folder = join(stateDir, "sandboxes", id);
    const modes = ["", "secrets", "secrets/password"].map((name) =>
      (statSync(join(folder, name)).mode & 0o777).toString(8),
    );
    assert.deepEqual(modes, ["700", "700", "600"]);
  },
);

/** Command lines and environments of the whole machine, as often as it goes. */
async function watchProcesses(signal: AbortSignal, seen: string[]): Promise<void> {
  while (!signal.aborted) {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      for (const file of ["cmdline", "environ"]) {
        try {
          const text = readFileSync(`/proc/${pid}/${file}`, "utf8");
          if (text.includes("docker") && !seen.includes(text)) seen.push(text);
        } catch {
          // It ended meanwhile.
        }
      }
    }
    await new Promise((wake) => setImmediate(wake));
  }
}

test("R-56 no variable of the machine and no .env takes part", { skip }, async (context) => {
  const stateDir = await tempFolder(context);
  const sandboxes = createComposeSandboxes({
    stateDir,
    processes: createProcesses(),
    env: { ...engine.env, LEAK: "leaked", COMPOSE_PROFILES: "extra" } as typeof engine.env,
  });
  const id = "sandbox-clean";
  context.after(async () => sandboxes.down(id, never()));
  const sourceDir = await tempFolder(context);
  writeFileSync(join(sourceDir, ".env"), "LEAK=leaked");
  const compose = projectText({
    one: shellService(image, "echo [${LEAK:-nothing}] [$$HOME]; sleep 600"),
    two: { ...shellService(image, "sleep 600"), profiles: ["extra"] },
  });
  const up = await sandboxes.up(deploymentOf(id, compose, { sourceDir }), never());
  assert.ok(up.ok, JSON.stringify(up));
  const logs = await sandboxes.logs({ id, service: null, lines: 10 }, never());
  assert.ok(logs.ok && logs.value.includes("[nothing]"), JSON.stringify(logs));
  const health = await sandboxes.health(id, never());
  assert.deepEqual(health.ok && health.value.map(({ service }) => service), ["one"]);
});

test(
  "R-56 a service is behind walls, seen from the engine and from inside",
  { skip },
  async (context) => {
    const { sandboxes } = await makeSandboxScene(context, engine);
    const id = "sandbox-walls";
    const up = await sandboxes.up(
      deploymentOf(id, projectText({ app: shellService(image, "sleep 600") })),
      never(),
    );
    assert.ok(up.ok, JSON.stringify(up));
    const label = `label=com.docker.compose.project=orket-${id}`;
    const container = engine.docker("ps", "-q", "--filter", label);
    const [{ HostConfig: walls }] = JSON.parse(engine.docker("inspect", container));
    assert.deepEqual(
      [
        walls.ReadonlyRootfs,
        walls.CapDrop,
        walls.SecurityOpt,
        walls.PidsLimit,
        walls.Memory,
        walls.MemorySwap,
        walls.Init,
      ],
      [true, ["ALL"], ["no-new-privileges:true"], 64, 64 * 1024 ** 2, 64 * 1024 ** 2, true],
    );
    const inside = (script: string): string =>
      engine.docker("exec", container, "sh", "-c", `${script}; true`);
    assert.match(
      inside("grep -E 'CapEff|NoNewPrivs' /proc/1/status"),
      /CapEff:\s0+\nNoNewPrivs:\s1/,
    );
    assert.match(inside("touch /x 2>&1"), /Read-only file system/);
    // What the host itself listens on at its bridge stays in reach; docs/container-engines.md says so.
    const network = engine.docker("network", "inspect", `orket-${id}_inner`);
    assert.match(network, /"Internal": true/);
    for (const address of ["1.1.1.1 443", "8.8.8.8 53"])
      assert.match(inside(`nc -w 2 ${address} < /dev/null 2>&1 || echo closed`), /closed/, address);
    assert.match(
      inside("(i=0; while [ $i -lt 100 ]; do sleep 5 > /dev/null 2>&1 & i=$((i+1)); done) 2>&1"),
      /fork/,
    );
  },
);

test(
  "R-54 two sandboxes come up at once, and one goes without the other",
  { skip },
  async (context) => {
    const { sandboxes } = await makeSandboxScene(context, engine);
    const ports = [await freePort(), await freePort()];
    const ids = ["sandbox-a", "sandbox-a-b"];
    const ups = await Promise.all(
      ids.map(async (id, place) => {
        const compose = projectText({ web: webService(image, ports[place] ?? 0) });
        return sandboxes.up(deploymentOf(id, compose), never());
      }),
    );
    assert.deepEqual(
      ups.map(({ ok }) => ok),
      [true, true],
      JSON.stringify(ups),
    );
    assert.ok((await sandboxes.down("sandbox-a", never())).ok);
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: ["sandbox-a-b"] });
    assert.equal(await (await fetch(`http://127.0.0.1:${ports[1]}/`)).text(), "hello\n");
  },
);

test(
  "R-54 an image is built of the sources, and is gone with its sandbox; the id can be used again",
  { skip },
  async (context) => {
    const { sandboxes } = await makeSandboxScene(context, engine);
    const sourceDir = await tempFolder(context);
    writeFileSync(join(sourceDir, "index.html"), "built");
    writeFileSync(
      join(sourceDir, "compose.yaml"),
      "services: { evil: { image: x, privileged: true } }",
    );
    const id = "sandbox-built";
    const port = await freePort();
    const compose = projectText({
      web: {
        ...webService(image, port),
        image: undefined,
        pull_policy: "build",
        build: { context: "./sources", dockerfile: "../files/web/Dockerfile", network: "none" },
      },
    });
    const dockerfile = `FROM ${image}\nCOPY . /www/\nCMD ["httpd", "-f", "-p", "8000", "-h", "/www"]\n`;
    for (const text of ["built", "built again"]) {
      writeFileSync(join(sourceDir, "index.html"), text);
      const up = await sandboxes.up(
        deploymentOf(id, compose, { sourceDir, files: { "web/Dockerfile": dockerfile } }),
        never(),
      );
      assert.ok(up.ok, JSON.stringify(up));
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), text);
      assert.equal((await fetch(`http://127.0.0.1:${port}/compose.yaml`)).status, 404);
      assert.ok((await sandboxes.down(id, never())).ok);
      assert.doesNotMatch(engine.docker("images", "--all"), /orket-sandbox-built/);
    }
  },
);
