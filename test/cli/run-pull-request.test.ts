// `orket run --pull-request` as a process: from a card to a pull request on a forge on loopback.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { stringify } from "yaml";
import { openForge } from "../support/forge/open-forge.ts";
import { runOrket } from "../support/orket.ts";
import { epicFile, makeProject, simpleScript } from "../support/project.ts";

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

async function openScene(context: TestContext, rule?: string) {
  const forge = await openForge(context);
  const bot = forge.addUser("orket-bot");
  const repository = forge.addRepository({ owner: bot, name: "demo", files: { "README.md": "x" } });
  const process_rules = rule === undefined ? {} : { open_pull_requests_in: rule };
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "A-1" }]),
    "script.yaml": stringify(simpleScript(["A-1"])),
    "orket.yaml": stringify({ model: "scripted:script.yaml" }),
    "config/organization.json": JSON.stringify({
      name: "o",
      vision: "v",
      ethos: "e",
      process_rules,
    }),
  });
  context.after(project.remove);
  const env = { GITEA_URL: forge.url, GITEA_TOKEN: bot.token };
  const orket = async (args: readonly string[], extra: Readonly<Record<string, string>> = env) => {
    const done = await runOrket(args, { cwd: project.dir, env: extra });
    assert.ok(!`${done.out}${done.err}`.includes(bot.token), "the token is shown");
    return done;
  };
  return { forge, repository, orket };
}

test("what was built is opened as a pull request, said in words and as an event, and once only", async (context) => {
  const { forge, repository, orket } = await openScene(context);
  const unset = await orket(["run", "work", "--pull-request", "orket-bot/demo"], {});
  assert.deepEqual([unset.code, /Set GITEA_URL and GITEA_TOKEN/.test(unset.err)], [3, true]);
  const unnamed = await orket(["run", "work", "--pull-request"]);
  assert.deepEqual([unnamed.code, /Which repository/.test(unnamed.err)], [2, true]);
  const none = await orket(["runs", "--json"]);
  assert.deepEqual((JSON.parse(none.out) as { runs: unknown[] }).runs, [], "no run began");
  const args = ["run", "work", "--pull-request", "orket-bot/demo"];
  const done = await orket(args);
  assert.equal(done.code, 0, done.err);
  const [pull, ...more] = repository.pulls;
  assert.ok(pull);
  assert.deepEqual(more, []);
  const address = `${forge.url}/orket-bot/demo/pulls/${pull.number}`;
  assert.match(done.out, new RegExp(`^build-work: opened as pull request #1: ${address}$`, "m"));
  const again = await orket([...args, "--json"]);
  assert.equal(again.code, 0, again.err);
  const lines = again.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  assert.equal(lines.at(-1)?.type, "result");
  const offered = lines.find(({ type }) => type === "pr-offered");
  assert.equal((offered?.["data"] as Line | undefined)?.["outcome"], "unchanged");
  assert.equal(repository.pulls.length, 1);
});

test("a refusal of the forge leaves the run done, and ends the command with its code and a way out", async (context) => {
  const { forge, orket } = await openScene(context);
  const done = await orket(["run", "work", "--pull-request", "orket-bot/other"]);
  assert.equal(done.code, 1, `${done.out}${done.err}`);
  assert.match(done.out, /^work done/m);
  assert.match(done.err, /FORGE_NOT_FOUND/);
  assert.deepEqual(forge.state.repositories[0]?.pulls, []);
});

test("by the organization's rule it goes out without being asked for", async (context) => {
  const { repository, orket } = await openScene(context, "orket-bot/demo");
  const lost = await orket(["run", "work"], {});
  assert.equal(lost.code, 3, "the run is done, and its way out waits for the settings");
  assert.match(lost.out, /^work done/m);
  assert.deepEqual(repository.pulls, []);
  const done = await orket(["run", "work"]);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /opened as pull request #1/);
  assert.equal(repository.pulls.length, 1);
});
