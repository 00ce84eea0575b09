// The pages of the system in a real browser: health, security, settings, files that are edited there, and what runs used.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { runOrket } from "../support/orket.ts";
import { epicFile, simpleScript } from "../support/project.ts";
import { newRun } from "../support/store-records.ts";
import type { WebScene } from "../support/web-scene.ts";
import { measure, watchTasks } from "../support/web-measures.ts";
import { openWeb, violationsOf, WEB_KEY } from "../support/web-scene.ts";
import { stringify } from "yaml";
import { visit } from "../support/web-visit.ts";

const FILES = {
  "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
  "script.yaml": stringify(simpleScript(["api"])),
  "orket.yaml": { context_window: 7, prices: { "scripted:other.yaml": { input: 1, output: 2 } } },
  "notes/plan.md": "one\r\ntwo\r\n",
  "notes/<b>&odd.txt": "odd\n",
  "notes/hidden.txt": "a\u202eb\n",
  "notes/binary.bin": "a\0b",
  "notes/large.txt": "x".repeat(1024 * 1024 + 1),
};

const RUNS = 2100;
const RUNS_COUNTED = 2000;
const TASK_MS_MAX = 200;
const NODES_MAX = 2000;

const go = async (page: Page, web: WebScene, path: string): Promise<void> => {
  await visit(page, `${web.url}${path}`);
};
const heading = async (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

const SEEN: readonly (readonly [path: string, heading: string, says: RegExp])[] = [
  ["/system", "Health", /one look so far/],
  ["/system/security", "Security", /openssl|pass/],
  ["/system/settings", "Settings", /context_window/],
  ["/system/files", "Files", /No file is open/],
  ["/system/files?path=notes/plan.md", "Files", /Save/],
  ["/system/usage", "Usage", /By model/],
];

test("each page of the system has its address and heading, in light, dark and narrow", async (context) => {
  const web = await openWeb(context, {
    files: FILES,
    prepare: async ({ run }) => {
      await run({ card: "work" });
    },
  });
  for (const [theme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
  ] as const) {
    const page = await web.open("/board", { theme, width });
    for (const [path, title, says] of SEEN) {
      await go(page, web, path);
      await heading(page, title);
      await page.getByText(says).first().waitFor();
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, path);
      assert.deepEqual(await violationsOf(page), [], `${path} ${theme} ${width}`);
      const name = path.slice(1).replaceAll(/[/?=]/g, "-");
      await web.shoot(page, `${name}-${theme}-${width}`);
      const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(wide) <= 0, `${path} is wider than the window by ${String(wide)}`);
    }
  }
});

test("health says since when the server was not heard, and goes on once it answers", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/system", { expected: /ERR_|Failed to fetch/ });
  await page.getByText("online", { exact: true }).waitFor();
  const processors = page.locator(".gauge", { hasText: /^Processors.*between .* in/s });
  await processors.waitFor();
  assert.equal(await processors.locator("polyline").count(), 1);
  await page.getByText("not measured", { exact: true }).waitFor();
  await page.getByText(/^Q\d S\d+/).waitFor();
  await web.shoot(page, "system-health-samples");
  await web.kill();
  await page.getByText("Not heard", { exact: true }).waitFor();
  await page.getByText("online", { exact: true }).waitFor({ state: "detached" });
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "system-health-silent");
  await web.start();
  await page.getByText("online", { exact: true }).waitFor();
  await page.getByText("Not heard", { exact: true }).waitFor({ state: "detached" });
});

test("what is unsafe stands first, is counted, checked again, and its remedy copied", async (context) => {
  const web = await openWeb(context, {
    env: { ORKET_ALLOWED_ORIGINS: "http://plain.example", ORKET_API_KEY: WEB_KEY },
  });
  const page = await web.open("/system");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("navigation", { name: "System" }).getByText("Security").click();
  await heading(page, "Security");
  const counts = /^(\d+ pass )?\d+ warn( \d+ FAIL)?/;
  await page.getByRole("status").filter({ hasText: counts }).waitFor();
  const rows = page.getByRole("region", { name: "Checks" }).getByRole("row");
  const verdicts = (await rows.allInnerTexts()).slice(1).map((row) => row.split(/\s/)[0] ?? "");
  assert.deepEqual(
    verdicts,
    verdicts.toSorted(
      (one, other) => "FAIL warn pass".indexOf(one) - "FAIL warn pass".indexOf(other),
    ),
  );
  assert.equal(verdicts[0], "warn");
  const copy = page.getByRole("button", { name: "Copy the remedy of allowed-origins" });
  await copy.click();
  await page.getByText("Copied", { exact: true }).waitFor();
  const copied = String(await page.evaluate("navigator.clipboard.readText()"));
  assert.ok(
    (await page.locator("tr", { hasText: "allowed-origins" }).innerText()).includes(copied),
  );
  assert.ok(copied.length > 10);
  const asked = page.waitForResponse(/\/v1\/system\/security$/);
  await page.getByRole("button", { name: "Check again" }).click();
  assert.equal((await asked).status(), 200);
  assert.deepEqual(await violationsOf(page), []);
});

test("settings are found by words and by whether somebody set them, and the address says so", async (context) => {
  const web = await openWeb(context, {
    files: { ...FILES, ".env": "GITEA_TOKEN=canary-token-of-the-page\n" },
    env: { DOCKER_HOST: "tcp://me:canary-url-passw0rd@127.0.0.1:9" },
  });
  const page = await web.open("/system/settings");
  const row = (key: string) => page.locator("tr", { has: page.getByText(key, { exact: true }) });
  await row("context_window").getByText("orket.yaml").waitFor();
  await row("server.api_key").getByText("set", { exact: true }).waitFor();
  await row("gitea.token").getByText(".env", { exact: true }).waitFor();
  await row("docker_host").getByText("environment").waitFor();
  assert.doesNotMatch(await page.content(), /canary/);
  // By the keyboard alone.
  await page.getByLabel("Find").focus();
  await page.keyboard.type("orket.yaml");
  await row("concurrency").waitFor({ state: "detached" });
  await row("prices").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.waitForURL(/q=orket\.yaml&changed=1$/);
  await page.reload();
  await page.getByText("2 of 66 settings shown").waitFor();
  assert.equal(await page.getByLabel("Changed only").isChecked(), true);
  await page.getByLabel("Find").fill("no such thing");
  await page.getByRole("button", { name: "Show all" }).click();
  await row("concurrency").waitFor();
  assert.doesNotMatch(page.url(), /\?/);
  assert.deepEqual(await violationsOf(page), []);
});

test("a key that only looks is told what it may not see", async (context) => {
  const web = await openWeb(context);
  const added = await runOrket(["keys", "add", "viewer", "--scope", "read", "--json"], {
    cwd: web.dir,
  });
  const { key } = JSON.parse(added.out) as { readonly key: { readonly text: string } };
  const page = await web.open("/login", { isSignedIn: false, expected: /403/ });
  await page.request.post(`${web.url}/v1/login`, { data: { key: key.text } });
  await go(page, web, "/system");
  await page.getByText("for a key of scope admin").waitFor();
  for (const path of ["/system/security", "/system/settings"]) {
    await go(page, web, path);
    await page.getByText("Your key may not do this").waitFor();
    assert.deepEqual(await violationsOf(page), [], path);
  }
  await go(page, web, "/system/files?path=model/core/epics/work.yaml");
  await page.getByLabel("Text of model/core/epics/work.yaml").fill("mine");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Your key may not do this").waitFor();
  assert.equal(await page.getByLabel("Text of model/core/epics/work.yaml").inputValue(), "mine");
});

test("a file is changed by the keyboard and stands on the disk, with its own line ends", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/system/files");
  const files = page.getByRole("region", { name: "Its files" });
  await files.getByRole("link").first().waitFor();
  const names = await files.getByRole("link").allInnerTexts();
  assert.ok(names.indexOf("notes/") < names.indexOf("script.yaml"), names.join());
  assert.deepEqual(
    names.filter((name) => /^\.(?:orket|git|env)/.test(name)),
    [],
  );
  await files.getByRole("link", { name: "notes/" }).focus();
  await page.keyboard.press("Enter");
  const plan = files.getByRole("link", { name: "plan.md" });
  await plan.waitFor();
  assert.match(decodeURIComponent(page.url()), /path=notes$/);
  await plan.focus();
  await page.keyboard.press("Enter");
  const field = page.getByLabel("Text of notes/plan.md");
  await field.waitFor();
  const save = page.getByRole("button", { name: "Save" });
  assert.equal(await save.isDisabled(), true);
  await field.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("thre\n");
  await page.getByText("Not saved", { exact: true }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(readFileSync(join(web.dir, "notes/plan.md"), "utf8"), "one\r\ntwo\r\nthre\r\n");
  // Whoever goes on writing finds the place where they were.
  await field.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type("e");
  await page.keyboard.press("Control+s");
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(readFileSync(join(web.dir, "notes/plan.md"), "utf8"), "one\r\ntwo\r\nthree\r\n");
  assert.equal(await save.isDisabled(), true);
  await page.reload();
  await field.waitFor();
  assert.equal(await field.inputValue(), "one\ntwo\nthree\n");
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "notes" }).click();
  await page.getByText("No file is open.").waitFor();
});

test("what somebody else saved is shown, the draft is kept, and the person decides", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/system/files?path=notes/plan.md", { expected: /412/ });
  const path = join(web.dir, "notes/plan.md");
  const field = page.getByLabel("Text of notes/plan.md");
  const save = page.getByRole("button", { name: "Save", exact: true });
  await field.fill("mine\n");
  writeFileSync(path, "theirs\n");
  await save.click();
  await page.getByRole("heading", { name: /^Not saved: the file changed/ }).waitFor();
  await page.getByText("theirs").waitFor();
  assert.equal(await field.inputValue(), "mine\n");
  assert.equal(readFileSync(path, "utf8"), "theirs\n");
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "system-files-conflict");
  // Once more changed behind its back: to save over what is shown is not to save over what is not.
  writeFileSync(path, "newer\n");
  await page.getByRole("button", { name: "Save mine over it" }).click();
  await page.getByText("newer").waitFor();
  assert.equal(readFileSync(path, "utf8"), "newer\n");
  await page.getByRole("button", { name: "Save mine over it" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(readFileSync(path, "utf8"), "mine\n");
  await field.fill("again\n");
  writeFileSync(path, "last\n");
  await save.click();
  await page.getByRole("button", { name: "Drop mine, take it" }).click();
  await page.getByText("Not saved").first().waitFor({ state: "detached" });
  assert.equal(await field.inputValue(), "last\n");
  assert.equal(await save.isDisabled(), true);
  assert.equal(readFileSync(path, "utf8"), "last\n");
});

test("nobody leaves an unsaved text unasked, by a link, a key, Back or a reload", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/board");
  await page.getByRole("link", { name: "System" }).click();
  await page.getByRole("navigation", { name: "System" }).getByText("Files").click();
  await page.getByRole("link", { name: "notes/" }).click();
  await page.getByRole("link", { name: "plan.md" }).first().click();
  const field = page.getByLabel("Text of notes/plan.md");
  await field.fill("mine");
  const question = page.getByRole("dialog", { name: "Leave without saving?" });
  const asks = async (leave: () => Promise<unknown>): Promise<void> => {
    await leave();
    await question.waitFor();
    await question.getByRole("button", { name: "Stay" }).click();
    await question.waitFor({ state: "detached" });
    assert.match(decodeURIComponent(page.url()), /path=notes\/plan\.md$/);
    assert.equal(await field.inputValue(), "mine");
  };
  await asks(async () => page.getByRole("link", { name: "Runs" }).click());
  await asks(async () => {
    await page.getByRole("button", { name: "Undo all" }).focus();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
  });
  await asks(async () => page.evaluate("history.back()"));
  await page.getByRole("link", { name: "Usage" }).click();
  await question.waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "system-files-leave");
  let asked = "";
  page.once("dialog", (dialog) => {
    asked = dialog.type();
    void dialog.dismiss();
  });
  await question.getByRole("button", { name: "Stay" }).click();
  await page.reload({ timeout: 2000 }).catch(() => null);
  assert.equal(asked, "beforeunload");
  assert.equal(await field.inputValue(), "mine");
  await page.evaluate("history.back()");
  await question.getByRole("button", { name: "Leave, and lose it" }).click();
  await page.getByText("No file is open.").waitFor();
  assert.match(page.url(), /path=notes$/);
  await page.getByRole("link", { name: "Usage" }).click();
  await heading(page, "Usage");
});

test("what cannot be shown or saved is told in the server's words, and every name is text", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/system/files", { expected: /40[034]|413/ });
  for (const [path, code] of [
    ["notes/binary.bin", "FILE_UNFIT"],
    ["notes/large.txt", "FILE_TOO_LARGE"],
    ["notes/none.md", "FILE_MISSING"],
    [".env", "PATH_PROTECTED"],
    ["../other/file", "PATH_ESCAPE"],
  ] as const) {
    await go(page, web, `/system/files?path=${encodeURIComponent(path)}`);
    await page.getByText(code, { exact: true }).first().waitFor();
    assert.deepEqual(await violationsOf(page), [], path);
  }
  await go(page, web, "/system/files?path=notes/hidden.txt");
  await page.getByText("hide or turn text").click();
  await page.getByText("a[U+202E]b").waitFor();
  await page.getByRole("link", { name: "<b>&odd.txt" }).waitFor();
  assert.deepEqual(await violationsOf(page), []);
});

test("usage counts what ran, says what has no price, and has the same as tables", async (context) => {
  const web = await openWeb(context, {
    files: {
      ...FILES,
      "orket.yaml": { prices: { "scripted:script.yaml": { input: 9, output: 9 } } },
    },
  });
  const page = await web.open("/system/usage");
  await page.getByText("Nothing has run in the last 30 days.").waitFor();
  await web.post("/v1/runs", { card: "work" });
  const table = page.getByRole("region", { name: "By card, all" });
  await table.getByText("work", { exact: true }).waitFor();
  await table.getByText(/^\$0\.\d\d$/).waitFor();
  const { runs } = (await web.get("/v1/runs")) as {
    readonly runs: readonly { readonly usage: Readonly<Record<"inputTokens", number>> }[];
  };
  const tokens = runs[0]?.usage.inputTokens ?? 0;
  assert.ok(tokens > 0);
  await table.getByText(tokens.toLocaleString("en-US"), { exact: true }).waitFor();
  await page.getByText(/^most on \d{4}-\d\d-\d\d: 1 run$/).waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "system-usage-priced");
});

test("a frozen page asks for nothing, and goes on when it may", async (context) => {
  const web = await openWeb(context);
  const page = await web.open("/system/files");
  await page.clock.install();
  await go(page, web, "/system");
  await page.getByText("online", { exact: true }).waitFor();
  const beats: string[] = [];
  page.on("request", (request) => {
    if (/heartbeat|metrics/.test(request.url())) beats.push(request.url());
  });
  await page.getByRole("button", { name: "Pause updates" }).click();
  await page.getByText("Paused", { exact: true }).waitFor();
  beats.splice(0);
  await page.clock.runFor(60_000);
  assert.deepEqual(beats, []);
  await page.getByRole("button", { name: "Go on" }).click();
  const asked = page.waitForRequest(/heartbeat/);
  await page.clock.runFor(6000);
  await asked;
});

test("a session that ends while somebody writes takes nothing from them", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/system/files?path=notes/plan.md", { expected: /403/ });
  const field = page.getByLabel("Text of notes/plan.md");
  await field.fill("mine\n");
  const origin = { headers: { origin: web.url } };
  assert.equal(
    (await page.request.post(`${web.url}/v1/logout`, { data: {}, ...origin })).status(),
    200,
  );
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Stay" }).click();
  assert.equal(await field.inputValue(), "mine\n");
  await page.request.post(`${web.url}/v1/login`, { data: { key: WEB_KEY } });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal(readFileSync(join(web.dir, "notes/plan.md"), "utf8"), "mine\r\n");
});

test("a file of the backlog shows the prompt that a run would send", async (context) => {
  const web = await openWeb(context, { files: FILES });
  const page = await web.open("/system/files?path=model/core/epics/work.yaml");
  await page.getByText("The prompt that a run would send now").click();
  await page.getByRole("region", { name: "Message 1: system" }).waitFor();
  await page.getByText("Card api, seat coder").waitFor();
  assert.deepEqual(await violationsOf(page), []);
  await web.shoot(page, "system-files-prompt");
  // Nothing lies over the text.
  const box = await page.getByLabel("Text of model/core/epics/work.yaml").boundingBox();
  const prompt = await page.getByText("The prompt that a run would send now").boundingBox();
  assert.ok((prompt?.y ?? 0) >= (box?.y ?? 0) + (box?.height ?? Number.NaN));
});

test("thousands of files and runs are shown without holding the page up", async (context) => {
  const many = Array.from({ length: 5000 }, (_, at) => [`many/file-${at}.txt`, "x"]);
  const web = await openWeb(context, {
    files: { ...FILES, ...Object.fromEntries(many) },
    prepare: async ({ engine: { store } }) => {
      const createdAt = new Date().toISOString();
      await store.transaction(async ({ runs }) => {
        for (let at = 0; at < RUNS; at += 1)
          await runs.insert(
            newRun(`run-${at}`, { card: `card-${at % 300}`, status: "canceled", createdAt }),
            {},
          );
      });
    },
  });
  const page = await web.open("/system/files");
  await watchTasks(page);
  await page.getByRole("link", { name: "many/" }).click();
  const files = page.getByRole("region", { name: "Its files" });
  await files.getByRole("link", { name: "file-0.txt" }).focus();
  await page.keyboard.press("End");
  await files.locator('[aria-posinset="5000"]').waitFor();
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByText(`Only the newest ${RUNS_COUNTED} runs are counted`).waitFor();
  await page.getByText("200 more used less, and are not listed.").waitFor();
  await measure(page, { taskMs: TASK_MS_MAX, nodes: NODES_MAX });
  await web.shoot(page, "system-usage-many");
});
