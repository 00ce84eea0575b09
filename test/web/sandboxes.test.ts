// Sandboxes in a real browser on a real container engine: one is brought up, seen, read in its colours, called, and taken
// down from its page. Where there is no engine, the page says so.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { buildBusyboxImage, useDockerEngine } from "../support/docker-engine.ts";
import { runOrket } from "../support/orket.ts";
import { approve, epicFile, say, script, write } from "../support/project.ts";
import { openWeb, violationsOf } from "../support/web-scene.ts";
import { visit } from "../support/web-visit.ts";

const docker = await useDockerEngine();
const { skip } = docker;
const IMAGE = skip === false ? buildBusyboxImage(docker) : "";
const ID = "sandbox-build-work";

const LOUD = [
  "mkdir -p /tmp/www && echo hello > /tmp/www/index.html",
  String.raw`printf '\033[1;31mno index\033[0m on posting.date\n'`,
  String.raw`printf '\033]8;;https://evil.example\007a link\033]8;;\007 <img src=x onerror=alert(1)>\n'`,
  String.raw`printf '\033[2Jkept \342\200\256 turned\n'`,
  "for i in $(seq 0 59); do echo line $i; done",
  "exec httpd -f -p 8000 -h /tmp/www",
].join("; ");
const API = {
  image: IMAGE,
  pull: "never",
  command: ["/bin/sh", "-c", LOUD],
  ports: { api: 8000 },
  tmpfs: { "/tmp": 4 },
};
const IDLE = { image: IMAGE, pull: "never", command: ["/bin/sh", "-c", "echo idle; sleep 600"] };

/** The project is gone by then, and with it the way to take its sandbox down. */
function clearEngine(): void {
  const left = docker.docker("ps", "--all", "--quiet");
  if (left !== "") docker.docker("rm", "--force", ...left.split("\n"));
  docker.docker("network", "prune", "--force");
}

async function openWithSandbox(context: TestContext) {
  const env = { DOCKER_HOST: docker.env.DOCKER_HOST, DOCKER_CONFIG: docker.env.DOCKER_CONFIG };
  const web = await openWeb(context, {
    env,
    files: {
      "model/core/epics/work.yaml": epicFile([{ id: "api" }], {
        params: { stack: { services: { api: API, idle: IDLE } } },
      }),
      "script.yaml": script({
        api: { coder: [write("notes.md", "One.\n"), say("Done.")], guard: [approve] },
      }),
    },
    prepare: async ({ run }) => void (await run({ card: "work" })),
  });
  const orket = async (...words: readonly string[]) => runOrket(words, { cwd: web.dir, env });
  context.after(clearEngine);
  return { web, orket };
}

test(
  "a sandbox is seen, its lines are read in their colours, it answers, and it is taken down",
  { skip },
  async (context) => {
    const { web, orket } = await openWithSandbox(context);
    const page = await web.open("/sandboxes");
    await page.getByText("No sandboxes.").waitFor();
    await web.shoot(page, "sandboxes-empty");
    const up = await orket("sandboxes", "up", "work");
    assert.equal(up.code, 0, up.err);
    // The page hears of it by itself.
    const table = page.getByRole("region", { name: "Sandboxes" });
    await table.getByText("Running", { exact: true }).waitFor();
    await table.getByText(/^ends in \d+ h unless used$/).waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, "sandboxes");
    const port = table.getByRole("link", { name: "api", exact: true });
    assert.equal(await port.getAttribute("target"), "_blank");
    assert.equal(await port.getAttribute("rel"), "noreferrer noopener");
    const answer = await fetch(`${(await port.getAttribute("href")) ?? ""}/`);
    assert.equal(await answer.text(), "hello\n");

    await table.getByRole("link", { name: ID }).click();
    await page.getByRole("heading", { level: 1, name: ID }).waitFor();
    const services = page.getByRole("region", { name: "Services" });
    await services.getByText("Running, not checked").first().waitFor();
    const log = page.getByLabel("The last lines");
    await log.getByText("no index", { exact: true }).waitFor();
    assert.equal(
      await log.getByText("no index", { exact: true }).getAttribute("class"),
      "ansi-red ansi-bold",
    );
    await log.getByText("a link <img src=x onerror=alert(1)>").waitFor();
    await log.getByText("kept [U+202E] turned").waitFor();
    assert.doesNotMatch(await log.innerText(), /U\+001B|evil\.example/);
    assert.equal(await log.locator("a, img").count(), 0);
    // It stands at its end.
    assert.ok(await log.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 8));
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, "sandbox");

    await page.getByRole("combobox", { name: "Service" }).selectOption("idle");
    await log.getByText("idle").last().waitFor();
    assert.doesNotMatch(await log.innerText(), /no index/);
    await page.getByRole("combobox", { name: "Service" }).selectOption("api");
    await page.getByLabel("Find").fill("LINE 1");
    await page.getByText(/^11 of \d+ lines$/).waitFor();
    await page.getByRole("button", { name: "Wrap" }).click();
    assert.match(page.url(), /service=api&q=LINE\+1&wrap=off/);
    await page.getByLabel("Find").fill("");
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    const saved = await saving;
    assert.equal(saved.suggestedFilename(), `orket-${ID}-api.log`);
    const text = await readFile(await saved.path(), "utf8");
    assert.match(text, /no index on posting\.date\n/);
    assert.ok(!text.includes("\u001B"));

    const dark = await web.open(`/sandboxes/${ID}`, { theme: "dark", width: 360 });
    await dark.getByText("no index", { exact: true }).waitFor();
    await dark.getByLabel("Find").fill("o");
    await dark.getByLabel("The last lines").scrollIntoViewIfNeeded();
    assert.deepEqual(await violationsOf(dark), []);
    assert.ok(await dark.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    await web.shoot(dark, "sandbox-dark-narrow");
    await dark.close();

    // By the keyboard alone.
    await page.getByRole("button", { name: "Take down…" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Take this sandbox down?" }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Leave it");
    assert.deepEqual(await violationsOf(page), []);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Taken down.").waitFor();
    await web.shoot(page, "sandbox-taken-down");
    assert.equal(docker.docker("ps", "--all", "--quiet"), "");
    await page.getByRole("link", { name: "All sandboxes" }).click();
    await page.getByText("No sandboxes.").waitFor();
  },
);

test(
  "who reads further up keeps what they read, and what nobody here knows is told",
  { skip },
  async (context) => {
    const { web, orket } = await openWithSandbox(context);
    const up = await orket("sandboxes", "up", "work");
    assert.equal(up.code, 0, up.err);
    docker.docker(
      "network",
      "create",
      "--label",
      "com.docker.compose.project=orket-sandbox-lost",
      "lost",
    );
    const page = await web.open(`/sandboxes/${ID}?service=api`);
    const log = page.getByLabel("The last lines");
    await log.getByText(/line 59$/m).waitFor();
    await log.evaluate((one) => one.scrollTo({ top: 0 }));
    const speak = (text: string): void => {
      const name = docker.docker(
        "ps",
        "--quiet",
        "--filter",
        "label=com.docker.compose.service=api",
      );
      docker.docker("exec", name, "sh", "-c", `echo ${text} > /proc/1/fd/1`);
    };
    speak("one-more");
    await page.getByRole("button", { name: "Jump to latest" }).waitFor();
    assert.equal(await log.evaluate((one) => one.scrollTop), 0);
    assert.equal(await log.getByText("one-more").count(), 0);
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await log.getByText("one-more").waitFor();
    speak("and-another");
    await log.getByText("and-another").waitFor();
    assert.ok(await log.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 8));
    await visit(page, `${web.url}/sandboxes`);
    await page.getByText("sandbox-lost").first().waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, "sandboxes-orphan");
  },
);

test("without a container engine the page says so, and that runs go on", async (context) => {
  const web = await openWeb(context, { env: { DOCKER_HOST: "unix:///nowhere.sock" } });
  for (const theme of ["light", "dark"] as const) {
    const page = await web.open("/sandboxes", { theme });
    await page.getByRole("heading", { name: "No container engine." }).waitFor();
    await page.getByText("Runs go on.").waitFor();
    await page.getByText("orket doctor").waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await web.shoot(page, `sandboxes-no-engine-${theme}`);
    await visit(page, `${web.url}/sandboxes/sandbox-none`);
    await page.getByText("No sandbox has that id.").waitFor();
    assert.deepEqual(await violationsOf(page), []);
  }
});
