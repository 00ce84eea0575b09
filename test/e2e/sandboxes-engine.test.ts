// `orket sandboxes` as processes on a real container engine, with one small image that the test makes itself: from the first
// deployment to the last port, and what is left by a kill, a broken build, a taken port and a stack that is not allowed.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { stringify } from "yaml";
import type { SandboxView } from "../../src/app/sandboxes/view.ts";
import { buildBusyboxImage, useDockerEngine } from "../support/docker-engine.ts";
import { runOrket, startOrket } from "../support/orket.ts";
import { approve, epicFile, makeProject, say, write } from "../support/project.ts";

const docker = await useDockerEngine();
const { skip } = docker;
const IMAGE = skip === false ? buildBusyboxImage(docker) : "";
const SERVE = { image: IMAGE, pull: "never", ports: { api: 8000 }, tmpfs: { "/tmp": 4 } };
const ID = "sandbox-build-work";

async function openProject(
  context: TestContext,
  service: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = { "notes.md": "One.\n" },
) {
  const writes = Object.entries(files).map(([path, text]) => write(path, text));
  const cards = { api: { coder: [...writes, say("Done.")], guard: [approve] } };
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }], {
      params: { stack: { services: { api: service } } },
    }),
    "script.yaml": stringify({ version: 1, cards }),
  });
  const env = { DOCKER_HOST: docker.env.DOCKER_HOST, DOCKER_CONFIG: docker.env.DOCKER_CONFIG };
  const setting = { cwd: project.dir, env };
  const orket = async (...args: readonly string[]) => runOrket(args, setting);
  context.after(async () => {
    await orket("sandboxes", "stop", ID);
    await project.remove();
  });
  const ran = await orket("run", "work");
  assert.equal(ran.code, 0, ran.out + ran.err);
  return {
    orket,
    start: (...args: readonly string[]) => startOrket(args, setting),
    listed: async () => {
      const list = JSON.parse((await orket("sandboxes", "--json")).out) as {
        sandboxes: SandboxView[];
        orphans: string[];
      };
      return { ...list, one: list.sandboxes.find(({ id }) => id === ID) };
    },
  };
}

const containers = (): string =>
  docker.docker(
    "ps",
    "--all",
    "--quiet",
    "--filter",
    `label=com.docker.compose.project=orket-${ID}`,
  );

const listenOn = async (context: TestContext, port: number): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
};

test(
  "R-57 a sandbox answers at its address, is seen by every later process, and gives its ports back",
  { skip },
  async (context) => {
    const { orket, listed } = await openProject(context, SERVE);
    const up = await orket("sandboxes", "up", "api");
    assert.equal(up.code, 0, up.err);
    const { one } = await listed();
    assert.deepEqual([one?.state, one?.build, one?.stack], ["running", "build-work", "own"]);
    const url = one?.urls["api"] ?? "";
    assert.ok(up.out.includes(url));
    assert.equal(await (await fetch(`${url}/`)).text(), "hello\n");
    const health = await orket("sandboxes", "health", ID);
    assert.deepEqual([health.code, /healthy/.test(health.out)], [0, true]);
    assert.equal((await orket("sandboxes", "logs", ID, "--service", "api")).code, 0);
    assert.equal((await orket("sandboxes", "logs", ID, "--service", "db")).code, 2);
    const again = await orket("sandboxes", "up", "build-work", "--json");
    assert.equal(
      (JSON.parse(again.out) as { sandbox: SandboxView }).sandbox.createdAt,
      one?.createdAt,
    );
    const stopped = await orket("sandboxes", "stop", "build-work");
    assert.equal(stopped.code, 0, stopped.err);
    assert.equal(containers(), "");
    await listenOn(context, Number(new URL(url).port));
    assert.deepEqual((await listed()).sandboxes, []);
  },
);

test("R-55 a port that another program listens on is left to it", { skip }, async (context) => {
  const { orket, listed } = await openProject(context, SERVE);
  await orket("sandboxes", "up", "work");
  const first = Number(new URL((await listed()).one?.urls["api"] ?? "").port);
  await orket("sandboxes", "stop", ID);
  await listenOn(context, first);
  const up = await orket("sandboxes", "up", "work");
  assert.equal(up.code, 0, up.err);
  const { one } = await listed();
  assert.ok(Number(new URL(one?.urls["api"] ?? "").port) > first);
});

test("R-57 what the engine lost has failed, and comes up again", { skip }, async (context) => {
  const { orket, listed } = await openProject(context, SERVE);
  assert.equal((await orket("sandboxes", "up", "work")).code, 0);
  docker.docker("rm", "--force", ...containers().split("\n"));
  const health = await orket("sandboxes", "health", ID);
  assert.equal(health.code, 1);
  const again = await orket("sandboxes", "up", "work");
  assert.equal(again.code, 0, again.err);
  assert.equal((await listed()).one?.state, "running");
});

test(
  "R-57 after a kill -9 in the middle of a deployment the next command takes down what was left",
  { skip },
  async (context) => {
    const never = {
      ...SERVE,
      health: { argv: ["/bin/false"], interval: 5, timeout: 5, retries: 10 },
    };
    const { start, listed } = await openProject(context, never);
    const up = start("sandboxes", "up", "work");
    const end = up.ended;
    while (containers() === "") await new Promise((resolve) => setTimeout(resolve, 50));
    up.signal("SIGKILL");
    await end;
    const { one } = await listed();
    assert.deepEqual(
      [one?.state, one?.reason],
      ["failed", "The process that worked on it was lost."],
    );
    assert.equal(containers(), "");
  },
);

test("R-54 a build that fails says why, and nothing of it is left", { skip }, async (context) => {
  const { image: _image, pull: _pull, ...built } = SERVE;
  const service = { ...built, build: { context: ".", dockerfile: "Dockerfile" } };
  const files = { Dockerfile: `FROM ${IMAGE}\nRUN echo no-such-part && exit 3\n` };
  const { orket, listed } = await openProject(context, service, files);
  const up = await orket("sandboxes", "up", "work");
  assert.equal(up.code, 1, up.err);
  assert.match(up.err, /SANDBOX_FAILED[^]*no-such-part/);
  const { one } = await listed();
  assert.equal(one?.state, "failed");
  assert.equal(containers(), "");
});

test(
  "R-56 a key that is not allowed is refused before anything is allocated",
  { skip },
  async (context) => {
    const { orket, listed } = await openProject(context, { ...SERVE, privileged: true });
    const up = await orket("sandboxes", "up", "work");
    assert.equal(up.code, 3);
    assert.match(up.err, /privileged/);
    assert.deepEqual((await listed()).sandboxes, []);
    assert.equal(containers(), "");
  },
);
