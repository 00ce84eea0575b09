// Makes the compose file of a stack. The walls are put around every service here, in one place, whatever the stack says.
import type { PortBlock, PortRole } from "./sandbox-ports.ts";
import { PORT_ROLES } from "./sandbox-ports.ts";
import type { Json, JsonObject } from "./json.ts";
import type { PublishedPort, SandboxPlan, Stack, StackService } from "./stack.ts";

type Place = { readonly id: string; readonly block: PortBlock };

/**
 * JSON is YAML too, and has no anchors, tags or merge keys. Every `$` of the stack is doubled: compose would put variables of
 * its own environment there.
 */
export function renderStack(stack: Stack, { id, block }: Place): SandboxPlan {
  const services = Object.entries(stack.services);
  const ports = services.flatMap(([service, { ports: own }]) =>
    publishedPorts(service, own, block),
  );
  const secretNames = namesIn(services.flatMap(([, { secrets }]) => secrets));
  const volumes = namesIn(services.flatMap(([, service]) => Object.values(service.volumes)));
  const model = {
    name: `orket-${id}`,
    services: Object.fromEntries(
      services.map(([name, service]) => [name, composeService(stack, block)(service)]),
    ),
    networks: {
      // No way out, and none in.
      inner: { internal: true },
      ...(ports.length > 0 && { edge: EDGE }),
    },
    ...(volumes.length > 0 && { volumes: Object.fromEntries(volumes.map((name) => [name, {}])) }),
    ...(secretNames.length > 0 && {
      secrets: Object.fromEntries(secretNames.map((name) => [name, { file: `./secrets/${name}` }])),
    }),
  };
  return {
    compose: `${JSON.stringify(literal(model as JsonObject), null, 2)}\n`,
    files: stack.files,
    services: services.map(([name]) => name),
    ports,
    urls: Object.fromEntries(
      ports
        .filter(({ role }) => SPEAKS_HTTP.has(role))
        .map(({ role, port }) => [role, `http://127.0.0.1:${port}`]),
    ),
    secretNames,
    needsSources: services.some(
      ([, { from, sources }]) => "context" in from || Object.keys(sources).length > 0,
    ),
    waitMs: stack.waitMs,
  };
}

const SPEAKS_HTTP: ReadonlySet<PortRole> = new Set(["api", "frontend", "admin"]);

/**
 * An engine publishes no port of an internal network, so what is published has a second one. Nothing behind it answers to an
 * address of a container (no masquerade), and its members do not reach one another through it.
 */
const EDGE = {
  driver: "bridge",
  driver_opts: {
    "com.docker.network.bridge.enable_ip_masquerade": "false",
    "com.docker.network.bridge.enable_icc": "false",
  },
};

const namesIn = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

const publishedPorts = (
  service: string,
  own: StackService["ports"],
  block: PortBlock,
): readonly PublishedPort[] =>
  PORT_ROLES.filter((role) => own[role] !== undefined).map((role) => ({
    role,
    service,
    port: block[role],
  }));

const composeService =
  (stack: Stack, block: PortBlock) =>
  (service: StackService): object => ({
    ...originOf(service),
    ...(service.command && { command: service.command }),
    ...(service.entrypoint && { entrypoint: service.entrypoint }),
    ...(service.workingDir !== undefined && { working_dir: service.workingDir }),
    ...(service.user !== undefined && { user: service.user }),
    ...(filled(service.environment) && { environment: service.environment }),
    ...(service.secrets.length > 0 && { secrets: service.secrets }),
    ...placesOf(service),
    ...(service.after.length > 0 && { depends_on: startOrder(service, stack) }),
    ...(service.health !== null && { healthcheck: healthOf(service.health) }),
    ...edgesOf(service, block),
    ...wallsOf(service),
  });

const filled = (map: object): boolean => Object.keys(map).length > 0;

function originOf({ from }: StackService): object {
  if ("image" in from) return { image: from.image, pull_policy: from.pull };
  const context = from.context === "." ? "./sources" : `./sources/${from.context}`;
  return {
    build: {
      context,
      dockerfile: from.dockerfile,
      ...(!from.network && { network: "none" }),
    },
    pull_policy: "build",
  };
}

function placesOf({ volumes, sources, temporary, temporaryPrograms }: StackService): object {
  const mounts = [
    ...Object.entries(volumes).map(([target, source]) => ({ type: "volume", source, target })),
    ...Object.entries(sources).map(([target, path]) => ({
      type: "bind",
      source: path === "." ? "./sources" : `./sources/${path}`,
      target,
      read_only: true,
      bind: { create_host_path: false },
    })),
  ];
  return {
    ...(mounts.length > 0 && { volumes: mounts }),
    ...(filled(temporary) && {
      tmpfs: Object.entries(temporary).map(
        ([path, sizeMiB]) =>
          `${path}:size=${sizeMiB}m,mode=1777,nosuid,nodev${temporaryPrograms ? ",exec" : ",noexec"}`,
      ),
    }),
  };
}

const startOrder = ({ after }: StackService, { services }: Stack): object =>
  Object.fromEntries(
    Object.entries(services)
      .filter(([name]) => after.includes(name))
      .map(([name, { health }]) => [
        name,
        { condition: health === null ? "service_started" : "service_healthy" },
      ]),
  );

const healthOf = ({
  argv,
  intervalSec,
  timeoutSec,
  retries,
  startSec,
}: NonNullable<StackService["health"]>): object => ({
  test: ["CMD", ...argv],
  interval: `${intervalSec}s`,
  timeout: `${timeoutSec}s`,
  retries,
  start_period: `${startSec}s`,
});

function edgesOf({ ports }: StackService, block: PortBlock): object {
  const published = PORT_ROLES.flatMap((role) => {
    const inside = ports[role];
    return inside === undefined ? [] : [`127.0.0.1:${block[role]}:${inside}`];
  });
  return published.length === 0
    ? { networks: ["inner"] }
    : { networks: ["inner", "edge"], ports: published };
}

const wallsOf = ({ capabilities, limits, stopSec }: StackService): object => ({
  read_only: true,
  cap_drop: ["ALL"],
  ...(capabilities.length > 0 && { cap_add: capabilities }),
  security_opt: ["no-new-privileges:true"],
  pids_limit: limits.pids,
  mem_limit: `${limits.memoryMiB}m`,
  // Equal to the limit of memory: no swap.
  memswap_limit: `${limits.memoryMiB}m`,
  cpus: limits.cpus,
  init: true,
  stop_grace_period: `${stopSec}s`,
  restart: "no",
});

function literal(value: Json): Json {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replaceAll("$", "$$$$"), literal(member)]),
  );
}
