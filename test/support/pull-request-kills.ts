// Two short lives of a pull request, merged and rejected, driven by the product as a process that is killed when it asks the
// forge for something: before that has an effect, or after it, before the answer. What is there in the end is told in words
// that are the same for every life that came to the same.
import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import type { EventType } from "../../src/domain/events.ts";
import type { ForgePull } from "./forge/state.ts";
import { openTestEngine, approve, say, script, write } from "./project.ts";
import type { PullRequestScene, SceneOptions } from "./pull-request-scene.ts";
import { CARD, openPullRequestScene, until } from "./pull-request-scene.ts";
import { code, FILE, FIXTURE, RIGHT, slowly, VERIFICATION } from "./pull-review-scene.ts";

export type Life = {
  readonly ends: "merged" | "rejected";
  readonly options: SceneOptions;
  /** All that people do, before anybody looks. */
  readonly begin: (scene: PullRequestScene) => ForgePull;
};

const options = (guard: unknown): SceneOptions => ({
  card: { verification: VERIFICATION },
  files: { "verification/api.py": FIXTURE },
  script: script({
    [CARD]: { coder: [write(FILE, code("input")), say("Done.")], guard: [guard] },
  } as never),
});

export const MERGED: Life = {
  ends: "merged",
  options: options(approve),
  begin: ({ forge, repository, ann, bob }) => {
    forge.push(repository, { branch: "work", files: RIGHT, by: ann });
    const pull = forge.openPullRequest(repository, { head: "work", title: CARD, by: ann });
    forge.review(repository, pull, { by: bob, state: "APPROVED", body: "Good." });
    return pull;
  },
};

/** The model takes longer than it takes to see that it was asked. */
export const MERGED_SLOWLY: Life = { ...MERGED, options: options(slowly(approve, 1500)) };

const CYCLES = [1, 2, 3, 4];

export const REJECTED: Life = {
  ends: "rejected",
  options: {},
  begin: ({ forge, repository, ann, bob }) => {
    const push = (text: string): string =>
      forge.push(repository, { branch: "work", files: { "a.txt": text }, by: ann });
    push("0\n");
    const pull = forge.openPullRequest(repository, { head: "work", title: CARD, by: ann });
    for (const cycle of CYCLES) {
      if (cycle > 1) push(`${cycle}\n`);
      const body = `Reason ${cycle}`;
      forge.review(repository, pull, { by: bob, state: "REQUEST_CHANGES", body });
    }
    return pull;
  },
};

type Asked = PullRequestScene["forge"]["requests"][number];

/** What was asked for, without what is different each time. */
export function stepOf({ method, path, body }: Pick<Asked, "method" | "path" | "body">): string {
  const place = path
    .replace(/^\/api\/v1\/(repos\/orket\/demo\/)?/, "")
    .replace(/\?(service=[a-z-]+)?.*$/, " $1")
    .replaceAll(/[0-9a-f]{40}/g, "<sha>")
    .replaceAll(/\/[0-9]+(?=[/. ]|$)/g, "/<n>")
    .trim();
  return [method, place, ...wordsOf(body)].join(" ");
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Those by which requests to the same address are told apart. */
function wordsOf(body: string): readonly string[] {
  if (body === "") return [];
  const fields = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const mark = /^<!-- (orket:[a-z-]+)/.exec(text(fields["body"]))?.[1];
  return [fields["context"], fields["state"], fields["event"], fields["name"], mark].filter(
    (word) => typeof word === "string",
  );
}

/** Each once, in the order in which they first came. */
export function stepsOf(requests: readonly Asked[]) {
  const effects = new Map(
    requests.map((asked) => [
      stepOf(asked),
      asked.method !== "GET" && asked.path.startsWith("/api/"),
    ]),
  );
  return [...effects].map(([step, isEffect]) => ({ step, isEffect }));
}

export type Kills =
  | { readonly steps: readonly string[]; readonly when: "before" | "after" }
  /** While that which begins with an event of the review is under way. */
  | { readonly steps: readonly EventType[]; readonly when: "during" };
export const NO_KILLS: Kills = { steps: [], when: "before" };

export type Lived = {
  readonly outcome: Awaited<ReturnType<typeof outcomeOf>>;
  readonly requests: readonly Asked[];
  readonly killed: readonly string[];
};

const LIFE_MS_MAX = 100_000;

/** From the first start of the product until nothing is left to be done. */
export async function live(context: TestContext, life: Life, kills: Kills): Promise<Lived> {
  const scene = await openPullRequestScene(context, life.options);
  const store = await openStore(context, scene.dir);
  const pull = life.begin(scene);
  await scene.forge.settled();
  const killed =
    kills.when === "during" ? killDuring(scene, store, kills.steps) : killAt(scene, kills);
  const started = scene.start();
  // Killed before it said that it listens.
  await (kills.steps.length === 0 ? started : started.catch(() => {}));
  const isOver = async (): Promise<boolean> => {
    if (killed().length < kills.steps.length || !isShown(scene, life)) return false;
    await scene.forge.settled();
    return (await store.state()) === life.ends && (await store.isIdle());
  };
  await until(life.ends, isOver, LIFE_MS_MAX).catch(async (error: unknown) => {
    const never = kills.steps.filter((step) => !killed().includes(step));
    const now = { killed: killed(), never, state: await store.state(), said: said(scene) };
    throw new Error(`${String(error)}: ${JSON.stringify(now, null, 1)}`);
  });
  await scene.kill();
  const outcome = await outcomeOf(scene, { pull, store });
  return { outcome, requests: scene.forge.requests, killed: killed() };
}

const said = ({ repository }: PullRequestScene): readonly string[] =>
  repository.notes.map(({ body }) => body);

/** The state comment is the last that is written. */
const isShown = (scene: PullRequestScene, { ends }: Life): boolean =>
  said(scene).some((body) => new RegExp(`orket:state[^]*^${ends} at `, "im").test(body));

/** At the first request of each step. */
function killAt(
  scene: PullRequestScene,
  { steps, when }: Exclude<Kills, { when: "during" }>,
): () => readonly string[] {
  const left = new Set(steps);
  const killed: string[] = [];
  let isDying = false;
  scene.forge.misbehave({
    when,
    // What a process asks while it is being killed comes to nothing.
    only: (asked) => isDying || left.has(stepOf(asked)),
    how: {
      kind: "instead",
      happens: async (asked) => {
        if (isDying) return;
        isDying = true;
        left.delete(stepOf(asked));
        await scene.kill();
        isDying = false;
        killed.push(stepOf(asked));
        scene.start().catch(() => {});
      },
    },
  });
  return () => killed;
}

function killDuring(
  scene: PullRequestScene,
  store: Store,
  steps: readonly EventType[],
): () => readonly string[] {
  const killed: string[] = [];
  const look = async (): Promise<void> => {
    for (const step of steps) {
      await until(step, async () => {
        const types = (await store.events()).map(({ type }) => type);
        const first = types.indexOf("pull-review-queued");
        return first >= 0 && types.includes(step, first);
      });
      await scene.kill();
      killed.push(step);
      scene.start().catch(() => {});
    }
  };
  look().catch((error: unknown) => killed.push(String(error)));
  return () => killed;
}

async function openStore(context: TestContext, dir: string) {
  const opened = await openTestEngine(dir);
  context.after(opened.close);
  const { store } = opened.engine;
  const deliveries = async () => store.read(async (all) => all.deliveries.list({ limit: 1000 }));
  const isOpen = (state: string): boolean => state === "accepted" || state === "working";
  return {
    deliveries,
    state: async (): Promise<string | undefined> => {
      const [row] = await store.read(async ({ pullRequests }) => pullRequests.list({ limit: 2 }));
      return row?.state;
    },
    isIdle: async (): Promise<boolean> => !(await deliveries()).some(({ state }) => isOpen(state)),
    cards: async () => store.read(async ({ cards }) => cards.list({ limit: 1000 })),
    events: async () => store.read(async ({ events }) => events.list({ limit: 10_000 })),
  };
}

type Store = Awaited<ReturnType<typeof openStore>>;

/** Commits and runs have other names each time. */
const plain = (text: string): string =>
  text.replaceAll(/\b[0-9a-f]{10,40}\b/g, "<sha>").replaceAll(/\brun-[0-9a-z]+/g, "<run>");

const ONCE = [
  "pr-opened",
  "pr-reviewed",
  "pr-escalated",
  "pr-rejected",
  "pr-merged",
  "pr-errand-done",
  "pull-review-queued",
  "pull-review-posted",
];

async function outcomeOf(
  { forge, repository }: PullRequestScene,
  { pull, store }: { readonly pull: ForgePull; readonly store: Store },
) {
  const stored = await store.events();
  const known = new Map((await store.deliveries()).map(({ id, state }) => [id, state]));
  const merges = ["log", "--format=%s", "--first-parent", "main"];
  return {
    isOpen: pull.isOpen,
    main: execFileSync("git", ["-C", repository.folder, ...merges], { encoding: "utf8" }),
    reviews: pull.reviews
      .filter(({ user }) => user.login === "orket-bot")
      .map(({ state, body, comments }) => [state, plain(body), comments.length]),
    statuses: repository.statuses.map(({ context, state }) => `${context} ${state}`),
    comments: repository.notes.map(({ body }) => plain(body)),
    labels: repository.labels.map(({ name }) => name),
    issues: repository.issues.map(({ title, body, labels }) => [
      title,
      plain(body),
      labels.map(({ name }) => name),
    ]),
    cards: (await store.cards()).map(({ id, status }) => `${id} ${status}`).toSorted(),
    events: stored
      .filter(({ type }) => ONCE.includes(type))
      .map(({ type, data }) => `${type} ${text(data["errand"] ?? data["kind"])}`)
      .toSorted(),
    /** A kill between the audit and the merge leaves one audit more. */
    audit: [
      ...new Set(
        stored.map(({ type }) => type).filter((type) => /^pr-merge(-asked|d)$/.test(type)),
      ),
    ],
    /** Acknowledged to the forge, and not worked off. */
    lost: forge.deliveries
      .filter(({ statuses }) => statuses.some((status) => status !== null && status < 300))
      .filter(({ id }) => !["done", "ignored"].includes(known.get(id) ?? ""))
      .map(({ id, eventType }) => `${eventType} ${id} ${known.get(id)}`),
  };
}
