// A finished build on its way to the forge: real git, a forge on loopback, and everything that can be there already, be
// somebody else's, or get lost on the way.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { branchesOf, git } from "../test/support/forge/git.ts";
import { openForge } from "../test/support/forge/open-forge.ts";
import { openProject } from "../test/support/open-project.ts";
import { approve, say, script, write } from "../test/support/project.ts";
import { keepOffers } from "./app/offers/keep-offers.ts";
import type { OfferSetting } from "./assemble-offers.ts";
import {
  chooseRepository,
  offerDeps,
  offerDueFromSettings,
  offerFromSettings,
} from "./assemble-offers.ts";
import { loadConfig } from "./config.ts";
import type { Event } from "./domain/events.ts";
import type { Run } from "./domain/run.ts";

const NEVER = new AbortController().signal;
const REPOSITORY = { owner: "orket", name: "demo" };
const BRANCH = "orket/build-work";

type SceneSetting = {
  readonly writes?: Readonly<Record<string, string>>;
  readonly theirs?: Readonly<Record<string, string>> | null;
  readonly rule?: string;
};

/** A build that is done, and a repository that it could go to. */
async function openScene(context: TestContext, setting: SceneSetting = {}) {
  const {
    writes = { "docs/a.md": "ours\n" },
    theirs = { "README.md": "# Demo\n" },
    rule,
  } = setting;
  const fake = await openForge(context);
  const [owner, bot, ann] = ["orket", "orket-bot", "ann"].map((login) => fake.addUser(login));
  assert.ok(owner && bot && ann);
  const rights = { "orket-bot": "write", ann: "write" } as const;
  const made = { owner, name: "demo", rights };
  const repository = fake.addRepository(theirs === null ? made : { ...made, files: theirs });
  const calls = Object.entries(writes).map(([path, content]) => write(path, content));
  const process_rules = rule === undefined ? {} : { open_pull_requests_in: rule };
  const organization = { name: "o", vision: "v", ethos: "e", process_rules };
  const project = await openProject(context, {
    issues: [{ id: "A-1" }],
    script: script({ "A-1": { coder: [...calls, say("Done.")], guard: [approve] } }),
    files: { "config/organization.json": JSON.stringify(organization) },
  });
  const settingOf = (env: Record<string, string>, file: unknown = {}): OfferSetting => {
    const config = loadConfig({ env, file });
    assert.ok(config.ok);
    const searchPath = process.env["PATH"] ?? "";
    const stateDir = join(project.dir, ".orket");
    return { engine: project.engine, config: config.value, stateDir, searchPath };
  };
  const offers = settingOf({ GITEA_URL: fake.url, GITEA_TOKEN: bot.token });
  const run = await project.run({ card: "work" });
  assert.equal(run.status, "done", JSON.stringify(run));
  const offer = async (which: Run = run) => {
    const done = await offerFromSettings(offers, { run: which, repository: REPOSITORY }, NEVER);
    assert.ok(done.ok, JSON.stringify(done));
    assert.equal(done.value.length, 1);
    return done.value[0]?.outcome ?? assert.fail("nothing was offered");
  };
  const said = (): readonly Event[] =>
    project.events.filter(({ type }) => type.startsWith("pr-offer"));
  const show = (path: string): string => git(repository.folder, ["show", `${BRANCH}:${path}`]);
  return { fake, owner, bot, ann, repository, project, settingOf, offers, run, offer, said, show };
}

test("a build that is done becomes a branch and a pull request, made of its cards, and a second call changes nothing", async (context) => {
  const { offer, repository, show, said, bot } = await openScene(context);
  const opened = await offer();
  assert.equal(opened.kind, "opened");
  const [pull, ...more] = repository.pulls;
  assert.deepEqual(more, []);
  assert.equal(pull?.user, bot);
  assert.deepEqual([pull?.head, pull?.base], [BRANCH, "main"]);
  assert.match(pull?.title ?? "", /^build-work: /);
  assert.match(pull?.body ?? "", /`A-1`.*: not verified/);
  assert.deepEqual([show("docs/a.md"), show("README.md")], ["ours\n", "# Demo\n"]);
  assert.equal((await offer()).kind, "unchanged");
  assert.equal(repository.pulls.length, 1);
  assert.deepEqual(
    said().map(({ type, data }) => [type, data["outcome"], data["pullRequest"]]),
    [
      ["pr-offered", "opened", pull?.number],
      ["pr-offered", "unchanged", pull?.number],
    ],
  );
});

test("an open pull request gets another commit when the build has changed; nothing of it is replaced", async (context) => {
  const { offer, repository, project, show } = await openScene(context);
  await offer();
  const [first] = git(repository.folder, ["rev-parse", BRANCH]).split("\n");
  const workspace = await project.engine.workspaces.open("build-work");
  await workspace.write("docs/a.md", "better\n");
  const request = { subject: "s", card: "A-1", seat: "coder", turn: "t", run: "r" };
  await workspace.commit({ ...request, paths: ["docs/a.md"] });
  assert.equal((await offer()).kind, "updated");
  assert.equal(show("docs/a.md"), "better\n");
  assert.equal(git(repository.folder, ["rev-parse", `${BRANCH}~1`]).trim(), first);
  assert.equal(repository.pulls.length, 1);
});

test("a branch that somebody else pushed to is left as it is, and the refusal says what to do", async (context) => {
  const { offer, fake, repository, ann, said } = await openScene(context);
  await offer();
  fake.push(repository, { branch: BRANCH, files: { "theirs.txt": "x" }, by: ann });
  const theirs = git(repository.folder, ["rev-parse", BRANCH]);
  const refused = await offer();
  assert.ok(refused.kind === "refused");
  assert.equal(refused.error.code, "FORGE_CONFLICT");
  assert.match(refused.error.message, /not sent from here.*--build/);
  assert.equal(git(repository.folder, ["rev-parse", BRANCH]), theirs);
  assert.equal(said().at(-1)?.type, "pr-offer-refused");
});

test("a branch of its own without a pull request is brought up to date from the base as it is now", async (context) => {
  const { offer, fake, repository, ann, show } = await openScene(context);
  await offer();
  const [pull] = repository.pulls;
  assert.ok(pull);
  fake.close(repository, pull, ann);
  fake.push(repository, { branch: "main", files: { "later.txt": "later\n" }, by: ann });
  assert.equal((await offer()).kind, "opened");
  assert.equal(repository.pulls.length, 2);
  assert.equal(show("later.txt"), "later\n");
});

test("what is merged there already needs no pull request", async (context) => {
  const { offer, repository } = await openScene(context, { theirs: { "docs/a.md": "ours\n" } });
  assert.equal((await offer()).kind, "nothing");
  assert.deepEqual(repository.pulls, []);
  assert.deepEqual([...branchesOf(repository.folder).keys()], ["main"]);
});

test("nothing that a forge executes by itself is ever pushed", async (context) => {
  const writes = { "docs/a.md": "a", ".gitea/workflows/ci.yaml": "on: push\n" };
  const { offer, repository } = await openScene(context, { writes });
  const refused = await offer();
  assert.ok(refused.kind === "refused");
  assert.equal(refused.error.code, "PATH_PROTECTED");
  assert.match(refused.error.message, /\.gitea\/workflows\/ci\.yaml/);
  assert.deepEqual([...branchesOf(repository.folder).keys()], ["main"]);
});

const UNFIT = [
  ["is archived", { isArchived: true }],
  ["is empty", {}],
] as const;
for (const [words, change] of UNFIT)
  test(`a repository that ${words} is refused before anything is pushed`, async (context) => {
    const theirs = words === "is empty" ? null : { "a.txt": "a" };
    const { offer, repository } = await openScene(context, { theirs });
    Object.assign(repository, change);
    const refused = await offer();
    assert.ok(refused.kind === "refused" && refused.error.code === "FORGE_CONFLICT");
    assert.match(refused.error.message, new RegExp(words));
    assert.deepEqual(repository.pulls, []);
  });

test("an account that may not push there is told so", async (context) => {
  const { offer, repository, bot } = await openScene(context);
  repository.rights.set(bot.login, "read");
  const refused = await offer();
  assert.ok(refused.kind === "refused");
  assert.equal(refused.error.code, "FORGE_FORBIDDEN");
});

for (const when of ["before", "after"] as const)
  test(`an answer that is lost ${when} the pull request is made leaves one, found or made by the next call`, async (context) => {
    const { offer, fake, repository, said } = await openScene(context);
    fake.misbehave({ method: "POST", path: /\/pulls$/, when, how: { kind: "cut" } });
    const first = await offer();
    if (when === "before") {
      assert.ok(first.kind === "refused" && first.error.code === "FORGE_UNAVAILABLE");
      assert.deepEqual(said(), [], "what passes by itself is no answer yet");
      fake.behave();
      assert.equal((await offer()).kind, "opened");
    } else {
      assert.equal(first.kind, "opened");
    }
    assert.equal(repository.pulls.length, 1);
  });

test("a push whose answer is lost is found to have arrived", async (context) => {
  const { offer, fake, repository } = await openScene(context);
  const path = /git-receive-pack$/;
  fake.misbehave({ method: "POST", path, when: "after", how: { kind: "cut" } });
  assert.equal((await offer()).kind, "opened");
  assert.equal(repository.pulls.length, 1);
});

test("two who offer the same build at once open one pull request", async (context) => {
  const { offer, repository } = await openScene(context);
  const kinds = (await Promise.all([offer(), offer(), offer()])).map(({ kind }) => kind);
  assert.equal(repository.pulls.length, 1);
  assert.ok(kinds.includes("opened"), kinds.join());
  assert.ok(!kinds.includes("refused"), kinds.join());
});

test("a run that is not done is offered to nobody, nor is one without a forge", async (context) => {
  const { offers, settingOf, run, fake } = await openScene(context);
  const before = fake.requests.length;
  const blocked = { run: { ...run, status: "blocked" as const }, repository: REPOSITORY };
  const early = await offerFromSettings(offers, blocked, NEVER);
  assert.equal(early.ok ? "ok" : early.error.code, "RUN_STATE");
  const none = await offerFromSettings(settingOf({}), { run, repository: REPOSITORY }, NEVER);
  assert.equal(none.ok ? "ok" : none.error.code, "CONFIG_INVALID");
  const unsafe = settingOf({ GITEA_URL: "http://forge.test", GITEA_TOKEN: "word" });
  for (const asked of [
    await offerFromSettings(unsafe, { run, repository: REPOSITORY }, NEVER),
    await chooseRepository(unsafe, null),
  ])
    assert.equal(asked.ok ? "ok" : asked.error.code, "CONFIG_INVALID");
  assert.equal(fake.requests.length, before);
});

test("the repository is the one that is named, else the only one of the settings, else the organization's", async (context) => {
  const { settingOf, fake, bot } = await openScene(context, { rule: "orket/ruled" });
  const env = { GITEA_URL: fake.url, GITEA_TOKEN: bot.token };
  const chosen = async (name: string | null, repositories: readonly string[] = []) => {
    const found = await chooseRepository(settingOf(env, { gitea: { repositories } }), name);
    return found.ok ? `${found.value.owner}/${found.value.name}` : found.error.code;
  };
  assert.equal(await chosen("a/b", ["orket/demo"]), "a/b");
  assert.equal(await chosen(null, ["orket/demo"]), "orket/demo");
  assert.equal(await chosen(null, ["orket/demo", "orket/other"]), "orket/ruled");
  for (const bad of ["a", "a/b/c", "../b", "a/.git", "", "a/ b"])
    assert.equal(await chosen(bad), "USAGE", bad);
  const none = await chooseRepository(settingOf({}), "a/b");
  assert.equal(none.ok ? "ok" : none.error.code, "CONFIG_INVALID");
});

test("without a rule and with no or several repositories a name is asked for", async (context) => {
  const { settingOf, fake, bot } = await openScene(context);
  const env = { GITEA_URL: fake.url, GITEA_TOKEN: bot.token };
  const asked = await chooseRepository(settingOf(env), null);
  assert.equal(asked.ok ? "ok" : asked.error.code, "USAGE");
});

test("by the organization's rule a run that ends well leaves word of it, which is kept once, also after a crash", async (context) => {
  const { offers, repository, said, run, fake } = await openScene(context, { rule: "orket/demo" });
  assert.deepEqual(
    said().map(({ type, run: of }) => [type, of]),
    [["pr-offer-due", run.id]],
  );
  fake.misbehave({ method: "POST", path: /\/pulls$/, when: "before", how: { kind: "cut" } });
  const first = await offerDueFromSettings(offers, NEVER);
  assert.equal(first.waits?.code, "FORGE_UNAVAILABLE");
  assert.deepEqual(repository.pulls, []);
  fake.behave();
  const second = await offerDueFromSettings(offers, NEVER);
  assert.deepEqual([second.waits, second.offered.length], [null, 1]);
  assert.equal(repository.pulls.length, 1);
  assert.deepEqual(await offerDueFromSettings(offers, NEVER), { offered: [], waits: null });
});

test("the server keeps what is due until it is told to stop; without a rule nothing is looked for", async (context) => {
  const { offers, repository, said } = await openScene(context, { rule: "orket/demo" });
  const stop = new AbortController();
  const kept = keepOffers(offerDeps(offers), stop.signal);
  while (said().at(-1)?.type !== "pr-offered")
    await new Promise((done) => void setTimeout(done, 20));
  stop.abort();
  await kept;
  assert.equal(repository.pulls.length, 1);
  const ruleless = await openScene(context);
  const before = ruleless.fake.requests.length;
  const ended = new AbortController();
  const idle = keepOffers(offerDeps(ruleless.offers), ended.signal);
  ended.abort();
  await idle;
  assert.equal(ruleless.fake.requests.length, before);
});

test("a rule whose forge is not set waits and says why", async (context) => {
  const { settingOf } = await openScene(context, { rule: "orket/demo" });
  const waiting = await offerDueFromSettings(settingOf({}), NEVER);
  assert.equal(waiting.waits?.code, "CONFIG_INVALID");
});
