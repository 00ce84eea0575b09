import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { chooseStack } from "./own-stack.ts";
import { renderStack } from "./render-stack.ts";
import { portBlock } from "./sandbox-ports.ts";
import type { Stack } from "./stack.ts";
import { STACKS } from "./stacks/templates.ts";

const PLACE = { id: "sandbox-shop", block: portBlock(7) };

const modelOf = (stack: Stack): JsonObject => JSON.parse(renderStack(stack, PLACE).compose);
const table = (value: Json | undefined): JsonObject => {
  assert.ok(isJsonObject(value));
  return value;
};

const own = (services: Json): Stack => {
  const chosen = chooseStack([{ services }]);
  assert.ok(chosen.ok, chosen.ok ? "" : chosen.error.message);
  return chosen.value;
};

const SMALL = own({ web: { image: "busybox:1.36.1", ports: { api: 8080 } } });
const ALL: readonly Stack[] = [...Object.values(STACKS), SMALL];

const ALLOWED: ReadonlySet<string> = new Set([
  ..."image build pull_policy command entrypoint working_dir user environment secrets volumes tmpfs".split(
    " ",
  ),
  ..."depends_on healthcheck networks ports read_only cap_drop cap_add security_opt pids_limit".split(
    " ",
  ),
  ..."mem_limit memswap_limit cpus init stop_grace_period restart".split(" "),
]);

test("every service of every stack stands behind all walls", () => {
  for (const stack of ALL) {
    for (const [name, given] of Object.entries(table(modelOf(stack)["services"]))) {
      const service = table(given);
      const where = `${stack.name}/${name}`;
      for (const key of Object.keys(service)) assert.ok(ALLOWED.has(key), `${where}: ${key}`);
      assert.equal(service["read_only"], true, where);
      assert.deepEqual(service["cap_drop"], ["ALL"], where);
      assert.deepEqual(service["security_opt"], ["no-new-privileges:true"], where);
      assert.equal(service["init"], true, where);
      assert.equal(service["mem_limit"], service["memswap_limit"], where);
      assert.match(service["mem_limit"] as string, /^[0-9]+m$/, where);
      for (const key of ["pids_limit", "cpus"])
        assert.ok(Number(service[key]) > 0, `${where} ${key}`);
      assert.match(service["stop_grace_period"] as string, /^[0-9]+s$/, where);
      assert.ok(["inner", "edge"].some((net) => (service["networks"] as string[]).includes(net)));
    }
  }
});

test("no image is latest, and none is without a version", () => {
  for (const stack of ALL) {
    const { compose, files } = renderStack(stack, PLACE);
    const froms = Object.values(files).flatMap((text) => text.match(/^FROM .*$/gm) ?? []);
    const images = [...compose.matchAll(/"image": "([^"]*)"/g)].map((match) => match[1] ?? "");
    for (const image of [...froms, ...images]) {
      assert.match(image, /:[A-Za-z0-9_.-]*[0-9]\.[0-9][A-Za-z0-9_.-]*$|:2022-CU14-/, image);
      assert.doesNotMatch(image, /latest/);
    }
  }
});

test("R-55 every port is bound on the loopback address, and out of the block alone", () => {
  for (const stack of ALL) {
    const { compose, ports } = renderStack(stack, PLACE);
    const written = [...compose.matchAll(/"([0-9.]+):([0-9]+):([0-9]+)"/g)];
    assert.deepEqual(
      written.map(([, address, port]) => [address, Number(port)]),
      ports.map(({ port }) => ["127.0.0.1", port]),
    );
    for (const { role, port } of ports) assert.equal(port, PLACE.block[role]);
    assert.equal(new Set(ports.map(({ role }) => role)).size, ports.length);
  }
});

test("R-56 secrets are files of their own, and nothing that is rendered holds or wants one in an environment", () => {
  for (const stack of Object.values(STACKS)) {
    const { compose, files, secretNames, urls } = renderStack(stack, PLACE);
    const secrets = table(table(JSON.parse(compose))["secrets"]);
    assert.deepEqual(Object.keys(secrets), secretNames);
    for (const name of secretNames) assert.deepEqual(secrets[name], { file: `./secrets/${name}` });
    for (const { environment } of Object.values(stack.services)) {
      for (const [key, value] of Object.entries(environment))
        assert.ok(!/PASSWORD|SECRET|TOKEN/.test(key) || key.endsWith("_FILE"), `${key}=${value}`);
    }
    assert.doesNotMatch(Object.values(files).join(), /password/i);
    assert.doesNotMatch(Object.values(urls).join(), /@/);
  }
});

test("capabilities are given back only to services that begin as root to read a secret", () => {
  for (const { services } of ALL) {
    for (const { capabilities, secrets, user } of Object.values(services)) {
      if (capabilities.length > 0) assert.ok(secrets.length > 0);
      else if (secrets.length === 0 && user !== undefined) assert.doesNotMatch(user, /^0/);
    }
  }
});

test("no step of a build executes anything after the sources came in", () => {
  for (const [path, text] of Object.values(STACKS).flatMap(({ files }) => Object.entries(files))) {
    if (path.endsWith(".dockerignore")) continue;
    const copied = text.search(/^COPY /m);
    assert.ok(copied > 0, path);
    assert.doesNotMatch(text.slice(copied), /^(?:RUN|ADD|ONBUILD)\b/m, path);
    assert.doesNotMatch(text.slice(0, copied), /requirements\.txt|package-lock/, path);
  }
});

test("a build without files of the template has no network", () => {
  const stack = own({ web: { build: { context: "site" }, ports: { frontend: 80 } } });
  assert.deepEqual(table(table(modelOf(stack)["services"])["web"])["build"], {
    context: "./sources/site",
    dockerfile: "Dockerfile",
    network: "none",
  });
  assert.equal(renderStack(stack, PLACE).needsSources, true);
});

test("what is published has a second network without a way out; the rest stays on the inner one", () => {
  const stack = own({
    web: { image: "busybox:1.36.1", ports: { api: 8080 }, after: ["store"] },
    store: { image: "busybox:1.36.1" },
  });
  const model = modelOf(stack);
  const services = table(model["services"]);
  assert.deepEqual(table(services["web"])["networks"], ["inner", "edge"]);
  assert.deepEqual(table(services["store"])["networks"], ["inner"]);
  assert.deepEqual(table(model["networks"])["inner"], { internal: true });
  const edge = table(table(table(model["networks"])["edge"])["driver_opts"]);
  assert.equal(edge["com.docker.network.bridge.enable_ip_masquerade"], "false");
  assert.deepEqual(
    Object.keys(table(modelOf(own({ store: { image: "busybox:1.36.1" } }))["networks"])),
    ["inner"],
  );
});

test("services wait for the health of those they need, or for their start where there is no check", () => {
  const db = table(table(modelOf(STACKS["fastapi-react-postgres"])["services"])["api"]);
  assert.deepEqual(db["depends_on"], { db: { condition: "service_healthy" } });
  const stack = own({
    web: { image: "busybox:1.36.1", after: ["store"] },
    store: { image: "busybox:1.36.1" },
  });
  assert.deepEqual(table(table(modelOf(stack)["services"])["web"])["depends_on"], {
    store: { condition: "service_started" },
  });
});

test("every dollar is doubled, so compose puts no variable anywhere", () => {
  const stack = own({
    web: {
      image: "busybox:1.36.1",
      command: ["echo", "${HOME}", "$$x"],
      environment: { A: "$PATH" },
    },
  });
  const web = table(table(modelOf(stack)["services"])["web"]);
  assert.deepEqual(web["command"], ["echo", "$${HOME}", "$$$$x"]);
  assert.deepEqual(web["environment"], { A: "$$PATH" });
  for (const each of ALL) {
    const { compose } = renderStack(each, PLACE);
    assert.doesNotMatch(compose.replaceAll("$$", ""), /\$/);
  }
});

test("volumes, sources and temporary folders are mounted as they are named", () => {
  const stack = own({
    web: {
      image: "busybox:1.36.1",
      volumes: { "/data": "data" },
      sources: { "/srv": "site/public", "/all": "." },
      tmpfs: { "/run": 4 },
      working_dir: "/srv",
      entrypoint: ["/bin/x"],
    },
  });
  const web = table(table(modelOf(stack)["services"])["web"]);
  const bound = { read_only: true, bind: { create_host_path: false } };
  assert.deepEqual(web["volumes"], [
    { type: "volume", source: "data", target: "/data" },
    { type: "bind", source: "./sources/site/public", target: "/srv", ...bound },
    { type: "bind", source: "./sources", target: "/all", ...bound },
  ]);
  assert.deepEqual(web["tmpfs"], ["/run:size=4m,mode=1777,nosuid,nodev,noexec"]);
  assert.deepEqual(modelOf(stack)["volumes"], { data: {} });
  assert.deepEqual([web["working_dir"], web["entrypoint"]], ["/srv", ["/bin/x"]]);
});

test("the five stacks have the services and the roles that they are named after", () => {
  const told = Object.fromEntries(
    Object.entries(STACKS).map(([name, stack]) => {
      const { services, ports } = renderStack(stack, PLACE);
      return [
        name,
        [
          [...services].sort().join(),
          ports
            .map(({ role }) => role)
            .sort()
            .join(),
        ],
      ];
    }),
  );
  const postgres = ["api,db,frontend,pgadmin", "admin,api,database,frontend"];
  assert.deepEqual(told, {
    "fastapi-react-postgres": postgres,
    "fastapi-vue-mongo": ["api,frontend,mongo,mongo-express", "admin,api,frontend,mongo"],
    "csharp-razor-ef": ["app,db", "api,database"],
    "node-react-postgres": postgres,
    "django-react-postgres": postgres,
  });
  assert.deepEqual(renderStack(STACKS["csharp-razor-ef"], PLACE).urls, {
    api: "http://127.0.0.1:8007",
  });
  for (const stack of Object.values(STACKS))
    for (const { health } of Object.values(stack.services)) assert.notEqual(health, null);
});
