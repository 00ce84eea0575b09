// A forge and the product as a process beside it, with one card and a pull request for it: what a test of the whole loop needs.
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Event } from "../../src/domain/events.ts";
import type { TrackedPullRequest } from "../../src/domain/pull-request.ts";
import type { FakeForge } from "./forge/open-forge.ts";
import { openForge } from "./forge/open-forge.ts";
import type { Started } from "./orket.ts";
import { startOrket } from "./orket.ts";
import { epicFile, makeProject, openTestEngine, simpleScript } from "./project.ts";
import { NO_BUDGET } from "../../src/domain/run.ts";
import { stringify } from "yaml";

const KEY = "a-key-of-the-loop";
const SECRET = "a-secret-of-the-loop-0123456789-0123456789";
export const CARD = "ISSUE-12";

export type SceneOptions = {
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly forge?: Parameters<typeof openForge>[1];
  /** What the card is, besides its id. */
  readonly card?: Readonly<Record<string, unknown>>;
  readonly script?: string;
  /** Lines of orket.yaml. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Beside what every server of the scene has. */
  readonly env?: Readonly<Record<string, string>>;
};

export type PullRequestScene = Awaited<ReturnType<typeof openPullRequestScene>>;

/** A port that was free a moment ago; the hook has to know it before the server starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function people(forge: FakeForge) {
  const owner = forge.addUser("orket");
  const [bot, ann, bob, eve] = ["orket-bot", "ann", "bob", "eve"].map((login) =>
    forge.addUser(login),
  ) as [typeof owner, typeof owner, typeof owner, typeof owner];
  return { owner, bot, ann, bob, eve };
}

export async function openPullRequestScene(context: TestContext, options: SceneOptions = {}) {
  const forge = await openForge(context, options.forge);
  const who = people(forge);
  const rights = { "orket-bot": "admin", ann: "write", bob: "write", eve: "read" } as const;
  const repository = forge.addRepository({
    owner: who.owner,
    name: "demo",
    files: { "README.md": "# Demo\n" },
    rights,
  });
  const policy = { required_reviewers: ["bob"], auto_merge: true, ...options.policy };
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: CARD, ...options.card }]),
    "script.yaml": options.script ?? stringify(simpleScript([CARD])),
    "config/organization.json": JSON.stringify({
      name: "The loop",
      vision: "v",
      ethos: "e",
      process_rules: { pr_review_policy: policy },
    }),
    "orket.yaml": stringify({
      model: "scripted:script.yaml",
      ...(options.settings ?? { gitea: { repositories: ["orket/demo"] } }),
    }),
    ...options.files,
  });
  context.after(project.remove);
  const opened = await openTestEngine(project.dir);
  // The coder's turn, and no other: the card waits for its review.
  await opened.run({ card: "work", budget: { ...NO_BUDGET, turnsMax: 1 } });
  await opened.close();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/webhook/gitea`;
  forge.addHook(repository, { url, secret: SECRET });
  const { env = {} } = options;
  const server = createServerOf({ dir: project.dir, port, forge, token: who.bot.token, env });
  context.after(server.stop);
  return { forge, ...who, repository, dir: project.dir, ...server };
}

type ServerSetting = {
  readonly dir: string;
  readonly port: number;
  readonly forge: FakeForge;
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
};

function createServerOf({ dir, port, forge, token, env: more }: ServerSetting) {
  const env = {
    ...more,
    ORKET_API_KEY: KEY,
    ORKET_WEBHOOK_PORT: String(port),
    ORKET_RATE_LIMIT: "100000",
    GITEA_URL: forge.url,
    GITEA_TOKEN: token,
    GITEA_WEBHOOK_SECRET: SECRET,
  };
  let running: Started | null = null;
  let api = "";
  const start = async (): Promise<void> => {
    const address = Promise.withResolvers<string>();
    const started = startOrket(["serve", "--port", "0", "--json"], {
      cwd: dir,
      env,
      onLine: (line) => {
        const said = JSON.parse(line) as {
          readonly addresses: readonly { readonly url: string }[];
        };
        address.resolve(said.addresses[0]?.url ?? "");
      },
    });
    void started.ended.then(({ out, err }) => address.reject(new Error(`${out}${err}`)));
    running = started;
    api = await address.promise;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running?.signal(signal);
    await running?.ended;
    running = null;
  };
  const get = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await fetch(`${api}${path}`, { headers: { "x-api-key": KEY } });
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  };
  return {
    env,
    start,
    stop: async (): Promise<void> => end("SIGTERM"),
    kill: async (): Promise<void> => end("SIGKILL"),
    get,
    review: async (number: number) =>
      (await get(`/v1/reviews/orket/demo/${number}`))["review"] as
        | (Pick<
            TrackedPullRequest,
            "state" | "cycles" | "round" | "isEscalated" | "isRejecting" | "headSha" | "mergeCommit"
          > & {
            readonly refusals: readonly { readonly cause: string }[];
            readonly errands: readonly { readonly kind: string; readonly state: string }[];
          })
        | undefined,
    events: async (prefix = "pr-"): Promise<readonly Event[]> => {
      const engine = await openTestEngine(dir);
      try {
        const found = await engine.engine.store.read(async ({ events }) =>
          events.list({ limit: 10_000 }),
        );
        return found.filter(({ type }) => type.startsWith(prefix));
      } finally {
        await engine.close();
      }
    },
  };
}

const STEP_MS = 50;

/** Looks until it is so; the runner's own limit ends a test that never gets there, and this one says what it waited for. */
export async function until(what: string, isSo: () => Promise<boolean>, limitMs = 40_000) {
  const endMs = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`It did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
