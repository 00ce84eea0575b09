// Sandboxes as use cases, on a real store with an engine in memory that can fail, hang and lose what it had.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { sandboxUrlOf } from "../../src/app/sandboxes/address.ts";
import { deploySandbox } from "../../src/app/sandboxes/deploy.ts";
import { sandboxHealth } from "../../src/app/sandboxes/health.ts";
import { keepOnce } from "../../src/app/sandboxes/keep.ts";
import { sandboxLogs } from "../../src/app/sandboxes/logs.ts";
import { listSandboxes, recoverSandboxes, removeOrphan } from "../../src/app/sandboxes/recover.ts";
import { stopSandbox } from "../../src/app/sandboxes/stop.ts";
import type { Json } from "../../src/domain/json.ts";
import { PORT_BLOCKS_MAX, portBlock } from "../../src/domain/sandbox-ports.ts";
import { createMemorySandboxes } from "../support/memory-sandboxes.ts";
import { createMovedClock, DAY_MS } from "../support/moved-clock.ts";
import { openProject } from "../support/open-project.ts";
import { simpleScript } from "../support/project.ts";

const OWN = {
  services: { api: { image: "busybox:1.36.1", command: ["serve"], ports: { api: 8000 } } },
};
const NEVER = new AbortController().signal;
const BUILD = "build-work";
const ID = "sandbox-build-work";

async function openBuild(context: TestContext, more: { readonly stack?: Json } = {}) {
  const clock = createMovedClock();
  const sandbox = createMemorySandboxes();
  const stack = more.stack === undefined ? OWN : more.stack;
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    epic: stack === null ? {} : { params: { stack } },
    script: simpleScript(["api"]),
    options: { replace: { clock, sandbox } },
  });
  assert.equal((await opened.run({ card: "work" })).status, "done");
  const assets = await opened.engine.assets.load();
  assert.ok(assets.ok);
  const { organization } = assets.value;
  const { engine } = opened;
  const gone = new Set<string>();
  const isOwnerGone = (owner: string): boolean => gone.has(owner);
  const actor = "human:me";
  return {
    ...opened,
    clock,
    sandbox,
    gone,
    isOwnerGone,
    up: async (
      asked: {
        readonly build?: string;
        readonly stack?: Json;
        readonly signal?: AbortSignal;
        readonly owner?: string;
      } = {},
    ) => {
      const { build = BUILD, stack: named = null, signal = NEVER, owner } = asked;
      const settings = owner === undefined ? engine.settings : { ...engine.settings, owner };
      const request = { build, stack: named, organization, actor, isOwnerGone };
      return deploySandbox({ ...engine, settings }, request, signal);
    },
    stop: async (id = ID, signal = NEVER) =>
      stopSandbox(engine, { id, actor, isOwnerGone }, signal),
    stored: async (id = ID) => engine.store.read(async ({ sandboxes }) => sandboxes.get(id)),
    told: async () =>
      (await engine.store.read(async ({ events }) => events.list({ build: BUILD, limit: 10_000 })))
        .filter(({ type }) => type.startsWith("sandbox-"))
        .map(({ type }) => type.slice("sandbox-".length)),
  };
}
type Opened = Awaited<ReturnType<typeof openBuild>>;

const codeOf = (result: { readonly ok: boolean; readonly error?: { readonly code: string } }) =>
  result.ok ? "ok" : result.error?.code;

const copyBuild = async ({ engine }: Opened, id: string): Promise<void> =>
  engine.store.transaction(async ({ runs }) => {
    const build = await runs.build(BUILD);
    assert.ok(build);
    await runs.saveBuild({ ...build, id });
  });

test("R-54 a sandbox comes up, is found by its id, stops, and its id and ports are used again", async (context) => {
  const opened = await openBuild(context);
  const up = await opened.up();
  assert.ok(up.ok, JSON.stringify(up));
  const { id, state, block, urls, services, owner, deployer } = up.value;
  assert.deepEqual([id, state, block, services, owner], [ID, "running", 1, ["api"], null]);
  assert.deepEqual(urls, { api: "http://127.0.0.1:8001" });
  assert.equal(deployer, opened.engine.settings.owner);
  assert.equal((await opened.stored())?.deployer, null);
  const stopped = await opened.stop();
  assert.ok(stopped.ok && stopped.value.state === "deleted" && stopped.value.block === null);
  assert.equal(opened.sandbox.there.size, 0);
  assert.equal(codeOf(await opened.stop()), "SANDBOX_UNKNOWN");
  const again = await opened.up();
  assert.ok(again.ok && again.value.block === 1 && again.value.epoch > up.value.epoch);
  const story = ["created", "deployed", "stopping", "deleted", "created", "deployed"];
  assert.deepEqual(await opened.told(), story);
});

test("R-58 a stack comes from the request, then the epic, then the organization; none and no sources are said", async (context) => {
  const opened = await openBuild(context, { stack: null });
  assert.equal(codeOf(await opened.up()), "SANDBOX_INVALID");
  assert.equal(codeOf(await opened.up({ stack: "ruby-on-rails" })), "SANDBOX_INVALID");
  const forbidden = { services: { api: { image: "busybox:1.36.1", privileged: true } } };
  assert.equal(codeOf(await opened.up({ stack: forbidden })), "SANDBOX_INVALID");
  assert.equal(codeOf(await opened.up({ build: "build-none" })), "CARD_UNKNOWN");
  await copyBuild(opened, "build-empty");
  const empty = await opened.up({ build: "build-empty", stack: "node-react-postgres" });
  assert.ok(!empty.ok && /no sources/.test(empty.error.message));
  assert.deepEqual(opened.sandbox.calls, []);
  assert.equal(await opened.stored(), null);
  assert.deepEqual(await opened.told(), []);
  const asked = await opened.up({ stack: OWN });
  assert.ok(asked.ok && asked.value.stack === "own" && asked.value.sources === null);
});

test("without an engine a deployment is refused before anything is allocated", async (context) => {
  const opened = await openBuild(context);
  opened.sandbox.plan.engineIsGone = true;
  assert.equal(codeOf(await opened.up()), "ENGINE_UNAVAILABLE");
  assert.equal(await opened.stored(), null);
  opened.sandbox.plan.engineIsGone = false;
  await opened.up();
  opened.sandbox.plan.engineIsGone = true;
  assert.equal(codeOf(await opened.stop()), "ENGINE_UNAVAILABLE");
  assert.equal((await opened.stored())?.state, "running");
  const listed = await listSandboxes(opened.engine, NEVER);
  assert.equal(listed.sandboxes.length, 1);
  assert.match(listed.engine ?? "", /Start Docker/);
});

test("R-54 a creation that fails is taken down, gives its ports back, and stays listed with its reason", async (context) => {
  const opened = await openBuild(context, { stack: "fastapi-react-postgres" });
  opened.sandbox.plan.ups = ["fails", "throws"];
  opened.sandbox.plan.leaks = true;
  const failed = await opened.up();
  assert.ok(!failed.ok && failed.error.code === "SANDBOX_FAILED");
  const stored = await opened.stored();
  assert.deepEqual([stored?.state, stored?.block, stored?.deployer], ["failed", null, null]);
  // It printed its secrets.
  assert.match(stored?.reason ?? "", /api exited with 1: \[secret\]/);
  assert.equal(opened.sandbox.there.size, 0);
  assert.deepEqual(await opened.told(), ["created", "failed", "ports-changed"]);
  assert.match(codeOf(await opened.up()) ?? "", /SANDBOX_FAILED/);
  const third = await opened.up();
  assert.ok(third.ok && third.value.block === 1 && third.value.reason === null);
});

test("R-54 what could not be taken down keeps its ports, stays failed, and can be stopped again", async (context) => {
  const opened = await openBuild(context);
  await opened.up();
  opened.sandbox.plan.downFails = true;
  assert.equal(codeOf(await opened.stop()), "SANDBOX_FAILED");
  const stored = await opened.stored();
  assert.deepEqual([stored?.state, stored?.block, stored?.owner], ["failed", 1, null]);
  assert.equal(codeOf(await opened.stop()), "SANDBOX_FAILED");
  opened.sandbox.plan.downFails = false;
  assert.ok((await opened.stop()).ok);
  assert.equal((await opened.stored())?.block, null);
});

test("R-55 the lowest block is taken whose every port is free, and the next when the engine loses one", async (context) => {
  const opened = await openBuild(context);
  opened.sandbox.taken.add(portBlock(1).mongo);
  opened.sandbox.plan.ups = ["port-taken", "well"];
  const up = await opened.up();
  assert.ok(up.ok, JSON.stringify(up));
  assert.deepEqual([up.value.block, up.value.urls], [3, { api: "http://127.0.0.1:8003" }]);
  assert.equal(opened.sandbox.there.size, 1);
  for (let n = 1; n <= PORT_BLOCKS_MAX; n += 1) opened.sandbox.taken.add(portBlock(n).api);
  await copyBuild(opened, "build-other");
  const none = await opened.up({ build: "build-other", stack: OWN });
  assert.equal(codeOf(none), "PORTS_EXHAUSTED");
  assert.equal(await opened.stored("sandbox-build-other"), null);
});

test("R-55 many deployments at once never share a block", async (context) => {
  const opened = await openBuild(context);
  const builds = Array.from({ length: 8 }, (_, place) => `build-${place}x`);
  for (const build of builds) await copyBuild(opened, build);
  const ups = await Promise.all(builds.map(async (build) => opened.up({ build, stack: OWN })));
  const blocks = ups.map((up) => (up.ok ? up.value.block : up.error.message));
  assert.deepEqual(new Set(blocks), new Set([1, 2, 3, 4, 5, 6, 7, 8]));
});

test("a second deployment of one build is refused while the first goes on, and gives the same one after it", async (context) => {
  const opened = await openBuild(context);
  const both = await Promise.all([opened.up(), opened.up()]);
  assert.deepEqual(new Set(both.map(codeOf)), new Set(["SANDBOX_STATE", "ok"]));
  const third = await opened.up();
  assert.ok(third.ok);
  assert.equal(opened.sandbox.calls.filter((one) => one.startsWith("up")).length, 1);
});

test("a sandbox of older sources is replaced, one of these is used again", async (context) => {
  const opened = await openBuild(context, { stack: "node-react-postgres" });
  const first = await opened.up();
  assert.ok(first.ok && first.value.sources !== null);
  assert.equal((await opened.up()).ok, true);
  const workspace = await opened.engine.workspaces.open(BUILD);
  await workspace.write("src/more.ts", "export const two = 2;\n");
  const commit = { card: "api", seat: "coder", turn: "t", run: "r" };
  await workspace.commit({ paths: ["src/more.ts"], subject: "more", ...commit });
  const second = await opened.up();
  assert.ok(second.ok && second.value.sources !== first.value.sources);
  assert.equal(opened.sandbox.calls.filter((one) => one.startsWith("up")).length, 2);
});

test("a stop ends a deployment that hangs, and only then takes down what it made", async (context) => {
  const opened = await openBuild(context);
  opened.sandbox.plan.ups = ["hangs"];
  const hanging = opened.up({ owner: "other:1" });
  while (!opened.sandbox.calls.includes(`up ${ID}`)) await opened.clock.sleep(5);
  const stopped = await opened.stop();
  assert.ok(stopped.ok, JSON.stringify(stopped));
  assert.equal(codeOf(await hanging), "SANDBOX_STATE");
  const order = opened.sandbox.calls.filter((one) => /^(up|aborted|down)/.test(one));
  assert.deepEqual(order, [`up ${ID}`, `aborted ${ID}`, `down ${ID}`]);
  assert.equal((await opened.stored())?.state, "deleted");
});

test("an abort of the caller ends a deployment that hangs, and nothing is left of it", async (context) => {
  const opened = await openBuild(context);
  opened.sandbox.plan.ups = ["hangs"];
  const stop = new AbortController();
  const hanging = opened.up({ signal: stop.signal });
  while (!opened.sandbox.calls.includes(`up ${ID}`)) await opened.clock.sleep(5);
  stop.abort();
  assert.equal((await hanging).ok, false);
  assert.equal(opened.sandbox.there.size, 0);
  assert.equal((await opened.stored())?.block, null);
});

test("R-19 logs are the last hundred lines of all or one known service; another name never reaches the engine", async (context) => {
  const opened = await openBuild(context);
  await opened.up();
  const logs = async (service: string | null, id = ID) =>
    sandboxLogs(opened.engine, { id, service }, NEVER);
  assert.deepEqual(await logs(null), { ok: true, value: "all 100\n" });
  assert.deepEqual(await logs("api"), { ok: true, value: "api 100\n" });
  const before = opened.sandbox.calls.length;
  for (const service of ["db", "--follow", "", "api api", "../api"])
    assert.equal(codeOf(await logs(service)), "SERVICE_UNKNOWN");
  assert.equal(opened.sandbox.calls.length, before);
  assert.equal(codeOf(await logs(null, "sandbox-none")), "SANDBOX_UNKNOWN");
});

const EVERY_MS = 30_000;

test("three checks in a row that go badly make a sandbox unhealthy, and one that goes well heals it", async (context) => {
  const opened = await openBuild(context);
  await opened.up();
  const rounds: string[] = [];
  const round = async () => {
    opened.clock.pass(EVERY_MS);
    await keepOnce(opened.engine, opened.isOwnerGone, NEVER);
    const stored = await opened.stored();
    rounds.push(`${stored?.state} ${stored?.misses}`);
  };
  await round();
  opened.sandbox.plan.health = [];
  for (let miss = 1; miss <= 4; miss += 1) await round();
  const person = await sandboxHealth(opened.engine, ID, NEVER);
  assert.ok(person.ok && !person.value.healthy);
  assert.equal(person.value.illness, "none of its services is there");
  opened.sandbox.plan.health = null;
  await round();
  assert.deepEqual(rounds, [
    "running 0",
    "running 1",
    "running 2",
    "unhealthy 3",
    "unhealthy 3",
    "running 0",
  ]);
  // Two keepers at once count one check.
  opened.sandbox.plan.health = [];
  opened.clock.pass(EVERY_MS);
  await Promise.all([1, 2, 3].map(async () => keepOnce(opened.engine, opened.isOwnerGone, NEVER)));
  assert.equal((await opened.stored())?.misses, 1);
  // Without an engine nothing is known, so nothing is counted.
  opened.sandbox.plan.engineIsGone = true;
  await round();
  assert.equal((await opened.stored())?.misses, 1);
});

test("what nobody used for a day is taken down; a use begins the day anew", async (context) => {
  const opened = await openBuild(context);
  await opened.up();
  opened.clock.pass(DAY_MS - 1000);
  await sandboxLogs(opened.engine, { id: ID, service: null }, NEVER);
  opened.clock.pass(2000);
  await keepOnce(opened.engine, opened.isOwnerGone, NEVER);
  assert.equal((await opened.stored())?.state, "running");
  opened.clock.pass(DAY_MS);
  await keepOnce(opened.engine, opened.isOwnerGone, NEVER);
  assert.equal((await opened.stored())?.state, "deleted");
  assert.equal(opened.sandbox.there.size, 0);
});

test("R-57 after a start what the engine lost is failed and free, and what it has besides is listed, not touched", async (context) => {
  const opened = await openBuild(context);
  const up = await opened.up();
  assert.ok(up.ok);
  const strange = { ...(opened.sandbox.there.get(ID) as never as object), id: "sandbox-strange" };
  opened.sandbox.there.set("sandbox-strange", strange as never);
  opened.sandbox.there.delete(ID);
  const recovered = await recoverSandboxes(opened.engine, opened.isOwnerGone, NEVER);
  assert.deepEqual(recovered, { ok: true, value: 1 });
  const stored = await opened.stored();
  assert.deepEqual([stored?.state, stored?.block], ["failed", null]);
  const listed = await listSandboxes(opened.engine, NEVER);
  assert.deepEqual(
    [listed.orphans, listed.sandboxes.map(({ id }) => id)],
    [["sandbox-strange"], [ID]],
  );
  await keepOnce(opened.engine, opened.isOwnerGone, NEVER);
  assert.ok(opened.sandbox.there.has("sandbox-strange"));
  assert.deepEqual(await removeOrphan(opened.engine, "sandbox-strange", NEVER), {
    ok: true,
    value: true,
  });
  assert.equal(opened.sandbox.there.size, 0);
  assert.deepEqual(await removeOrphan(opened.engine, ID, NEVER), { ok: true, value: false });
});

test("R-57 a creation and a deletion whose process was lost have failed; the creation leaves nothing behind", async (context) => {
  const opened = await openBuild(context);
  opened.sandbox.plan.ups = ["hangs"];
  const lost = new AbortController();
  // Its process dies here: what it would do afterwards finds the sandbox lost.
  const hanging = opened.up({ owner: "other:1", signal: lost.signal });
  while (!opened.sandbox.calls.includes(`up ${ID}`)) await opened.clock.sleep(5);
  assert.deepEqual(await recoverSandboxes(opened.engine, opened.isOwnerGone, NEVER), {
    ok: true,
    value: 0,
  });
  opened.gone.add("other:1");
  assert.deepEqual(await recoverSandboxes(opened.engine, opened.isOwnerGone, NEVER), {
    ok: true,
    value: 1,
  });
  const stored = await opened.stored();
  assert.deepEqual([stored?.state, stored?.block, stored?.deployer], ["failed", null, null]);
  assert.equal(opened.sandbox.there.size, 0);
  assert.equal(codeOf(await hanging), "SANDBOX_STATE");
  assert.equal((await opened.up()).ok, true);
});

test("no secret is in the registry, in an event or in an answer", async (context) => {
  const opened = await openBuild(context, { stack: "fastapi-react-postgres" });
  const up = await opened.up();
  assert.ok(up.ok);
  const secrets = Object.values(opened.sandbox.there.get(ID)?.secrets ?? {});
  assert.ok(
    secrets.length > 1 && secrets.every((one) => Buffer.from(one, "base64url").length >= 32),
  );
  const kept = await opened.engine.store.read(async ({ sandboxes, events }) => [
    await sandboxes.get(ID),
    await events.list({ limit: 10_000 }),
  ]);
  const text = JSON.stringify([kept, up, opened.sandbox.there.get(ID)?.compose]);
  assert.deepEqual(
    secrets.filter((secret) => text.includes(secret)),
    [],
  );
});

const AUTO = {
  "config/organization.yaml": {
    name: "Test",
    vision: "v",
    ethos: "e",
    sandbox: { auto: true },
  },
};

async function openAuto(context: TestContext, more: Readonly<Record<string, unknown>> = {}) {
  const sandbox = createMemorySandboxes();
  const opened = await openProject(context, {
    issues: [{ id: "api" }],
    epic: { params: { stack: OWN } },
    script: simpleScript(["api"]),
    files: { ...AUTO, ...more },
    options: { replace: { sandbox } },
  });
  const alerts = () =>
    opened.events.filter(
      ({ type, data }) => type === "alert-raised" && data["alert"] === "sandbox-failed",
    );
  return { ...opened, sandbox, alerts };
}

test("R-59 an epic that is done is deployed after its last turn, where the organization says so, and once", async (context) => {
  const opened = await openAuto(context);
  const run = await opened.run({ card: "work" });
  assert.equal(run.status, "done", run.detail ?? "");
  const words = opened.events.map(({ type }) => type);
  assert.ok(words.lastIndexOf("turn-finished") < words.indexOf("sandbox-created"));
  assert.ok(words.indexOf("sandbox-deployed") < words.indexOf("run-ended"));
  assert.equal(opened.sandbox.calls.filter((one) => one.startsWith("up")).length, 1);
  assert.deepEqual(opened.alerts(), []);
});

test("R-59 nothing is deployed by itself where the organization does not say so", async (context) => {
  const opened = await openAuto(context, { "config/organization.yaml": null });
  assert.equal((await opened.run({ card: "work" })).status, "done");
  assert.deepEqual(opened.sandbox.calls, []);
});

test("a deployment that fails is an alert on the epic's card, and the run is done all the same", async (context) => {
  for (const how of ["fails", "throws", "gone"] as const) {
    const opened = await openAuto(context);
    if (how === "gone") opened.sandbox.plan.engineIsGone = true;
    else opened.sandbox.plan.ups = [how];
    assert.equal((await opened.run({ card: "work" })).status, "done");
    const [alert, ...others] = opened.alerts();
    assert.deepEqual([alert?.card, alert?.build, others], ["work", BUILD, []]);
    const code = how === "gone" ? /ENGINE_UNAVAILABLE/ : /SANDBOX_FAILED/;
    assert.match(JSON.stringify(alert?.data["detail"]), code);
  }
});

test("a cancel of the run ends its deployment, which leaves nothing behind", async (context) => {
  const opened = await openAuto(context);
  opened.sandbox.plan.ups = ["hangs"];
  const running = opened.run({ card: "work" });
  while (!opened.sandbox.calls.includes(`up ${ID}`)) await opened.engine.clock.sleep(5);
  const [run] = await opened.engine.store.read(async ({ runs }) => runs.list({ limit: 1 }));
  assert.ok(run);
  await opened.engine.store.transaction(async ({ runs }) => runs.want(run.id, "cancel"));
  assert.equal((await running).status, "canceled");
  assert.ok(opened.sandbox.calls.includes(`aborted ${ID}`));
  assert.equal(opened.sandbox.there.size, 0);
  const stored = await opened.engine.store.read(async ({ sandboxes }) => sandboxes.get(ID));
  assert.deepEqual([stored?.state, stored?.block], ["failed", null]);
});

test("the address for a verification is that of the api, and none for a sandbox that is not well or shows older work", async (context) => {
  const opened = await openBuild(context, { stack: "node-react-postgres" });
  const ask = async () => sandboxUrlOf(opened.engine, BUILD);
  assert.equal(codeOf(await ask()), "SANDBOX_UNKNOWN");
  await opened.up();
  assert.deepEqual(await ask(), { ok: true, value: "http://127.0.0.1:8001" });
  const { engine } = opened;
  const stored = await opened.stored();
  assert.ok(stored);
  await engine.store.transaction(async ({ sandboxes }) =>
    sandboxes.change(stored, { state: "unhealthy", reason: "api is exited" }),
  );
  const ill = await ask();
  assert.match(ill.ok ? "" : ill.error.message, /unhealthy \(api is exited\). Bring it up/);
  await engine.store.transaction(async ({ sandboxes }) =>
    sandboxes.change(stored, { state: "running", reason: null }),
  );
  const workspace = await engine.workspaces.open(BUILD);
  await workspace.write("src/more.ts", "export const two = 2;\n");
  const commit = { card: "api", seat: "coder", turn: "t", run: "r" };
  await workspace.commit({ paths: ["src/more.ts"], subject: "more", ...commit });
  assert.equal(codeOf(await ask()), "SANDBOX_STATE");
});

test("R-59 a card whose verification asks over HTTP waits for its deployment after its turn and before anything else of it", async (context) => {
  const scenario = { id: "health", input_data: { endpoint: "/health" } };
  const sandbox = createMemorySandboxes();
  sandbox.plan.ups = ["fails"];
  const opened = await openProject(context, {
    issues: [{ id: "api", verification: { scenarios: [scenario] } }, { id: "web" }],
    epic: { params: { stack: OWN } },
    script: simpleScript(["api", "web"]),
    files: AUTO,
    options: { settings: { concurrency: 1 }, replace: { sandbox } },
  });
  await opened.run({ card: "work" });
  const ofCard = opened.events.filter(({ card }) => card === "api").map(({ type }) => type);
  const [alert] = opened.events.filter(({ data }) => data["alert"] === "sandbox-failed");
  assert.equal(alert?.card, "api");
  // The failure comes right after the work; what the verification lacks then is told by its own rule.
  const after = ofCard.slice(ofCard.lastIndexOf("turn-finished") + 1);
  assert.ok(after.includes("alert-raised"), ofCard.join(" "));
  // Once for each state of the work: another card may have committed meanwhile.
  const ups = sandbox.calls.filter((one) => one.startsWith("up")).length;
  assert.ok(ups >= 1 && ups <= 2, `${ups} deployments`);
  const web = await opened.engine.store.read(async ({ cards }) => cards.find("web"));
  assert.equal(web?.status, "done");
});
