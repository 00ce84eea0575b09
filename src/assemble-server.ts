// The server's part of the composition root: keys, door, routes and run tasks put together on an engine, started and stopped
// in order.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./app/engine.ts";
import type { EventFeed } from "./app/event-feed.ts";
import { createEventFeed } from "./app/event-feed.ts";
import { authenticateKey } from "./app/keys.ts";
import { keepOffers } from "./app/offers/keep-offers.ts";
import { handlersOf } from "./app/pull-requests/handlers.ts";
import type { PullRequestLoop } from "./app/pull-requests/loop.ts";
import { keepPullRequests } from "./app/pull-requests/keep.ts";
import { offerDeps } from "./assemble-offers.ts";
import { openLoop } from "./assemble-pull-requests.ts";
import { openWebhook, webhookStartOf } from "./assemble-webhook.ts";
import type { RunTasks } from "./app/run-tasks.ts";
import { keepSandboxes } from "./app/sandboxes/keep.ts";
import { createProjectFiles } from "./adapters/workspace/project-files.ts";
import type { PostureScene } from "./assemble-posture.ts";
import { inspectPosture } from "./assemble-posture.ts";
import { summarizeConfig } from "./config-summary.ts";
import type { PostureCheck } from "./domain/posture.ts";
import { createRunTasks } from "./app/run-tasks.ts";
import { adoptLostRuns } from "./app/stop-run.ts";
import type { Left } from "./app/take-up-runs.ts";
import type { ServeReport, Serving } from "./cli/workbench.ts";
import type { Config } from "./config.ts";
import { EngineError } from "./domain/errors.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";
import { createAudit } from "./http/audit.ts";
import type { Authenticate } from "./http/auth.ts";
import { createAuth } from "./http/auth.ts";
import type { Api } from "./http/api-parts.ts";
import { createDoor } from "./http/door.ts";
import { createFailureLimit } from "./http/failure-limit.ts";
import { createMachineMeter } from "./http/machine.ts";
import { apiRoutes } from "./http/routes.ts";
import { readPages } from "./http/pages.ts";
import { createHttpServer } from "./http/server.ts";
import { createSessionFile } from "./http/session-file.ts";
import type { KeyState } from "./http/start-rules.ts";
import { decideStart, hostsOf, listenAddress } from "./http/start-rules.ts";
import { createStreams } from "./http/streams.ts";
import type { WebhookStart } from "./webhook/start-rules.ts";
import { createTokens, SESSION_MS, SESSIONS_MAX, TICKET_MS, TICKETS_MAX } from "./http/tokens.ts";

export type ServerAssembly = {
  readonly dir: string;
  readonly stateDir: string;
  readonly searchPath: string;
  readonly engine: Engine;
  readonly config: Config;
  readonly version: string;
  readonly isOwnerGone: (owner: string) => boolean;
};

/** How long calls under way may take to end once the server stops. */
const STOP_GRACE_MS = 5000;
/** And how long running steps may; a run that is not paused by then is taken up at the next start. */
const STOP_RUNS_MS = 15_000;
const SWEEP_MS = 10_000;

/** The same place beside src/ in a checkout and beside dist/ in the package. */
const PAGES_DIR = fileURLToPath(new URL("../web/dist/", import.meta.url));

export async function startServer(assembly: ServerAssembly): Promise<Result<Serving>> {
  const { config, version, isOwnerGone } = assembly;
  const { engine, feed } = withFeed(assembly.engine);
  const host = config.text("server.host") ?? "127.0.0.1";
  const permit = await judgeStart(assembly);
  if (!permit.ok) return permit;
  const { apiKey, keys, secrets, warnings } = permit.value;

  engine.log.info({ settings: summarizeConfig(config) }, "serving with these settings");
  const lost = await adoptLostRuns(engine, isOwnerGone);
  const tasks = createRunTasks({ engine, isOwnerGone });
  const loop = openLoop({ ...assembly, engine }, tasks);
  if (!loop.ok) return loop;
  const streams = createStreams();
  const auth = authOf(assembly, { apiKey, keys });
  const audit = createAudit(engine);
  const organization = await organizationOf(engine, config);
  const api: Api = {
    engine,
    tasks,
    auth,
    audit,
    streams,
    feed,
    projectFiles: createProjectFiles(assembly.dir),
    posture: async () => inspectPosture(postureSceneOf(assembly)),
    settings: config.rows,
    version,
    organization,
    receivesDeliveries: secrets !== null,
    machineLoad: createMachineMeter(),
    isOwnerGone,
  };
  const door = createDoor(auth, {
    hosts: hostsOf(host, listOf(config, "server.allowed_hosts")),
    origins: listOf(config, "server.allowed_origins"),
  });
  const routes = apiRoutes(api);
  const pages = readPages(PAGES_DIR);
  const parts = { engine, door, audit, auth, feed, routes, streams, pages };
  const server = await createHttpServer(parts);
  try {
    const at = await server.listen({
      host: listenAddress(host),
      port: config.number("server.port"),
    });
    const handlers = loop.value === null ? {} : handlersOf(loop.value);
    const hook = { organization, secrets, handlers, isOwnerGone };
    const webhook = await openWebhook({ engine, config, ...hook });
    const lostRuns = lost.map(({ id }) => id);
    const addresses = addressesOf({ API: at, webhook });
    const report: ServeReport = { addresses, keys, warnings, lostRuns };
    const ended = new AbortController();
    const keeping = keepAll({ ...assembly, engine }, { tasks, loop: loop.value }, ended.signal);
    const stop = async (): Promise<boolean> => {
      ended.abort();
      // No run may begin once the others are being paused.
      const received = webhook?.stop(STOP_GRACE_MS);
      const paused = Promise.all([tasks.stop(), keeping, received]);
      feed.close();
      await server.stop(STOP_GRACE_MS);
      return within(engine, paused, STOP_RUNS_MS);
    };
    return ok({ report, stop });
  } catch (error) {
    feed.close();
    await server.stop(0);
    if (!(error instanceof EngineError)) throw error;
    return refuse(error.code, error.message, error.details);
  }
}

type Permit = {
  readonly apiKey: string | null;
  readonly keys: KeyState;
  readonly secrets: WebhookStart["secrets"];
  readonly warnings: readonly string[];
};

/** Everything that may forbid the start, asked before anything is opened. */
async function judgeStart(assembly: ServerAssembly): Promise<Result<Permit>> {
  const { config } = assembly;
  const host = config.text("server.host") ?? "127.0.0.1";
  const apiKey = config.secret("server.api_key")?.reveal() ?? null;
  const allowInsecure = config.flag("server.allow_insecure_no_api_key");
  const start = decideStart({ host, apiKey, allowInsecure });
  if (!start.ok) return start;
  const webhook = webhookStartOf(config);
  if (!webhook.ok) return webhook;
  const posture = await judgePosture(assembly);
  if (!posture.ok) return posture;
  const { secrets } = webhook.value;
  const warnings = [...start.value.warnings, ...posture.value, ...webhook.value.warnings];
  return ok({ apiKey, keys: start.value.keys, secrets, warnings });
}

/** What the posture refuses, no server starts with; what it warns of is said at the start, and kept in the log. */
async function judgePosture(assembly: ServerAssembly): Promise<Result<readonly string[]>> {
  const { engine } = assembly;
  const checks = await inspectPosture(postureSceneOf(assembly));
  const lines = (verdict: PostureCheck["verdict"]): readonly string[] =>
    checks
      .filter((check) => check.verdict === verdict)
      .map(({ name, reason, remedy }) => `${name}: ${reason} ${remedy ?? ""}`.trim());
  const refused = lines("refuse");
  if (refused.length > 0)
    return refuse("SERVER_UNSAFE", `The server does not start like this.\n${refused.join("\n")}`, {
      checks: refused,
    });
  const warnings = lines("warn");
  if (warnings.length > 0) engine.log.warn({ warnings }, "the posture has warnings");
  return ok(warnings);
}

const postureSceneOf = ({ config, dir, stateDir, engine }: ServerAssembly): PostureScene => ({
  config,
  dir,
  stateDir,
  containment: engine.containment,
  isRoot: process.getuid?.() === 0,
});

/** What this process commits, its followers need not look for. */
function withFeed(engine: Engine): { readonly engine: Engine; readonly feed: EventFeed } {
  const { store, clock, watcher } = engine;
  const feed = createEventFeed({ store, clock });
  const onEvents: Engine["watcher"]["onEvents"] = (events) => {
    feed.nudge();
    watcher.onEvents(events);
  };
  return { engine: { ...engine, watcher: { ...watcher, onEvents } }, feed };
}

/** What no call drives: runs that others left, sandboxes, finished builds on their way out, pull requests. */
async function keepAll(
  assembly: ServerAssembly,
  { tasks, loop }: { readonly tasks: RunTasks; readonly loop: PullRequestLoop | null },
  signal: AbortSignal,
): Promise<void> {
  const { engine, config, isOwnerGone } = assembly;
  await Promise.all([
    sweep({ engine, tasks, config, isOwnerGone }, signal),
    keepSandboxes(engine, isOwnerGone, signal),
    keepOffers(offerDeps(assembly), signal),
    loop === null ? null : keepPullRequests(loop, signal),
  ]);
}

type Sweep = Pick<ServerAssembly, "engine" | "config" | "isOwnerGone"> & {
  readonly tasks: RunTasks;
};

/** Goes on with what was left: at the start all that was interrupted, later what lost its process or was answered. */
async function sweep(
  { engine, tasks, config, isOwnerGone }: Sweep,
  signal: AbortSignal,
): Promise<void> {
  const goesOn = config.flag("runs.auto_resume");
  for (let which: Left = "stopped"; !signal.aborted; which = "lost") {
    try {
      if (goesOn) await tasks.takeUp(which);
      else await adoptLostRuns(engine, isOwnerGone);
    } catch (error) {
      engine.log.error({ error: String(error) }, "what others left could not be looked through");
    }
    await engine.clock.sleep(SWEEP_MS, signal);
  }
}

/** False when it took longer. */
async function within(
  { clock }: Engine,
  work: Promise<unknown>,
  limitMs: number,
): Promise<boolean> {
  const late = new AbortController();
  const done = work.then(() => true);
  const isDone = await Promise.race([done, clock.sleep(limitMs, late.signal).then(() => false)]);
  late.abort();
  return isDone;
}

const listOf = (config: Config, key: string): readonly string[] =>
  Object.values(config.record<string>(key));

type Addresses = Readonly<
  Record<string, { readonly address: string; readonly port: number } | null>
>;

/** One for each door that is open. */
const addressesOf = (doors: Addresses): ServeReport["addresses"] =>
  Object.entries(doors).flatMap(([name, at]) =>
    at === null ? [] : [{ name, url: urlOf(at.address, at.port) }],
  );

const urlOf = (address: string, port: number): string =>
  `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

function authOf(
  { engine, stateDir }: ServerAssembly,
  { apiKey, keys }: { readonly apiKey: string | null; readonly keys: KeyState },
) {
  const { clock } = engine;
  const randomToken = (): string => randomBytes(32).toString("base64url");
  const authenticate: Authenticate = async (key) => authenticateKey(engine, key);
  return createAuth({
    apiKey,
    isOpen: keys === "open",
    authenticate,
    sessions: createTokens({
      clock,
      randomToken,
      lifeMs: SESSION_MS,
      tokensMax: SESSIONS_MAX,
      shelf: createSessionFile(join(stateDir, "sessions.json")),
    }),
    tickets: createTokens({ clock, randomToken, lifeMs: TICKET_MS, tokensMax: TICKETS_MAX }),
    failures: createFailureLimit({ clock }),
  });
}

/** A project whose assets do not load can still be looked at. */
async function organizationOf({ assets }: Engine, config: Config): Promise<string> {
  const loaded = await assets.load();
  return loaded.ok ? loaded.value.organization.name : (config.text("organization.name") ?? "Orket");
}
