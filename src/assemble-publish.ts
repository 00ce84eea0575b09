// Publishing's part of the composition root: product folders of the project, the forge's client and git to the forge.
import { join } from "node:path";
import { createGitRemote } from "./adapters/git-remote/git.ts";
import { createProcesses } from "./adapters/process/spawn.ts";
import { createProducts } from "./adapters/products/disk.ts";
import type { Engine } from "./app/engine.ts";
import type { CleanupReport, CleanupRequest } from "./app/publish/cleanup.ts";
import { cleanUpProducts } from "./app/publish/cleanup.ts";
import type { PublishDeps, Publisher } from "./app/publish/deps.ts";
import type { PublishReport, PublishRequest } from "./app/publish/publish.ts";
import { publish } from "./app/publish/publish.ts";
import { forgeAccess, openForgeClient } from "./assemble-forge.ts";
import type { Config } from "./config.ts";
import type { Result } from "./domain/result.ts";
import { ok } from "./domain/result.ts";

export type PublishSetting = {
  readonly engine: Pick<Engine, "store" | "clock">;
  readonly config: Pick<Config, "text" | "secret">;
  readonly dir: string;
  readonly stateDir: string;
  readonly searchPath: string;
  readonly person: string;
  readonly signal: AbortSignal;
};

export const publishDeps = (setting: PublishSetting): PublishDeps => ({
  store: setting.engine.store,
  clock: setting.engine.clock,
  products: createProducts({
    processes: createProcesses(),
    searchPath: setting.searchPath,
    projectDir: setting.dir,
    stateDir: setting.stateDir,
  }),
  openPublisher: () => openPublisher(setting),
  person: setting.person,
  signal: setting.signal,
});

function openPublisher(setting: PublishSetting): Result<Publisher | null> {
  const { config, engine, stateDir, searchPath } = setting;
  const access = forgeAccess(config);
  if (!access.ok) return access;
  const forge = openForgeClient({ config, clock: engine.clock, random: Math.random });
  if (!forge.ok) return forge;
  if (access.value === null || forge.value === null) return ok(null);
  const remote = createGitRemote({
    processes: createProcesses(),
    searchPath,
    ...access.value,
    scratchDir: join(stateDir, "publish"),
  });
  return ok({ forge: forge.value, remote });
}

/** The owner of the settings where the call names none. */
export const publishFromSettings = async (
  setting: PublishSetting,
  request: PublishRequest,
): Promise<Result<PublishReport>> => {
  const owner = request.owner ?? setting.config.text("gitea.product_owner");
  return publish(publishDeps(setting), { ...request, owner });
};

export const cleanUpFromSettings = async (
  setting: PublishSetting,
  request: CleanupRequest,
): Promise<Result<CleanupReport>> => cleanUpProducts(publishDeps(setting), request);
