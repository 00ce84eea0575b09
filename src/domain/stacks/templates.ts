// The five stacks that come with Orket. What the sources must hold for each is told in docs/sandboxes.md.
import type { Stack, StackName } from "../stack.ts";
import { CSHARP_RAZOR_EF } from "./csharp-razor-ef.ts";
import { FASTAPI_VUE_MONGO } from "./fastapi-vue-mongo.ts";
import {
  apiService,
  dockerfiles,
  NODE_HEALTH,
  nodeDockerfile,
  PGADMIN,
  POSTGRES,
  POSTGRES_URL,
  PYTHON_HEALTH,
  pythonDockerfile,
  REACT_PACKAGES,
  UVICORN,
  viteService,
} from "./parts.ts";

/** A first start pulls and builds images. */
const WAIT_MS = 900_000;

const REACT = viteService("@vitejs/plugin-react");
const REACT_DOCKERFILE = nodeDockerfile(REACT_PACKAGES, "frontend");

const withPostgres = (name: StackName, api: Stack["services"][string], image: string): Stack => ({
  name,
  services: {
    db: POSTGRES,
    api: { ...api, after: ["db"] },
    frontend: REACT,
    pgadmin: PGADMIN,
  },
  files: dockerfiles({ api: image, frontend: REACT_DOCKERFILE }),
  waitMs: WAIT_MS,
});

const FASTAPI = apiService({ prepare: POSTGRES_URL, health: PYTHON_HEALTH }, UVICORN);

const DJANGO = apiService(
  {
    prepare: `${POSTGRES_URL}
export DJANGO_SETTINGS_MODULE=infrastructure.settings`,
    health: PYTHON_HEALTH,
  },
  [
    "/bin/sh",
    "-c",
    `python -m django migrate --noinput
exec gunicorn infrastructure.wsgi:application --bind 0.0.0.0:8000 --worker-tmp-dir /tmp`,
  ],
);

const NODE = apiService({ prepare: POSTGRES_URL, health: NODE_HEALTH }, [
  "node",
  "controllers/main.js",
]);

export const STACKS: Readonly<Record<StackName, Stack>> = {
  "fastapi-react-postgres": withPostgres(
    "fastapi-react-postgres",
    FASTAPI,
    pythonDockerfile([
      "fastapi==0.115.6",
      "uvicorn==0.34.0",
      "sqlalchemy==2.0.36",
      "psycopg[binary]==3.2.3",
    ]),
  ),
  "fastapi-vue-mongo": FASTAPI_VUE_MONGO,
  "csharp-razor-ef": CSHARP_RAZOR_EF,
  "node-react-postgres": withPostgres(
    "node-react-postgres",
    NODE,
    nodeDockerfile(["express@4.21.2", "pg@8.13.1"], "backend"),
  ),
  "django-react-postgres": withPostgres(
    "django-react-postgres",
    DJANGO,
    pythonDockerfile([
      "django==5.1.4",
      "djangorestframework==3.15.2",
      "gunicorn==23.0.0",
      "psycopg[binary]==3.2.3",
    ]),
  ),
};
