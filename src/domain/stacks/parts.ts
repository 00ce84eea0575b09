// The services that several stacks have in common. No step of building an image executes anything out of the sources: a build
// installs named packages of exact versions and copies the sources; what is in them runs first inside of the walls.
import type { HealthCheck, StackService } from "../stack.ts";

/** What a service is unless its stack says more: no rights, no secrets, a small part of the machine. */
export const PLAIN: Omit<StackService, "from"> = {
  environment: {},
  secrets: [],
  ports: {},
  volumes: {},
  sources: {},
  temporary: { "/tmp": 64 },
  temporaryPrograms: false,
  after: [],
  health: null,
  capabilities: [],
  limits: { memoryMiB: 512, cpus: 1, pids: 128 },
  stopSec: 5,
};

export const DATABASE_SECRET = "database-password";
export const ADMIN_SECRET = "admin-password";

export const healthCheck = (startSec: number, ...argv: readonly string[]): HealthCheck => ({
  argv,
  intervalSec: 5,
  timeoutSec: 5,
  retries: 12,
  startSec,
});

const NOBODY = "65534";

/**
 * A file of a secret is its owner's alone, so a service begins as root with the one right to read it, and gives up all
 * rights before the first line of the sources is executed. `prepare` is shell with the password in `$password`.
 */
const asNobody = (prepare: string): readonly string[] => [
  "/bin/sh",
  "-c",
  `set -eu
password="$(cat /run/secrets/${DATABASE_SECRET})"
${prepare}
exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --no-new-privs "$@"`,
  "start",
];

/** An API of the sources, built by `files/api/Dockerfile`. */
export const apiService = (
  { prepare, health }: { readonly prepare: string; readonly health: readonly string[] },
  command: readonly string[],
): StackService => ({
  ...PLAIN,
  from: { context: ".", dockerfile: "../files/api/Dockerfile", network: true },
  user: "0:0",
  entrypoint: asNobody(prepare),
  command,
  environment: { HOME: "/tmp", PORT: "8000" },
  secrets: [DATABASE_SECRET],
  ports: { api: 8000 },
  health: healthCheck(20, ...health),
  capabilities: ["DAC_OVERRIDE", "SETUID", "SETGID", "KILL"],
  limits: { memoryMiB: 768, cpus: 1, pids: 128 },
});

/** Isolated (`-I`): the check runs as root, and must not import what the sources call `urllib`. */
export const PYTHON_HEALTH = [
  "python",
  "-I",
  "-c",
  `import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:8000/health", timeout=3)
except urllib.error.HTTPError as answer:
    sys.exit(1 if answer.code >= 500 else 0)`,
];

/** Ends by itself; an error that nobody handles is its failure. */
const answers = (url: string): string =>
  `require("node:http").get("${url}", (answer) => { answer.destroy(); if (answer.statusCode >= 500) throw new Error("unhealthy"); })`;

export const NODE_HEALTH = ["node", "-e", answers("http://127.0.0.1:8000/health")];

export const UVICORN = "uvicorn controllers.main:app --host 0.0.0.0 --port 8000".split(" ");

export const POSTGRES_URL = `export DATABASE_URL="postgresql://app:\${password}@db:5432/app"`;
export const MONGO_URL = `export MONGO_URL="mongodb://app:\${password}@mongo:27017/app?authSource=admin"`;

export const pythonDockerfile = (
  packages: readonly string[],
): string => `FROM python:3.12.8-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN pip install --no-cache-dir --only-binary :all: ${packages.join(" ")}
WORKDIR /app
COPY backend/ /app/
`;

const NODE_IMAGE = "node:22.12.0-bookworm-slim";

export const nodeDockerfile = (
  packages: readonly string[],
  folder: string,
): string => `FROM ${NODE_IMAGE}
WORKDIR /app
RUN npm init -y && npm pkg set type=module && npm install --ignore-scripts --no-audit --no-fund ${packages.join(" ")}
COPY ${folder}/ /app/
`;

/** Beside each Dockerfile: what a build never takes out of the sources. */
export const IGNORED = `**/.git
**/node_modules
**/__pycache__
`;

export const dockerfiles = (
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([service, text]) => [
      [`${service}/Dockerfile`, text],
      [`${service}/Dockerfile.dockerignore`, IGNORED],
    ]),
  );

export const REACT_PACKAGES = [
  "react@18.3.1",
  "react-dom@18.3.1",
  "vite@6.0.11",
  "@vitejs/plugin-react@4.3.4",
];
export const VUE_PACKAGES = ["vue@3.5.13", "vite@6.0.11", "@vitejs/plugin-vue@5.2.1"];

/** Bundled when it starts and not in a build; a configuration in the sources is not read. */
export const viteService = (plugin: string): StackService => ({
  ...PLAIN,
  from: { context: ".", dockerfile: "../files/frontend/Dockerfile", network: true },
  user: `${NOBODY}:${NOBODY}`,
  command: [
    "node",
    "--input-type=module",
    "-e",
    `const load = (name) => import(name);
const { build, preview } = await load("vite");
const { default: plugin } = await load("${plugin}");
const shared = { root: "/app", configFile: false, envFile: false, cacheDir: "/tmp/vite", plugins: [plugin()] };
await build({ ...shared, build: { outDir: "/tmp/dist", emptyOutDir: true } });
const proxy = { "/api": { target: "http://api:8000", changeOrigin: true } };
const server = { host: "0.0.0.0", port: 3000, strictPort: true, proxy };
await preview({ ...shared, build: { outDir: "/tmp/dist" }, preview: server });`,
  ],
  environment: { HOME: "/tmp" },
  ports: { frontend: 3000 },
  temporary: { "/tmp": 256 },
  after: ["api"],
  health: healthCheck(60, "node", "-e", answers("http://127.0.0.1:3000/")),
  limits: { memoryMiB: 1024, cpus: 1, pids: 128 },
});

/** The entrypoint reads the password as root, then becomes `postgres`. */
export const POSTGRES: StackService = {
  ...PLAIN,
  from: { image: "postgres:17.2-bookworm", pull: "missing" },
  environment: {
    POSTGRES_USER: "app",
    POSTGRES_DB: "app",
    POSTGRES_PASSWORD_FILE: `/run/secrets/${DATABASE_SECRET}`,
  },
  secrets: [DATABASE_SECRET],
  ports: { database: 5432 },
  volumes: { "/var/lib/postgresql/data": "data" },
  temporary: { "/tmp": 64, "/var/run/postgresql": 16 },
  // Over TCP: while it sets itself up it listens on a socket only, and goes down once more.
  health: healthCheck(30, "pg_isready", "-h", "127.0.0.1", "-U", "app", "-d", "app"),
  capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"],
  stopSec: 15,
};

/** Its Python carries a file capability and does not even start where the engine has taken that one away. */
export const PGADMIN: StackService = {
  ...PLAIN,
  from: { image: "dpage/pgadmin4:8.14", pull: "missing" },
  user: "0:0",
  entrypoint: [
    "/bin/sh",
    "-c",
    `set -eu
umask 077
cat /run/secrets/${ADMIN_SECRET} > /tmp/admin-password
: > /tmp/config_distro.py
chown pgadmin /tmp/admin-password /tmp/config_distro.py /var/lib/pgadmin
exec su -s /bin/sh pgadmin -c 'exec /entrypoint.sh'`,
  ],
  environment: {
    PGADMIN_DEFAULT_EMAIL: "admin@example.com",
    PGADMIN_DEFAULT_PASSWORD_FILE: "/tmp/admin-password",
    PGADMIN_CUSTOM_CONFIG_DISTRO_FILE: "/tmp/config_distro.py",
    PGADMIN_LISTEN_PORT: "5050",
    PGADMIN_DISABLE_POSTFIX: "true",
    PGADMIN_CONFIG_UPGRADE_CHECK_ENABLED: "False",
  },
  secrets: [ADMIN_SECRET],
  ports: { admin: 5050 },
  volumes: { "/var/lib/pgadmin": "admin" },
  temporary: { "/tmp": 64, "/var/log/pgadmin": 16 },
  after: ["db"],
  health: healthCheck(60, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:5050/misc/ping"),
  capabilities: ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "KILL", "NET_BIND_SERVICE"],
};
