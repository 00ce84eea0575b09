// FastAPI, Vue and MongoDB with Mongo Express.
import type { Stack, StackService } from "../stack.ts";
import {
  ADMIN_SECRET,
  apiService,
  DATABASE_SECRET,
  dockerfiles,
  healthCheck,
  MONGO_URL,
  nodeDockerfile,
  PLAIN,
  PYTHON_HEALTH,
  pythonDockerfile,
  viteService,
  UVICORN,
  VUE_PACKAGES,
} from "./parts.ts";

const FASTAPI = apiService({ prepare: MONGO_URL, health: PYTHON_HEALTH }, UVICORN);

/** Its own entrypoint reads the password after it has given up the rights to; so a copy is made before. */
const MONGO: StackService = {
  ...PLAIN,
  from: { image: "mongo:7.0.15", pull: "missing" },
  user: "0:0",
  entrypoint: [
    "/bin/bash",
    "-c",
    `set -eu
install -o mongodb -m 0400 /run/secrets/${DATABASE_SECRET} /tmp/database-password
exec docker-entrypoint.sh mongod --bind_ip_all`,
  ],
  environment: {
    HOME: "/tmp",
    MONGO_INITDB_ROOT_USERNAME: "app",
    MONGO_INITDB_ROOT_PASSWORD_FILE: "/tmp/database-password",
    MONGO_INITDB_DATABASE: "app",
  },
  secrets: [DATABASE_SECRET],
  ports: { mongo: 27_017 },
  volumes: { "/data/db": "data", "/data/configdb": "config" },
  // By its name: while it sets itself up it listens on the loopback address only, and goes down once more.
  health: healthCheck(
    40,
    ..."mongosh --quiet --norc --host mongo --eval quit(db.adminCommand('ping').ok?0:1)".split(" "),
  ),
  capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"],
  limits: { memoryMiB: 1024, cpus: 1, pids: 256 },
  stopSec: 15,
};

const MONGO_EXPRESS: StackService = {
  ...PLAIN,
  from: { image: "mongo-express:1.0.2-20-alpine3.19", pull: "missing" },
  user: "0:0",
  entrypoint: [
    "/bin/sh",
    "-c",
    `set -eu
ME_CONFIG_MONGODB_URL="mongodb://app:$(cat /run/secrets/${DATABASE_SECRET})@mongo:27017/?authSource=admin"
ME_CONFIG_BASICAUTH_PASSWORD="$(cat /run/secrets/${ADMIN_SECRET})"
ME_CONFIG_SITE_COOKIESECRET="$(head -c 32 /dev/urandom | od -A n -t x1 | tr -d ' \\n')"
ME_CONFIG_SITE_SESSIONSECRET="$(head -c 32 /dev/urandom | od -A n -t x1 | tr -d ' \\n')"
export ME_CONFIG_MONGODB_URL ME_CONFIG_BASICAUTH_PASSWORD ME_CONFIG_SITE_COOKIESECRET ME_CONFIG_SITE_SESSIONSECRET
exec su -s /bin/sh node -c 'exec /docker-entrypoint.sh mongo-express'`,
  ],
  environment: {
    HOME: "/tmp",
    ME_CONFIG_BASICAUTH: "true",
    ME_CONFIG_BASICAUTH_USERNAME: "admin",
    ME_CONFIG_MONGODB_ENABLE_ADMIN: "true",
  },
  secrets: [DATABASE_SECRET, ADMIN_SECRET],
  ports: { admin: 8081 },
  after: ["mongo"],
  health: healthCheck(
    30,
    "node",
    "-e",
    'require("node:net").connect(8081, "127.0.0.1").on("connect", function () { this.destroy(); })',
  ),
  capabilities: ["DAC_OVERRIDE", "SETUID", "SETGID", "KILL"],
};

export const FASTAPI_VUE_MONGO: Stack = {
  name: "fastapi-vue-mongo",
  services: {
    mongo: MONGO,
    api: { ...FASTAPI, after: ["mongo"] },
    frontend: viteService("@vitejs/plugin-vue"),
    "mongo-express": MONGO_EXPRESS,
  },
  files: dockerfiles({
    api: pythonDockerfile(["fastapi==0.115.6", "uvicorn==0.34.0", "pymongo==4.10.1"]),
    frontend: nodeDockerfile(VUE_PACKAGES, "frontend"),
  }),
  waitMs: 900_000,
};
