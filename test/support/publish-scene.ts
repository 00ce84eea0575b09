// Publishing put together on real parts: a project in git, a store on SQLite, and a forge on loopback with real repositories.
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import type { CleanupRequest } from "../../src/app/publish/cleanup.ts";
import { cleanUpProducts } from "../../src/app/publish/cleanup.ts";
import type { PublishDeps } from "../../src/app/publish/deps.ts";
import type { PublishRequest } from "../../src/app/publish/publish.ts";
import { publish } from "../../src/app/publish/publish.ts";
import { publishDeps } from "../../src/assemble-publish.ts";
import { createRedactor } from "../../src/domain/redact.ts";
import type { PublishedState } from "../../src/domain/product.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { FakeForge } from "./forge/open-forge.ts";
import { openForge } from "./forge/open-forge.ts";
import type { ProductProject } from "./product-project.ts";
import { openProductProject } from "./product-project.ts";

const DAY_MS = 24 * 3_600_000;

export const ALL_STATES: readonly PublishedState[] = [
  "present",
  "archiving",
  "archived",
  "removing",
  "deleting",
  "deleted",
];

export const REQUEST: PublishRequest = {
  source: "product",
  owner: "orket",
  prefix: "",
  isPublic: false,
  executes: true,
  forces: false,
  deletesLocal: false,
};

export type ScenePart = {
  readonly project: Pick<ProductProject, "dir" | "stateDir">;
  readonly url: string | null;
  readonly token: string | null;
  readonly clock: Clock;
};

/** The store is closed by whoever asked for it. */
export async function openPublishDeps({ project, url, token, clock }: ScenePart) {
  const redact = createRedactor({ values: token === null ? [] : [token] });
  const path = join(project.stateDir, "orket.db");
  const store = await openSqliteStore({ path, clock, redact });
  const deps = publishDeps({
    engine: { store, clock },
    config: {
      text: (key) => (key === "gitea.url" ? url : null),
      secret: () => (token === null ? null : { reveal: () => token }),
    },
    dir: project.dir,
    stateDir: project.stateDir,
    searchPath: process.env["PATH"] ?? "",
    person: "ann",
    signal: new AbortController().signal,
  });
  return { deps, store };
}

/** Days can be let pass; waiting costs nothing. */
export async function publishScene(context: TestContext) {
  const project = await openProductProject(context);
  const forge = await openForge(context);
  const owner = forge.addUser("orket");
  let aheadMs = 0;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now(),
    sleep: async () => {},
  };
  const part = { project, url: forge.url, token: owner.token, clock };
  const { deps, store } = await openPublishDeps(part);
  context.after(async () => store.close());
  return {
    ...project,
    forge,
    owner,
    deps,
    store,
    clock,
    pass: (days: number): void => void (aheadMs += days * DAY_MS),
    publish: async (more: Partial<PublishRequest> = {}, with_: Partial<PublishDeps> = {}) =>
      publish({ ...deps, ...with_ }, { ...REQUEST, ...more }),
    cleanUp: async (more: Partial<CleanupRequest> = {}, with_: Partial<PublishDeps> = {}) =>
      cleanUpProducts(
        { ...deps, ...with_ },
        { archiveDays: 45, deleteDays: 90, executes: true, ...more },
      ),
    rows: async () =>
      store.read(async ({ published }) => published.list({ states: ALL_STATES, limit: 100 })),
    events: async () =>
      store.read(async ({ events }) =>
        (await events.list({ limit: 100 })).map(({ type, actor }) => `${type} ${actor}`),
      ),
    repository: (name: string) => repositoryOf(forge, name),
  };
}

export function repositoryOf(forge: FakeForge, name: string) {
  const found = forge.state.repositories.find((one) => one.name === name);
  if (found === undefined) throw new Error(`The forge has no repository ${name}.`);
  return found;
}
