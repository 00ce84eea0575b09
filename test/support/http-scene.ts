// The API on real parts, for tests that ask it through Fastify's inject or a real socket: a project in a temporary folder,
// a key of each scope, and the routes as they are registered.
import type { TestContext } from "node:test";
import type { Engine } from "../../src/app/engine.ts";
import { createProjectFiles } from "../../src/adapters/workspace/project-files.ts";
import { createEventFeed } from "../../src/app/event-feed.ts";
import { createRunTasks } from "../../src/app/run-tasks.ts";
import type { RunTasks } from "../../src/app/run-tasks.ts";
import { createAudit } from "../../src/http/audit.ts";
import type { Authenticate, Scope } from "../../src/http/auth.ts";
import { createAuth } from "../../src/http/auth.ts";
import type { Api } from "../../src/http/api-parts.ts";
import { createDoor } from "../../src/http/door.ts";
import { createFailureLimit } from "../../src/http/failure-limit.ts";
import { createMachineMeter } from "../../src/http/machine.ts";
import type { Route } from "../../src/http/route.ts";
import { apiRoutes } from "../../src/http/routes.ts";
import type { HttpDeps, HttpServer } from "../../src/http/server.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { hostsOf } from "../../src/http/start-rules.ts";
import { createStreams } from "../../src/http/streams.ts";
import { createTokens } from "../../src/http/tokens.ts";
import { stringify } from "yaml";
import type { Setting } from "./open-project.ts";
import type { TestEngine } from "./project.ts";
import { epicFile, makeProject, openTestEngine, simpleScript } from "./project.ts";

export const API_KEY = "the-admin-key-of-the-test";
export const KEYS: Readonly<Record<Scope, string>> = {
  read: "a-read-key-of-the-test",
  operate: "an-operate-key-of-the-test",
  admin: API_KEY,
};

const SETTINGS: Api["settings"] = [
  {
    key: "docker_host",
    env: "DOCKER_HOST",
    value: "tcp://me:canary-url-passw0rd@host.invalid",
    origin: "environment",
    meaning: "Address of the container engine",
    isSecret: false,
  },
];

export type HttpScene = TestEngine & {
  readonly dir: string;
  readonly server: HttpServer;
  readonly routes: readonly Route[];
  readonly tasks: RunTasks;
  readonly api: Api;
  /** Named keys; a test may add and revoke. */
  readonly keys: Map<string, Scope>;
  readonly ask: (question: Question) => Promise<Answer>;
};

export type Question = {
  readonly method?: string;
  readonly path: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

export type SceneOptions = Partial<Setting> & {
  readonly apiKey?: string | null;
  readonly isOpen?: boolean;
  readonly origins?: readonly string[];
  readonly limits?: HttpDeps["limits"];
  readonly pages?: HttpDeps["pages"];
  readonly authenticate?: Authenticate;
  /** Event streams go on; without it each ends at once, so that every route can be asked for its answer. */
  readonly follows?: true;
  readonly store?: (store: Engine["store"]) => Engine["store"];
  /** Replaces or adds routes. */
  readonly routes?: (routes: readonly Route[], api: Api) => readonly Route[];
};

export async function openHttp(
  context: TestContext,
  options: SceneOptions = {},
): Promise<HttpScene> {
  const { issues = [{ id: "api" }], script = simpleScript(["api"]) } = options;
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile(issues, options.epic),
    "script.yaml": typeof script === "string" ? script : stringify(script),
    ...options.files,
  });
  const opened = await openTestEngine(project.dir, options.options);
  const store = options.store?.(opened.engine.store) ?? opened.engine.store;
  const engine: Engine = { ...opened.engine, store };
  const keys = new Map<string, Scope>([
    [KEYS.read, "read"],
    [KEYS.operate, "operate"],
  ]);
  const byName: Authenticate = async ({ digest }) => {
    const scope = [...keys].find(([text]) => engine.ids.digest(text) === digest)?.[1];
    return scope === undefined ? null : { id: `${scope}-key`, scope };
  };
  const feed = createEventFeed({ store, clock: opened.engine.clock, quietMs: 1000 });
  if (options.follows !== true) feed.close();
  const isOwnerGone = (): boolean => true;
  const tasks = createRunTasks({ engine, isOwnerGone });
  const streams = createStreams();
  let tokens = 0;
  const tokensOf = (lifeMs: number) =>
    createTokens({
      clock: engine.clock,
      randomToken: () => `token-${(tokens += 1)}`,
      lifeMs,
      tokensMax: 10,
    });
  const { apiKey = API_KEY, isOpen = false, origins = [], authenticate = byName } = options;
  const auth = createAuth({
    apiKey,
    isOpen,
    authenticate,
    sessions: tokensOf(60_000),
    tickets: tokensOf(30_000),
    failures: createFailureLimit(engine),
  });
  const audit = createAudit(engine);
  const api: Api = {
    engine,
    tasks,
    auth,
    audit,
    streams,
    feed,
    projectFiles: createProjectFiles(project.dir),
    posture: async () => [
      { name: "root", verdict: "warn", reason: "It is root.", remedy: "Be somebody." },
    ],
    settings: SETTINGS,
    receivesDeliveries: false,
    version: "1.2.3",
    organization: "The test",
    machineLoad: createMachineMeter(),
    isOwnerGone,
  };
  const own = apiRoutes(api);
  const routes = options.routes?.(own, api) ?? own;
  const door = createDoor(auth, { hosts: hostsOf("127.0.0.1", ["orket.example"]), origins });
  const server = await createHttpServer({
    engine,
    door,
    audit,
    auth,
    feed,
    routes,
    streams,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.pages === undefined ? {} : { pages: options.pages }),
  });
  context.after(async () => {
    feed.close();
    await tasks.stop();
    await server.stop(0);
    await opened.close();
    await project.remove();
  });
  const { dir } = project;
  return { ...opened, dir, server, routes, tasks, api, keys, ask: async (one) => ask(server, one) };
}

async function ask({ app }: HttpServer, question: Question): Promise<Answer> {
  const { method = "GET", path, key, headers = {}, body } = question;
  const answer = await app.inject({
    method: method as "GET",
    url: path,
    headers: {
      host: "127.0.0.1",
      ...(key === undefined ? {} : { "x-api-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = answer.body;
  const isJson = text !== "" && String(answer.headers["content-type"] ?? "").includes("json");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: isJson ? (JSON.parse(text) as Answer["json"]) : {},
  };
}
