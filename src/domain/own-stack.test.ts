import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json, JsonObject } from "./json.ts";
import type { Finding } from "./own-fields.ts";
import { chooseStack } from "./own-stack.ts";
import { renderStack } from "./render-stack.ts";
import { portBlock } from "./sandbox-ports.ts";

const WEB = { image: "acme/web:1.2.3", ports: { api: 8080 } };

const problemsOf = (services: Json): readonly Finding[] => {
  const chosen = chooseStack([{ services }]);
  assert.ok(!chosen.ok, "it was allowed");
  assert.equal(chosen.error.code, "SANDBOX_INVALID");
  return chosen.error.details["problems"] as readonly Finding[];
};
const pathsOf = (services: Json): readonly string[] => problemsOf(services).map(({ path }) => path);
const withField = (field: JsonObject): Json => ({ web: { ...WEB, ...field } });

test("a single small image is a stack", () => {
  const chosen = chooseStack([{ services: { web: WEB } }]);
  assert.ok(chosen.ok);
  assert.equal(chosen.value.name, null);
  const plan = renderStack(chosen.value, { id: "sandbox-x", block: portBlock(1) });
  assert.deepEqual(plan.ports, [{ role: "api", service: "web", port: 8001 }]);
  assert.deepEqual([plan.needsSources, plan.secretNames, plan.services], [false, [], ["web"]]);
});

test("R-58 the first candidate that says anything is the stack; none, and what is no stack, are refused", () => {
  const named = chooseStack([undefined, null, {}, "csharp-razor-ef", "node-react-postgres"]);
  assert.equal(named.ok && named.value.name, "csharp-razor-ef");
  const table = chooseStack([{ name: "node-react-postgres" }]);
  assert.equal(table.ok && table.value.name, "node-react-postgres");
  const wrong: readonly (Json | undefined)[] = [
    undefined,
    "rails",
    "constructor",
    7,
    ["csharp-razor-ef"],
    { backend: "FastAPI", database: "Postgres" },
    { services: { web: WEB }, name: "x" },
    { name: 7 },
    { services: [] },
    { services: {} },
    { name: null },
    { services: undefined } as unknown as Json,
  ];
  for (const candidate of wrong) {
    const chosen = chooseStack([
      candidate,
      ...(candidate === undefined ? [] : ["csharp-razor-ef"]),
    ]);
    assert.ok(!chosen.ok, JSON.stringify(candidate));
    assert.equal(chosen.error.code, "SANDBOX_INVALID");
  }
});

test("R-56 whatever could open the walls is no field at all", () => {
  const fields: readonly JsonObject[] = [
    { privileged: true },
    { network_mode: "host" },
    { pid: "host" },
    { ipc: "host" },
    { uts: "host" },
    { userns_mode: "host" },
    { cgroup: "host" },
    { cgroup_parent: "/" },
    { cap_add: ["SYS_ADMIN"] },
    { devices: ["/dev/mem"] },
    { device_cgroup_rules: ["a *:* rwm"] },
    { gpus: "all" },
    { runtime: "runc" },
    { security_opt: ["seccomp:unconfined"] },
    { sysctls: { "net.ipv4.ip_forward": 1 } },
    { env_file: "/etc/passwd" },
    { extends: { file: "/x.yaml", service: "y" } },
    { include: ["x.yaml"] },
    { secrets: [{ file: "/etc/shadow" }] },
    { configs: [{ file: "/etc/shadow" }] },
    { volumes_from: ["x"] },
    { read_only: false },
    { extra_hosts: ["x:host-gateway"] },
    { external_links: ["x"] },
    { container_name: "x" },
    { networks: ["edge"] },
    { deploy: { mode: "global" } },
    { labels: { x: "y" } },
    { logging: { driver: "syslog" } },
    { restart: "always" },
    { healthcheck: { test: "true" } },
    { "<<": { privileged: true } },
    { provider: { type: "x" } },
    { post_start: [{ command: "x", privileged: true }] },
    { develop: {} },
    { credential_spec: { file: "x" } },
  ];
  for (const field of fields)
    assert.deepEqual(pathsOf(withField(field)), [`$.services.web.${Object.keys(field).join()}`]);
});

test("R-56 allowed fields hold only what they are for", () => {
  const cases: readonly (readonly [field: JsonObject, path: string])[] = [
    [{ image: "acme/web" }, "image"],
    [{ image: "acme/web:latest" }, "image"],
    [{ image: "acme/web:stable" }, "image"],
    [{ image: "acme/web:1.0 --privileged" }, "image"],
    [{ image: 7 }, "image"],
    [{ pull: "always" }, "pull"],
    [{ command: "echo hello" }, "command"],
    [{ command: [] }, "command"],
    [{ command: ["a\u0000b"] }, "command[0]"],
    [{ command: ["a\u2028b"] }, "command[0]"],
    [{ command: ["x".repeat(5000)] }, "command[0]"],
    [{ command: Array.from({ length: 51 }, () => "x") }, "command"],
    [{ entrypoint: [7] }, "entrypoint[0]"],
    [{ working_dir: "x" }, "working_dir"],
    [{ user: "root" }, "user"],
    [{ user: "0" }, "user"],
    [{ user: "1000:0" }, "user"],
    [{ environment: ["A=b"] }, "environment"],
    [{ environment: { "A B": "c" } }, "environment.A B"],
    [{ environment: { A: 7 } }, "environment.A"],
    [{ environment: { A: "postgres://app:hunter2hunter2@db/app" } }, "environment.A"],
    [{ ports: ["8080:8080"] }, "ports"],
    [{ ports: { web: 80 } }, "ports.web"],
    [{ ports: { api: "0.0.0.0:80:80" } }, "ports.api"],
    [{ ports: { api: 0 } }, "ports.api"],
    [{ ports: { api: 80.5 } }, "ports.api"],
    [{ ports: { api: null } }, "ports.api"],
    [{ volumes: { "/data": "/etc" } }, "volumes./data"],
    [{ volumes: { "/data": "../x" } }, "volumes./data"],
    [{ volumes: { "/data:ro": "data" } }, "volumes./data:ro"],
    [{ volumes: ["/:/host"] }, "volumes"],
    [{ sources: { "/srv": "/etc" } }, "sources./srv"],
    [{ sources: { "/srv": "a/../../x" } }, "sources./srv"],
    [{ sources: { "/srv": "~/x" } }, "sources./srv"],
    [{ sources: { "/srv": "a//b" } }, "sources./srv"],
    [{ sources: { "/proc/1": "x" } }, "sources./proc/1"],
    [{ sources: { "/var/run/docker.sock": "x" } }, "sources./var/run/docker.sock"],
    [{ sources: { "/": "x" } }, "sources./"],
    [{ tmpfs: { "/run,exec": 4 } }, "tmpfs./run,exec"],
    [{ tmpfs: { "/run": 4096 } }, "tmpfs./run"],
    [{ tmpfs: { "/run/secrets/x": 4 } }, "tmpfs./run/secrets/x"],
    [{ after: ["nobody"] }, "after"],
    [{ after: ["web"] }, "after"],
    [{ health: { argv: "true" } }, "health.argv"],
    [{ health: {} }, "health.argv"],
    [{ health: { argv: ["true"], test: "x" } }, "health.test"],
    [{ health: { argv: ["true"], retries: 0 } }, "health.retries"],
    [{ memory_mb: 4096 }, "memory_mb"],
    [{ memory_mb: "1g" }, "memory_mb"],
    [{ cpus: 64 }, "cpus"],
    [{ pids: -1 }, "pids"],
  ];
  for (const [field, path] of cases)
    assert.deepEqual(pathsOf(withField(field)), [`$.services.web.${path}`], JSON.stringify(field));
});

test("R-56 a build stays below the sources, and takes nothing along", () => {
  const builds: readonly (readonly [build: Json, path: string])[] = [
    [{ context: "/etc" }, "context"],
    [{ context: ".." }, "context"],
    [{ context: "https://example.com/x.git" }, "context"],
    [{ dockerfile: "../files/x" }, "dockerfile"],
    [{ ssh: ["default"] }, "ssh"],
    [{ secrets: ["x"] }, "secrets"],
    [{ additional_contexts: { x: "/" } }, "additional_contexts"],
    [{ args: { A: "b" } }, "args"],
    [{ network: "host" }, "network"],
    [{ privileged: true }, "privileged"],
    [{ dockerfile_inline: "FROM x" }, "dockerfile_inline"],
  ];
  for (const [build, path] of builds)
    assert.deepEqual(pathsOf({ web: { build } }), [`$.services.web.build.${path}`]);
  assert.deepEqual(pathsOf({ web: { build: "." } }), ["$.services.web.build"]);
  assert.deepEqual(pathsOf({ web: { build: {}, image: "a:1" } }), ["$.services.web"]);
  assert.deepEqual(pathsOf({ web: { build: {}, pull: "never" } }), ["$.services.web.pull"]);
  assert.deepEqual(pathsOf({ web: {} }), ["$.services.web"]);
});

test("what services cannot be together is told with them", () => {
  assert.deepEqual(
    pathsOf({ web: { ...WEB, after: ["store"] }, store: { image: "a:1", after: ["web"] } }),
    ["$.services.web.after", "$.services.store.after"],
  );
  assert.deepEqual(pathsOf({ web: WEB, other: WEB }), ["$.services.*.ports.api"]);
  assert.deepEqual(pathsOf(withField({ volumes: { "/data": "data" }, tmpfs: { "/data": 4 } })), [
    "$.services.web",
  ]);
  assert.deepEqual(pathsOf({ Web: WEB }), ["$.services.Web"]);
  assert.deepEqual(pathsOf({ web: 7 }), ["$.services.web", "$.services.web"]);
  const many = Object.fromEntries(
    Array.from({ length: 11 }, (_, n) => [`s${n}`, { image: "a:1" }]),
  );
  assert.deepEqual(pathsOf(many), ["$.services"]);
  const environment = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`A${n}`, ""]));
  assert.deepEqual(pathsOf(withField({ environment })), ["$.services.web.environment"]);
  assert.equal(pathsOf(JSON.parse('{"__proto__": {"image": "a:1"}}')).length, 1);
});

test("every problem is told at once, and a message stays short", () => {
  const service = { image: "x", privileged: true, user: "0", pid: "host", cpus: 9, memory_mb: 1 };
  assert.equal(problemsOf({ web: service }).length, 6);
  const chosen = chooseStack([{ services: { web: service } }]);
  assert.match(chosen.ok ? "" : chosen.error.message, /\$\.services\.web\.pid.*; and 1 more\.$/);
  assert.ok(problemsOf({ web: { image: "y".repeat(9000) } })[0]?.found.length === 43);
});

test("all that is allowed arrives", () => {
  const chosen = chooseStack([
    {
      services: {
        web: {
          build: { context: "site", dockerfile: "docker/Dockerfile" },
          command: ["run", "$HOME"],
          entrypoint: ["/bin/x"],
          working_dir: "/app",
          user: "1000:1000",
          environment: { MODE: "test" },
          ports: { frontend: 80 },
          volumes: { "/data": "data" },
          sources: { "/srv": "." },
          tmpfs: { "/run": 4 },
          after: ["store"],
          health: { argv: ["true"], interval: 1, timeout: 2, retries: 3, start: 0 },
          memory_mb: 64,
          cpus: 0.5,
          pids: 16,
        },
        store: { image: "registry.example:5000/acme/store:1", pull: "never" },
        other: { image: `acme/x@sha256:${"a".repeat(64)}` },
      },
    },
  ]);
  assert.ok(chosen.ok, chosen.ok ? "" : chosen.error.message);
  const { web, store } = chosen.value.services;
  assert.deepEqual(web?.health, {
    argv: ["true"],
    intervalSec: 1,
    timeoutSec: 2,
    retries: 3,
    startSec: 0,
  });
  assert.deepEqual(web?.limits, { memoryMiB: 64, cpus: 0.5, pids: 16 });
  assert.deepEqual(store?.from, { image: "registry.example:5000/acme/store:1", pull: "never" });
});

test("whatever is said, it is refused or stands behind the walls", () => {
  const key = fc.constantFrom(
    ..."image build command environment ports volumes sources tmpfs user health privileged x".split(
      " ",
    ),
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom("a:1", ".", "../x", "/etc", "${X}", "latest", "0"),
    fc.dictionary(fc.constantFrom("api", "/data", "/srv", "A", "context", "argv"), fc.jsonValue()),
  );
  const service = fc.dictionary(key, value).map((fields) => ({ image: "a:1", ...fields }));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("web", "db", "$x"), service), (services) => {
      const chosen = chooseStack([{ services: services as Json }]);
      if (!chosen.ok) return;
      const { compose } = renderStack(chosen.value, { id: "sandbox-x", block: portBlock(1) });
      assert.doesNotMatch(compose, /privileged"|latest|cap_add|network_mode|"\/etc"|\.\.\//);
      assert.doesNotMatch(compose.replaceAll("$$", ""), /\$/);
    }),
    { numRuns: 500 },
  );
});
