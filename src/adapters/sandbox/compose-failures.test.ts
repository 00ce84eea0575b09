// What goes wrong with sandboxes on a real Docker engine: builds, ports, services, kills, aborts, and the engine itself.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildBusyboxImage, useDockerEngine } from "../../../test/support/docker-engine.ts";
import {
  deploymentOf,
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
const PROCESS = fileURLToPath(new URL("../../../test/support/compose-process.ts", import.meta.url));

const looksLike = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((wake) => setTimeout(wake, 20));
};

const containersOf = (id: string): string =>
  engine.docker("ps", "-aq", "--filter", `label=com.docker.compose.project=orket-${id}`);

test("a build that fails gives the end of its output", { skip }, async (context) => {
  const { sandboxes } = await makeSandboxScene(context, engine);
  const sourceDir = await tempFolder(context);
  const files = {
    Dockerfile: `FROM ${image}\nRUN echo the-step-$((40 + 2)) && exit 7\n`,
  };
  const build = { context: "./sources", dockerfile: "../files/Dockerfile", network: "none" };
  const id = "sandbox-unbuilt";
  const compose = projectText({
    app: { ...shellService(image, "sleep 9"), image: undefined, pull_policy: "build", build },
  });
  const up = await sandboxes.up(deploymentOf(id, compose, { sourceDir, files }), never());
  assert.ok(!up.ok);
  assert.equal(up.error.code, "SANDBOX_FAILED");
  assert.match(up.error.message, /the-step-42/);
  assert.ok((await sandboxes.down(id, never())).ok);
});

test("R-55 a port that another program holds is told as such", { skip }, async (context) => {
  const { sandboxes } = await makeSandboxScene(context, engine);
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  context.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const up = await sandboxes.up(
    deploymentOf("sandbox-port", projectText({ web: webService(image, port) })),
    never(),
  );
  assert.ok(!up.ok);
  assert.deepEqual(
    [up.error.code, up.error.details["port"]],
    ["PORT_TAKEN", port],
    up.error.message,
  );
  assert.equal(await sandboxes.isPortFree(port), false);
});

test(
  "a service that is unhealthy or ends at once is named, with its last words and without its secrets",
  { skip },
  async (context) => {
    const { sandboxes } = await makeSandboxScene(context, engine);
    const sick = {
      ...shellService(image, "echo sick-words; sleep 600"),
      healthcheck: { test: ["CMD", "false"], interval: "1s", timeout: "1s", retries: 1 },
    };
    const unhealthy = await sandboxes.up(
      deploymentOf("sandbox-sick", projectText({ sick, fine: shellService(image, "sleep 600") })),
      never(),
    );
    assert.ok(!unhealthy.ok);
    assert.equal(unhealthy.error.code, "SANDBOX_FAILED");
    assert.deepEqual(unhealthy.error.details["services"], ["sick"], unhealthy.error.message);
    assert.match(unhealthy.error.message, /sick: unhealthy[\s\S]*sick-words/);

    const gone = {
      ...shellService(image, "echo last words with $$(cat /run/secrets/key); exit 3"),
      user: "0:0",
      secrets: ["key"],
    };
    const secrets = { key: "q7Zx-canary-9981-Lmno" };
    const compose = projectText({ gone }, { secrets: { key: { file: "./secrets/key" } } });
    const exited = await sandboxes.up(deploymentOf("sandbox-gone", compose, { secrets }), never());
    assert.ok(!exited.ok);
    assert.match(
      exited.error.message,
      /gone: exited, exit code 3[\s\S]*last words with \[redacted\]/,
    );
    assert.ok(!JSON.stringify(exited.error).includes(secrets.key));
    const logs = await sandboxes.logs({ id: "sandbox-gone", service: "other", lines: 5 }, never());
    assert.equal(!logs.ok && logs.error.code, "SERVICE_UNKNOWN");
  },
);

test(
  "R-57 what a killed Orket left in the middle of up is listed, and goes whole",
  { skip, timeout: 60_000 },
  async (context) => {
    const { sandboxes, stateDir } = await makeSandboxScene(context, engine);
    const id = "sandbox-killed";
    const late = shellService(image, "sleep 600");
    const slow = { ...late, healthcheck: { test: ["CMD", "false"], interval: "1s", retries: 500 } };
    const compose = projectText({
      slow,
      late: { ...late, depends_on: { slow: { condition: "service_healthy" } } },
    });
    const deployment = JSON.stringify(deploymentOf(id, compose));
    const child = spawn(process.execPath, [
      PROCESS,
      stateDir,
      deployment,
      JSON.stringify(engine.env),
    ]);
    await looksLike(() => containersOf(id) !== "");
    child.kill("SIGKILL");
    await once(child, "close");
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [id] });
    assert.deepEqual(await sandboxes.down(id, never()), { ok: true, value: null });
    assert.deepEqual(await sandboxes.list(never()), { ok: true, value: [] });
    assert.deepEqual(readdirSync(join(stateDir, "sandboxes")), []);
    assert.deepEqual(composesOf(id), []);
  },
);

const composesOf = (id: string): readonly string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.includes(`orket-${id}`);
    } catch {
      return false;
    }
  });

test(
  "an abort ends up at once, and down takes the rest",
  { skip, timeout: 60_000 },
  async (context) => {
    const { sandboxes } = await makeSandboxScene(context, engine);
    const id = "sandbox-aborted";
    const slow = {
      ...shellService(image, "sleep 600"),
      healthcheck: { test: ["CMD", "false"], interval: "1s", retries: 500 },
    };
    const abort = new AbortController();
    const working = sandboxes.up(deploymentOf(id, projectText({ slow })), abort.signal);
    await looksLike(() => containersOf(id) !== "");
    abort.abort();
    const up = await working;
    assert.equal(!up.ok && up.error.code, "SANDBOX_FAILED");
    assert.match(up.ok ? "" : up.error.message, /stopped before it was up/);
    assert.ok((await sandboxes.down(id, never())).ok);
    assert.equal(containersOf(id), "");
    const early = await sandboxes.up(deploymentOf(id, projectText({ slow })), AbortSignal.abort());
    assert.equal(early.ok, false);
  },
);

test("sources over the caps start nothing", { skip }, async (context) => {
  const { sandboxes } = await makeSandboxScene(context, engine, { filesMax: 10, bytesMax: 1000 });
  const sourceDir = await tempFolder(context);
  writeFileSync(join(sourceDir, "large"), "x".repeat(1001));
  const compose = projectText({ app: shellService(image, "sleep 9") });
  const up = await sandboxes.up(deploymentOf("sandbox-large", compose, { sourceDir }), never());
  assert.match(up.ok ? "" : up.error.message, /larger than 1000 bytes/);
  assert.equal(containersOf("sandbox-large"), "");
});

test(
  "R-56 nonsense as id, file, secret or compose text is refused before anything is touched",
  { skip },
  async (context) => {
    const { sandboxes, stateDir } = await makeSandboxScene(context, engine);
    const compose = projectText({ app: shellService(image, "sleep 9") });
    const codeOf = async (id: string, change: object): Promise<string> => {
      const up = await sandboxes.up(deploymentOf(id, compose, change), never());
      return up.ok ? "ok" : up.error.code;
    };
    for (const id of ["sandbox-../x", "other", "sandbox-", "sandbox-A", "sandbox-x\0", "--help"]) {
      assert.equal(await codeOf(id, {}), "SANDBOX_INVALID", id);
      const down = await sandboxes.down(id, never());
      assert.equal(!down.ok && down.error.code, "SANDBOX_INVALID", id);
    }
    for (const path of ["../x", "/x", "a/../../x", "", "a/"])
      assert.equal(await codeOf("sandbox-x", { files: { [path]: "" } }), "SANDBOX_INVALID", path);
    for (const name of ["../x", "", ".", "a/b"])
      assert.equal(
        await codeOf("sandbox-x", { secrets: { [name]: "s" } }),
        "SANDBOX_INVALID",
        name,
      );
    assert.equal(existsSync(join(stateDir, "sandboxes", "sandbox-x")), false);
    assert.equal(await codeOf("sandbox-x", { compose: "{ not: [yaml" }), "SANDBOX_FAILED");
    assert.equal(await codeOf("sandbox-x", { compose: "" }), "SANDBOX_FAILED");
  },
);

test("without docker, or with an older compose, each answer is ENGINE_UNAVAILABLE and says the way out", async (context) => {
  const stateDir = await tempFolder(context);
  const bin = await tempFolder(context);
  const empty = await tempFolder(context);
  symlinkSync("/bin/sh", join(bin, "sh"));
  // Answers like docker does where the plugin is missing, and like one with Compose v1.
  const script = (compose: string): string =>
    `#!/bin/sh\ncase "$1" in compose) ${compose};; *) echo 20.10.24;; esac\n`;
  const cases: readonly (readonly [path: string, compose: string, message: RegExp])[] = [
    [empty, "", /Install Docker Engine/],
    [
      bin,
      "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1",
      /docker-compose v1 is not used/,
    ],
    [bin, "echo 1.29.2", /docker-compose v1 is not used/],
    [bin, "echo", /docker-compose v1 is not used/],
  ];
  for (const [path, compose, message] of cases) {
    if (path === bin) writeFileSync(join(bin, "docker"), script(compose), { mode: 0o755 });
    const env = { PATH: path };
    const sandboxes = createComposeSandboxes({ stateDir, processes: createProcesses(), env });
    const id = "sandbox-none";
    const answers = [
      await sandboxes.probe(never()),
      await sandboxes.up(deploymentOf(id, "services: {}"), never()),
      await sandboxes.down(id, never()),
      await sandboxes.list(never()),
      ...(path === empty
        ? [
            await sandboxes.health(id, never()),
            await sandboxes.logs({ id, service: null, lines: 1 }, never()),
          ]
        : []),
    ];
    for (const answer of answers) {
      assert.ok(!answer.ok);
      assert.equal(answer.error.code, "ENGINE_UNAVAILABLE");
      assert.match(answer.error.message, message);
    }
  }
  assert.equal(existsSync(join(stateDir, "sandboxes")), false);
});

// The last one: it ends the engine of this file.
test(
  "an engine that dies in the middle is told as such",
  { skip, timeout: 60_000 },
  async (context) => {
    const stateDir = await tempFolder(context);
    mkdirSync(join(stateDir, "sandboxes"));
    const sandboxes = createComposeSandboxes({
      stateDir,
      processes: createProcesses(),
      env: engine.env,
    });
    const id = "sandbox-orphan";
    const slow = {
      ...shellService(image, "sleep 600"),
      healthcheck: { test: ["CMD", "false"], interval: "1s", retries: 500 },
    };
    const working = sandboxes.up(deploymentOf(id, projectText({ slow })), never());
    await looksLike(() => containersOf(id) !== "");
    process.kill(Number(readFileSync(join(engine.folder, "pid"), "utf8")), "SIGKILL");
    const up = await working;
    assert.equal(!up.ok && up.error.code, "ENGINE_UNAVAILABLE", JSON.stringify(up));
    const answers = [
      await sandboxes.health(id, never()),
      await sandboxes.logs({ id, service: null, lines: 1 }, never()),
      await sandboxes.list(never()),
      await sandboxes.down(id, never()),
    ];
    for (const answer of answers)
      assert.equal(!answer.ok && answer.error.code, "ENGINE_UNAVAILABLE");
  },
);
