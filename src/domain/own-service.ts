// Reads one service of a project's own stack. It has no field for a right, a device, a namespace, a socket, a file of
// variables or a port of the host: what cannot be said need not be refused.
import type { Json } from "./json.ts";
import type { Place, Rule } from "./own-fields.ts";
import {
  at,
  found,
  IMAGE_NAME,
  INNER_PATH,
  NAME,
  PULL,
  readCount,
  readFields,
  readList,
  readNumber,
  readTable,
  readText,
  SOURCE_PATH,
  TEXT,
  USER,
} from "./own-fields.ts";
import { hideShapes } from "./secret-shapes.ts";
import { PORT_ROLES } from "./sandbox-ports.ts";
import type { HealthCheck, StackService } from "./stack.ts";

const FIELDS = [
  "image",
  "pull",
  "build",
  "command",
  "entrypoint",
  "working_dir",
  "user",
  "environment",
  "ports",
  "volumes",
  "sources",
  "tmpfs",
  "after",
  "health",
  "memory_mb",
  "cpus",
  "pids",
] as const;

type Fields = Readonly<Partial<Record<(typeof FIELDS)[number], Json>>>;

const VARIABLE: Rule = {
  is: (name) => /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name),
  expected: "a name of a variable",
};
/** A secret written down in a plan is none any more; databases of an own stack live on the inner network alone. */
const NO_SECRET: Rule = {
  is: (text) => hideShapes(text, "") === text,
  expected: "nothing that looks like a secret",
};
const ROLE: Rule = {
  is: (role) => (PORT_ROLES as readonly string[]).includes(role),
  expected: `one of ${PORT_ROLES.join(", ")}`,
};

const STOP_SEC = 5;

export function readService(value: Json | undefined, place: Place): StackService {
  const fields = readFields(value, place, FIELDS);
  return {
    from: readOrigin(fields, place),
    ...(fields.command !== undefined && {
      command: readArgv(fields.command, at(place, "command")),
    }),
    ...(fields.entrypoint !== undefined && {
      entrypoint: readArgv(fields.entrypoint, at(place, "entrypoint")),
    }),
    ...(fields.working_dir !== undefined && {
      workingDir: readText(fields.working_dir, at(place, "working_dir"), INNER_PATH),
    }),
    ...(fields.user !== undefined && { user: readText(fields.user, at(place, "user"), USER) }),
    environment: readTable(fields.environment, at(place, "environment"), {
      key: VARIABLE,
      read: (text, here) => readText(text, here, NO_SECRET),
    }),
    secrets: [],
    ports: readTable(fields.ports, at(place, "ports"), {
      key: ROLE,
      read: (port, here) => readRequired(port, here, { from: 1, to: 65_535, usual: 1 }),
    }),
    ...readPlaces(fields, place),
    temporaryPrograms: false,
    after: readList(fields.after, at(place, "after"), NAME),
    health: fields.health === undefined ? null : readHealth(fields.health, at(place, "health")),
    capabilities: [],
    limits: {
      memoryMiB: readCount(fields.memory_mb, at(place, "memory_mb"), MEMORY_MIB),
      cpus: readNumber(fields.cpus, at(place, "cpus"), { from: 0.1, to: 2, usual: 1 }),
      pids: readCount(fields.pids, at(place, "pids"), { from: 8, to: 512, usual: 128 }),
    },
    stopSec: STOP_SEC,
  };
}

const MEMORY_MIB = { from: 16, to: 2048, usual: 256 };
const TEMPORARY_MIB = { from: 1, to: 512, usual: 16 };

const readArgv = (value: Json, place: Place): readonly string[] => readList(value, place, TEXT);

const readRequired: typeof readCount = (value, place, bounds) =>
  readCount(value ?? null, place, bounds);

function readOrigin({ image, build, pull }: Fields, place: Place): StackService["from"] {
  if ((image === undefined) === (build === undefined)) {
    const both = image === undefined ? "neither" : "both";
    place.problems.push({ path: place.path, found: both, expected: "either image or build" });
  }
  if (build === undefined) {
    const word = pull === undefined ? "missing" : readText(pull, at(place, "pull"), PULL);
    const name = image === undefined ? "" : readText(image, at(place, "image"), IMAGE_NAME);
    return { image: name, pull: word === "never" ? "never" : "missing" };
  }
  if (pull !== undefined)
    place.problems.push({
      path: at(place, "pull").path,
      found: found(pull),
      expected: "none beside build",
    });
  const here = at(place, "build");
  const { context, dockerfile } = readFields(build, here, ["context", "dockerfile"]);
  return {
    context: readText(context ?? ".", at(here, "context"), SOURCE_PATH),
    dockerfile: readText(dockerfile ?? "Dockerfile", at(here, "dockerfile"), SOURCE_PATH),
    // An agent may have written the Dockerfile.
    network: false,
  };
}

/** `volumes`: path inside → name; `sources`: path inside → path below the sources; `tmpfs`: path inside → MiB. */
function readPlaces(
  { volumes, sources, tmpfs }: Fields,
  place: Place,
): Pick<StackService, "volumes" | "sources" | "temporary"> {
  const places = {
    volumes: readTable(volumes, at(place, "volumes"), {
      key: INNER_PATH,
      read: (name, here) => readText(name, here, NAME),
    }),
    sources: readTable(sources, at(place, "sources"), {
      key: INNER_PATH,
      read: (path, here) => readText(path, here, SOURCE_PATH),
    }),
    temporary: readTable(tmpfs, at(place, "tmpfs"), {
      key: INNER_PATH,
      read: (size, here) => readRequired(size, here, TEMPORARY_MIB),
    }),
  };
  const paths = Object.values(places).flatMap((table) => Object.keys(table));
  for (const path of paths.filter((one, index) => paths.indexOf(one) !== index))
    place.problems.push({
      path: place.path,
      found: found(path),
      expected: "one thing at each path",
    });
  return places;
}

function readHealth(value: Json, place: Place): HealthCheck {
  const fields = readFields(value, place, ["argv", "interval", "timeout", "retries", "start"]);
  return {
    argv: readList(fields.argv ?? null, at(place, "argv"), TEXT),
    intervalSec: readCount(fields.interval, at(place, "interval"), { from: 1, to: 60, usual: 5 }),
    timeoutSec: readCount(fields.timeout, at(place, "timeout"), { from: 1, to: 60, usual: 5 }),
    retries: readCount(fields.retries, at(place, "retries"), { from: 1, to: 60, usual: 5 }),
    startSec: readCount(fields.start, at(place, "start"), { from: 0, to: 600, usual: 5 }),
  };
}
