// A Gitea or Forgejo for tests, on 127.0.0.1: its REST calls with their real statuses and habits over real bare git
// repositories, git over HTTP (Basic or token), signed webhooks, a log of all it was asked. It is made of small files here.
//
//   const forge = await openForge(context, { flavour: "forgejo" });
//   const bot = forge.addUser("orket-bot");                      // { login, token, … }; addOrganization likewise
//   const repository = forge.addRepository({ owner: bot, name: "demo", files: { "a.txt": "a" }, rights: { ann: "write" } });
//   forge.push(repository, { branch: "feature", files: { "a.txt": null, "b.txt": "b" }, by: bot });   // `force` rewrites
//   const pull = forge.openPullRequest(repository, { head: "feature", title: "…", by: bot });
//   forge.review(repository, pull, { by: ann, state: "APPROVED" });   // bodies, commits and comments as wanted
//   forge.close(…) reopen(…) rename(repository, "new") addHook(repository, { url, secret })
//   forge.deliver({ lose, repeat, reorder, delayMs }); await forge.flush(); await forge.settled();
//   forge.misbehave({ method: "POST", path: /merge/, when: "after", how: { kind: "cut" } });   // a lost answer
//   forge.deliveries   what was to be sent, with the statuses of each time;   forge.requests   what was asked, where tokens stood
// `checksAfterPush` lets so many looks pass before a pull request is mergeable; `allowsLoopback: false` is ALLOWED_HOST_LIST
// as it comes. What is not here: teams, forks, milestones, assignees, Actions.
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { addReview, afterPush, openPull, setOpen } from "./actions.ts";
import type { Scene } from "./actions.ts";
import type { Files } from "./git.ts";
import { branchesOf, commitFiles, git, shaOf } from "./git.ts";
import { makeRepository } from "./make-repository.ts";
import type { Misbehaviour } from "./misbehave.ts";
import { createMisbehaviours } from "./misbehave.ts";
import type { SeenRequest } from "./server.ts";
import { createForgeServer } from "./server.ts";
import type {
  Flavour,
  ForgeAccount,
  ForgePull,
  ForgeRepository,
  ForgeReview,
  ForgeState,
  Right,
} from "./state.ts";
import { fullNameOf } from "./state.ts";
import type { DeliveryMode } from "./webhooks.ts";
import { createWebhooks } from "./webhooks.ts";

export type ForgeOptions = {
  readonly flavour?: Flavour;
  readonly checksAfterPush?: number;
  readonly allowsLoopback?: boolean;
};

export type FakeForge = Awaited<ReturnType<typeof startForge>>;

export async function openForge(
  context: TestContext,
  options: ForgeOptions = {},
): Promise<FakeForge> {
  const forge = await startForge(options);
  context.after(forge.stop);
  return forge;
}

function newState(folder: string, { flavour, checksAfterPush }: ForgeOptions): ForgeState {
  let last = 0;
  let seconds = Date.parse("2026-02-13T10:00:00Z") / 1000;
  const nextId = (): number => (last += 1);
  return {
    flavour: flavour ?? "gitea",
    folder,
    url: "",
    nextId,
    accounts: [],
    repositories: [],
    renamed: new Map(),
    now: () => new Date((seconds += 1) * 1e3).toISOString().replace(".000Z", "Z"),
    checksAfterPush: checksAfterPush ?? 0,
  };
}

export async function startForge(options: ForgeOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "orket-test-forge-"));
  const state = newState(folder, options);
  const webhooks = createWebhooks(state, () => options.allowsLoopback ?? true);
  const misbehaviours = createMisbehaviours();
  const requests: SeenRequest[] = [];
  const world = { state, webhooks };
  const server = createForgeServer({ ...world, requests, misbehaviours });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scene = (repository: ForgeRepository, actor: ForgeAccount): Scene => ({
    ...world,
    repository,
    actor,
  });
  return {
    url: state.url,
    state,
    requests,
    deliveries: webhooks.deliveries,
    ...accountCalls(state),
    ...pullCalls(scene),
    deliver: (mode: DeliveryMode) => webhooks.setMode(mode),
    flush: webhooks.flush,
    settled: webhooks.settled,
    misbehave: (wanted: Misbehaviour) => misbehaviours.add(wanted),
    behave: () => misbehaviours.clear(),
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((closed) => void server.close(closed));
      await webhooks.settled();
      await rm(folder, {
        recursive: true,
        force: true,
      });
    },
  };
}

type NewRepository = {
  readonly owner: ForgeAccount;
  readonly name: string;
  readonly files?: Files;
  readonly isPrivate?: boolean;
  readonly rights?: Readonly<Record<string, Right>>;
};

function accountCalls(state: ForgeState) {
  const add = (
    login: string,
    isOrganization: boolean,
    scopes: readonly string[] | null,
  ): ForgeAccount => {
    const id = state.nextId();
    const token = `${id}`.padStart(4, "0").padEnd(40, "5ecae7");
    const account: ForgeAccount = { id, login, token, scopes, isOrganization };
    state.accounts.push(account);
    return account;
  };
  return {
    addUser: (login: string, scopes: readonly string[] | null = null) => add(login, false, scopes),
    addOrganization: (login: string) => add(login, true, null),
    addRepository: ({ owner, name, files, isPrivate = false, rights = {} }: NewRepository) => {
      const made = makeRepository(state, { owner, name, isPrivate });
      for (const [login, right] of Object.entries(rights)) made.rights.set(login, right);
      if (files === undefined) return made;
      const first = commitFiles(made.folder, { files, parent: null, message: "first" });
      git(made.folder, ["update-ref", "refs/heads/main", first]);
      return made;
    },
    addHook: (
      repository: ForgeRepository,
      { url, secret, events }: { url: string; secret: string; events?: readonly string[] },
    ): void => {
      const all = ["pull_request", "issue_comment", "push", "status"];
      const hook = { id: state.nextId(), url, secret, isActive: true, events: events ?? all };
      repository.hooks.push(hook);
    },
    rename: (repository: ForgeRepository, name: string): void => {
      state.renamed.set(fullNameOf(repository).toLowerCase(), repository.id);
      repository.name = name;
    },
    sha: (repository: ForgeRepository, reference: string) => shaOf(repository.folder, reference),
  };
}

type Push = {
  readonly branch: string;
  readonly files: Files;
  readonly by: ForgeAccount;
  readonly message?: string;
  /** Begins anew at the default branch, whatever was on it. */
  readonly force?: boolean;
};
type Opening = {
  readonly head: string;
  readonly by: ForgeAccount;
  readonly base?: string;
  readonly title?: string;
  readonly body?: string;
};
type Reviewing = {
  readonly by: ForgeAccount;
  readonly state: "APPROVED" | "REQUEST_CHANGES" | "COMMENT" | "PENDING";
  readonly body?: string;
  readonly commit?: string;
  readonly comments?: ForgeReview["comments"];
};

function pullCalls(scene: (repository: ForgeRepository, actor: ForgeAccount) => Scene) {
  return {
    push: (repository: ForgeRepository, push: Push): string => {
      const { folder, defaultBranch } = repository;
      const before = branchesOf(folder);
      const own = push.force === true ? null : (before.get(push.branch) ?? null);
      const parent = own ?? before.get(defaultBranch) ?? null;
      const { files, message = "change" } = push;
      const sha = commitFiles(folder, { files, parent, message });
      git(folder, ["update-ref", `refs/heads/${push.branch}`, sha]);
      afterPush(scene(repository, push.by), before);
      return sha;
    },
    openPullRequest: (repository: ForgeRepository, wanted: Opening): ForgePull => {
      const { by, head, base = repository.defaultBranch, title = head, body = "" } = wanted;
      return openPull(scene(repository, by), { title, body, head, base });
    },
    review: (repository: ForgeRepository, pull: ForgePull, given: Reviewing): ForgeReview => {
      const { by, state, body = "", commit = pull.headSha, comments = [] } = given;
      return addReview(scene(repository, by), pull, { state, body, commit, comments });
    },
    close: (repository: ForgeRepository, pull: ForgePull, by: ForgeAccount): void =>
      setOpen(scene(repository, by), pull, false),
    reopen: (repository: ForgeRepository, pull: ForgePull, by: ForgeAccount): void =>
      setOpen(scene(repository, by), pull, true),
  };
}
