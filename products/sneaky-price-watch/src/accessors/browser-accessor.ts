// Reads pages in a real headless Chromium: one program, started with the first page and shared, and for each page a context of
// its own that leaves nothing behind. Nothing pretends to be a person: the user agent is ours, and what refuses us is not asked again.
import { existsSync } from "node:fs";
import type { Browser, BrowserContext, CDPSession, Locator, Page } from "playwright-core";
import type { PageData, Permit, Stop } from "../schemas/poll.ts";
import { LIMITS, USER_AGENT } from "../schemas/settings.ts";
import type { Target } from "../schemas/watch.ts";
import { CLIMB_MAX, ELEMENTS_MAX, readTexts } from "../utils/find-texts.ts";
import type { GuardedNet } from "./guarded-net.ts";
import { openPageProxy } from "./page-proxy.ts";

export type BrowserAccessor = {
  readonly read: (url: URL, visit: Visit) => Promise<PageData>;
  readonly close: () => Promise<void>;
};
type Visit = { readonly target: Target; readonly permit: Permit; readonly signal: AbortSignal };
type BrowserDeps = {
  readonly net: GuardedNet;
  readonly chromiumPath: string | null;
  readonly isRoot: boolean;
};

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
];
const MARKUP_MAX = 256 * 1024;
const LOOK_MS = 200;
/** Once nothing is loaded any more, a price will hardly come. */
const IDLE_LOOKS = 5;
/** Loaded by pages for people to look at; no price needs them. */
const UNSEEN = new Set(["Image", "Media", "Font", "Ping", "Prefetch", "TextTrack", "Manifest"]);

/** Chromium's arguments; its own walls cannot be built by root in a container, and by nobody else are they taken away. */
export const chromiumArguments = (isRoot: boolean): readonly string[] => [
  ...(isRoot ? ["--no-sandbox"] : []),
  "--disable-dev-shm-usage",
  // Everything goes through the proxy or not at all.
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--disable-quic",
];

export const findChromium = (path: string | null): string | null =>
  path ?? USUAL_PATHS.find((usual) => existsSync(usual)) ?? null;

export function createBrowserAccessor({ net, chromiumPath, isRoot }: BrowserDeps): BrowserAccessor {
  let running: Promise<Browser> | null = null;
  const start = async (): Promise<Browser> => {
    const executablePath = findChromium(chromiumPath);
    if (executablePath === null)
      throw new Error(
        "There is no Chromium: install it, name it with --chromium, or use --reader http.",
      );
    // Loaded with the first page: most commands read none.
    const { chromium } = await import("playwright-core");
    return chromium.launch({
      executablePath,
      args: [...chromiumArguments(isRoot)],
      handleSIGINT: false,
      handleSIGTERM: false,
    });
  };
  const open = async (): Promise<Browser> => {
    running ??= start();
    const browser = await running.catch((error: unknown) => {
      running = null;
      throw error;
    });
    if (browser.isConnected()) return browser;
    running = start();
    return running;
  };
  return {
    read: async (url, visit) => {
      const browser = await open();
      const proxy = await openPageProxy(net, LIMITS.pageBytes);
      const context = await browser.newContext({
        proxy: { server: proxy.url, bypass: "<-loopback>" },
        userAgent: USER_AGENT,
        serviceWorkers: "block",
        acceptDownloads: false,
      });
      const leave = (): void => void context.close().catch(() => {});
      const ending = AbortSignal.any([visit.signal, proxy.overfull]);
      ending.addEventListener("abort", leave);
      if (ending.aborted) leave();
      try {
        return await readIn(context, url, { ...visit, permit: addressFirst(net, visit.permit) });
      } catch (error) {
        if (proxy.overfull.aborted)
          return {
            kind: "failed",
            reason: "too-large",
            detail: `The page loads more than ${LIMITS.pageBytes} bytes.`,
          };
        return toFailure(error, visit.signal);
      } finally {
        ending.removeEventListener("abort", leave);
        await context.close().catch(() => {});
        await proxy.close();
      }
    },
    close: async () => {
      const browser = await running?.catch(() => null);
      running = null;
      await browser?.close();
    },
  };
}

/** Nobody's robots.txt is asked for at an address that is closed to us. */
const addressFirst =
  (net: GuardedNet, permit: Permit): Permit =>
  async (url, signal) => {
    const closed = await net.explain(url);
    return closed === null
      ? permit(url, signal)
      : { kind: "failed", reason: "address", detail: closed };
  };

async function readIn(context: BrowserContext, url: URL, visit: Visit): Promise<PageData> {
  const page = await context.newPage();
  context.on("page", (other) => void other.close().catch(() => {}));
  page.on("dialog", (dialog) => void dialog.dismiss().catch(() => {}));
  const guard = await guardRequests(page, visit);
  const response = await page
    .goto(url.href, { waitUntil: "domcontentloaded", timeout: 0 })
    .catch((error: unknown) => {
      if (guard.stop() === null) throw error;
      return null;
    });
  const stop = guard.stop();
  if (stop !== null) return stop;
  if (response === null)
    return { kind: "failed", reason: "unreachable", detail: "There was no answer." };
  const status = response.status();
  const texts = status < 400 ? await waitForTexts(page, visit) : [];
  // A script may have led elsewhere while we waited.
  const late = guard.stop();
  if (late !== null) return late;
  const markup = (await page.content()).slice(0, MARKUP_MAX);
  return {
    kind: "page",
    url: page.url(),
    status,
    retryAfter: response.headers()["retry-after"] ?? null,
    texts,
    markup,
  };
}

/** Every request stops here before it leaves, each hop of a redirect too, which Playwright's own routes do not see. */
async function guardRequests(
  page: Page,
  { permit, signal }: Visit,
): Promise<{ stop: () => Stop | null }> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  let stop: Stop | null = null;
  let documents = 0;
  const decide = async (resourceType: string, frameId: string, url: string): Promise<boolean> => {
    if (resourceType !== "Document")
      return !UNSEEN.has(resourceType) && !url.endsWith("/favicon.ico");
    // Frames are pages of their own, which nobody asked us to read.
    if (frameId !== frameTree.frame.id) return false;
    documents += 1;
    stop ??=
      documents > LIMITS.redirects + 1
        ? {
            kind: "failed",
            reason: "redirects",
            detail: `More than ${LIMITS.redirects} redirects.`,
          }
        : await permit(new URL(url), signal);
    return stop === null;
  };
  session.on("Fetch.requestPaused", ({ requestId, resourceType, frameId, request }) => {
    void decide(resourceType, frameId, request.url)
      .catch(() => false)
      .then((isAllowed) => settle(session, requestId, isAllowed))
      .catch(() => {});
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
  return { stop: () => stop };
}

const settle = (session: CDPSession, requestId: string, isAllowed: boolean): Promise<unknown> =>
  isAllowed
    ? session.send("Fetch.continueRequest", { requestId })
    : session.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });

/** Looks until something that fits says a number, or the page had its time. */
async function waitForTexts(page: Page, { target, signal }: Visit): Promise<readonly string[]> {
  const locator = locate(page, target);
  const bounds = { climb: target.kind === "text" ? CLIMB_MAX : 0, count: ELEMENTS_MAX };
  let texts: readonly string[] = [];
  let looksLeft = Math.ceil(LIMITS.settleMs / LOOK_MS);
  const onIdle = (): void => void (looksLeft = Math.min(looksLeft, IDLE_LOOKS));
  page.waitForLoadState("networkidle", { timeout: LIMITS.settleMs }).then(onIdle, () => {});
  for (; looksLeft > 0 && !signal.aborted; looksLeft -= 1) {
    texts = await locator.evaluateAll(readTexts, bounds);
    if (texts.some((text) => /\p{Nd}/u.test(text))) return texts;
    await page.waitForTimeout(LOOK_MS);
  }
  return texts;
}

function locate(page: Page, target: Target): Locator {
  switch (target.kind) {
    case "css":
      return page.locator(`css=${target.query}`);
    case "xpath":
      return page.locator(`xpath=${target.query}`);
    case "role":
      return page.getByRole(
        target.role as Parameters<Page["getByRole"]>[0],
        target.name === null ? {} : { name: target.name },
      );
    case "text":
      return page.getByText(target.text);
  }
}

function toFailure(error: unknown, signal: AbortSignal): Stop {
  if (signal.aborted)
    return { kind: "failed", reason: "timeout", detail: "The page did not come in time." };
  const text = error instanceof Error ? error.message : String(error);
  const [line = ""] = text.split("\n");
  if (/selector|XPath|querySelector/i.test(text))
    return { kind: "failed", reason: "target", detail: line.slice(0, 300) };
  return {
    kind: "failed",
    reason: "unreachable",
    detail: /net::\w+/.exec(text)?.[0] ?? line.slice(0, 300),
  };
}
