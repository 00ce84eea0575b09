// A person before the dashboard: a project, `orket serve` on it as a process, and the system's Chromium. Whatever the page
// complains about (console, errors, its own security policy, addresses elsewhere) fails the test that saw it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { startOrket } from "./orket.ts";
import { epicFile, makeProject, openTestEngine } from "./project.ts";
import type { TestEngine } from "./project.ts";
import { CUT, visit } from "./web-visit.ts";

const KEY = "a-long-admin-key-of-the-web-tests-0123456789";
const ROOT = join(import.meta.dirname, "../..");
const SHOTS = join(ROOT, "reports/web");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export type WebScene = {
  readonly dir: string;
  readonly url: string;
  readonly browser: Browser;
  /** A new tab of a browser of its own, already signed in unless it is said otherwise. */
  readonly open: (path: string, options?: OpenOptions) => Promise<Page>;
  /** Another tab beside that one. */
  readonly beside: (page: Page, path: string) => Promise<Page>;
  readonly post: (path: string, body: unknown) => Promise<Readonly<Record<string, unknown>>>;
  readonly get: (path: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Kept under reports/, which is not of the repository. */
  readonly shoot: (page: Page, name: string) => Promise<void>;
};

export type OpenOptions = {
  readonly isSignedIn?: boolean;
  /** Signs in with that key; the project's own unless it is said otherwise. */
  readonly key?: string;
  readonly theme?: "light" | "dark";
  readonly width?: number;
  /** A word in a message of the console that this test brings about. */
  readonly expected?: RegExp;
};

export type WebOptions = {
  readonly files?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Works on the project's store before the server has it. */
  readonly prepare?: (opened: TestEngine, dir: string) => Promise<void>;
};

export async function openWeb(context: TestContext, options: WebOptions = {}): Promise<WebScene> {
  assert.ok(existsSync(join(ROOT, "web/dist/index.html")), "Run first: npm run build:web");
  const project = await makeProject({
    "model/core/epics/work.yaml": epicFile([{ id: "api" }]),
    ...options.files,
  });
  if (options.prepare !== undefined) {
    const opened = await openTestEngine(project.dir);
    await options.prepare(opened, project.dir);
    await opened.close();
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ORKET_API_KEY: KEY, ...options.env };
  const begin = async () => {
    const server = startOrket(["serve", "--port", String(port)], {
      cwd: project.dir,
      env,
      msMax: 280_000,
    });
    await server.says("Ctrl-C stops it");
    return server;
  };
  let server = await begin();
  const browser = await openChromium();
  const complaints: string[] = [];
  context.after(async () => {
    if (!hasPassed(context)) for (const text of await textsOf(browser)) context.diagnostic(text);
    await browser.close();
    server.signal("SIGKILL");
    await server.ended;
    await project.remove();
    assert.deepEqual(complaints, []);
  });
  const asked = async (path: string, init: RequestInit = {}) => {
    const headers = { "x-api-key": KEY, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { ...init, headers });
    return (await answer.json()) as Readonly<Record<string, unknown>>;
  };
  return {
    dir: project.dir,
    url,
    browser,
    open: async (path, asking = {}) => {
      const { theme = "light", width = 1280, isSignedIn = true } = asking;
      const own = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme: theme,
        reducedMotion: "reduce",
      });
      const page = await own.newPage();
      watch(page, { url, complaints, expected: asking.expected });
      if (isSignedIn) await signIn(page, url, asking.key);
      await visit(page, `${url}${path}`);
      return page;
    },
    beside: async (page, path) => {
      const other = await page.context().newPage();
      watch(other, { url, complaints, expected: undefined });
      await visit(other, `${url}${path}`);
      return other;
    },
    post: async (path, body) => asked(path, { method: "POST", body: JSON.stringify(body) }),
    get: async (path) => asked(path),
    kill: async () => {
      server.signal("SIGKILL");
      await server.ended;
    },
    start: async () => {
      server = await begin();
    },
    shoot: async (page, name) => {
      await mkdir(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `${name}.png`) });
    },
  };
}

export const WEB_KEY = KEY;

/** Node gives it; its types do not name it yet. */
const hasPassed = (context: TestContext): boolean =>
  (context as TestContext & { readonly passed: boolean }).passed;

const TEXT_CHARACTERS = 3000;

/** What stood on every page, for whoever reads why a test failed. */
const textsOf = async (browser: Browser): Promise<readonly string[]> =>
  Promise.all(
    browser
      .contexts()
      .flatMap((context) => context.pages())
      .map(async (page) => {
        const text = page.locator("body").innerText({ timeout: 1000 });
        return `${page.url()}\n${(await text.catch(() => "(no text)")).slice(0, TEXT_CHARACTERS)}`;
      }),
  );

async function signIn(page: Page, url: string, key = KEY): Promise<void> {
  const answer = await page.request.post(`${url}/v1/login`, { data: { key } });
  assert.equal(answer.status(), 200);
}

type Watching = {
  readonly url: string;
  readonly complaints: string[];
  readonly expected: RegExp | undefined;
};

/** Chromium says in the console what the policy of the page refused, and each answer that is an error. */
function watch(page: Page, { url, complaints, expected }: Watching): void {
  const complain = (text: string): void => {
    if (text.includes(CUT)) return;
    if (expected?.test(text) !== true) complaints.push(text);
  };
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) complain(`console: ${line.text()}`);
  });
  page.on("pageerror", (error) => complain(`page: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complain(`elsewhere: ${request.url()}`);
  });
}

async function openChromium(): Promise<Browser> {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  assert.ok(executablePath !== undefined, "These tests need Chromium.");
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...asRoot, "--disable-dev-shm-usage"] });
}

const freePort = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const at = probe.address();
      probe.close(() => resolve(at !== null && typeof at === "object" ? at.port : 0));
    });
  });

type Violation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] };

/** What axe finds on the page as it stands; it is evaluated, since the page's policy lets no foreign script in. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) {
    const { source } = createRequire(import.meta.url)("axe-core") as { readonly source: string };
    await page.evaluate(source);
  }
  const found = (await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) })))`)) as readonly Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
