// The server's part of the composition root: keys, door, routes and run tasks put together on an engine, started and stopped
// in order.
import { randomBytes } from "node:crypto";
import type { Engine } from "./app/engine.ts";
import { createRunTasks } from "./app/run-tasks.ts";
import { adoptLostRuns } from "./app/stop-run.ts";
import type { ServeReport, Serving } from "./cli/workbench.ts";
import type { Config } from "./config.ts";
import { EngineError } from "./domain/errors.ts";
import type { Result } from "./domain/result.ts";
import { ok } from "./domain/result.ts";
import { createAudit } from "./http/audit.ts";
import type { Authenticate } from "./http/auth.ts";
import { createAuth } from "./http/auth.ts";
import type { Api } from "./http/api-parts.ts";
import { createDoor } from "./http/door.ts";
import { createFailureLimit } from "./http/failure-limit.ts";
import { createMachineMeter } from "./http/machine.ts";
import { apiRoutes } from "./http/routes.ts";
import { createHttpServer } from "./http/server.ts";
import type { KeyState } from "./http/start-rules.ts";
import { decideStart, hostsOf } from "./http/start-rules.ts";
import { createStreams } from "./http/streams.ts";
import { createTokens, SESSION_MS, SESSIONS_MAX, TICKET_MS, TICKETS_MAX } from "./http/tokens.ts";

export type ServerAssembly = {
  readonly engine: Engine;
  readonly config: Config;
  readonly version: string;
  readonly isOwnerGone: (owner: string) => boolean;
};

/** How long calls under way may take to end once the server stops. */
const STOP_GRACE_MS = 5000;

export async function startServer(assembly: ServerAssembly): Promise<Result<Serving>> {
  const { engine, config, version, isOwnerGone } = assembly;
  const host = config.text("server.host") ?? "127.0.0.1";
  const apiKey = config.secret("server.api_key")?.reveal() ?? null;
  const allowInsecure = config.flag("server.allow_insecure_no_api_key");
  const start = decideStart({ host, apiKey, allowInsecure });
  if (!start.ok) return start;
  const lost = await adoptLostRuns(engine, isOwnerGone);
  const tasks = createRunTasks({ engine, isOwnerGone });
  const streams = createStreams();
  const auth = authOf(assembly, { apiKey, keys: start.value.keys });
  const api: Api = {
    engine,
    tasks,
    auth,
    streams,
    version,
    organization: await organizationOf(engine, config),
    machineLoad: createMachineMeter(),
    isOwnerGone,
  };
  const door = createDoor(auth, {
    hosts: hostsOf(host, listOf(config, "server.allowed_hosts")),
    origins: listOf(config, "server.allowed_origins"),
  });
  const routes = apiRoutes(api);
  const audit = createAudit(engine);
  const server = await createHttpServer({ engine, door, audit, routes, streams });
  try {
    const at = await server.listen({ host, port: config.number("server.port") });
    const report: ServeReport = {
      addresses: [{ name: "API", url: urlOf(at.address, at.port) }],
      keys: start.value.keys,
      warnings: start.value.warnings,
      lostRuns: lost.map(({ id }) => id),
    };
    const stop = async (): Promise<void> => {
      // No run may begin once the others are being paused.
      const paused = tasks.stop();
      await server.stop(STOP_GRACE_MS);
      await paused;
    };
    return ok({ report, stop });
  } catch (error) {
    await server.stop(0);
    if (!(error instanceof EngineError)) throw error;
    return {
      ok: false,
      error: { code: error.code, message: error.message, details: error.details },
    };
  }
}

const listOf = (config: Config, key: string): readonly string[] =>
  Object.values(config.record<string>(key));

const urlOf = (address: string, port: number): string =>
  `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

function authOf(
  { engine }: ServerAssembly,
  { apiKey, keys }: { readonly apiKey: string | null; readonly keys: KeyState },
) {
  const { clock } = engine;
  const randomToken = (): string => randomBytes(32).toString("base64url");
  const authenticate: Authenticate = async () => null;
  return createAuth({
    apiKey,
    isOpen: keys === "open",
    authenticate,
    sessions: createTokens({ clock, randomToken, lifeMs: SESSION_MS, tokensMax: SESSIONS_MAX }),
    tickets: createTokens({ clock, randomToken, lifeMs: TICKET_MS, tokensMax: TICKETS_MAX }),
    failures: createFailureLimit({ clock }),
  });
}

/** A project whose assets do not load can still be looked at. */
async function organizationOf({ assets }: Engine, config: Config): Promise<string> {
  const loaded = await assets.load();
  return loaded.ok ? loaded.value.organization.name : (config.text("organization.name") ?? "Orket");
}
