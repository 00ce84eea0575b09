// All data of the product behind one door: what pages say, and what is kept of it. Storage is optional: without a database file
// the same calls work on memory. `getPageData` reads by either flow and gives one kind of answer.
import type { PageData, Permit } from "../schemas/poll.ts";
import { LIMITS } from "../schemas/settings.ts";
import type { Watch } from "../schemas/watch.ts";
import type { BrowserAccessor } from "./browser-accessor.ts";
import type { FetchDocument } from "./http-accessor.ts";
import type { Storage } from "./storage.ts";

export type DataAccessor = Storage & {
  /** Reads the page of a watch, with Chromium or by plain HTTP. Each document is asked about first; it never takes over a minute. */
  readonly getPageData: (watch: PageRequest, visit: Visit) => Promise<PageData>;
};

export type PageRequest = Pick<Watch, "url" | "target" | "reader">;
type Visit = { readonly permit: Permit; readonly signal: AbortSignal };
type Readers = {
  readonly storage: Storage;
  readonly browser: BrowserAccessor;
  readonly fetchDocument: FetchDocument;
};

export const createDataAccessor = ({ storage, browser, fetchDocument }: Readers): DataAccessor => ({
  ...storage,
  getPageData: ({ url, target, reader }, { permit, signal: outer }) => {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(LIMITS.readingMs)]);
    return reader === "browser"
      ? browser.read(new URL(url), { target, permit, signal })
      : readStatic(fetchDocument, { url, target }, { permit, signal });
  },
});

async function readStatic(
  fetchDocument: FetchDocument,
  { url, target }: Omit<PageRequest, "reader">,
  visit: Visit,
): Promise<PageData> {
  const document = await fetchDocument(new URL(url), { ...visit, bytesMax: LIMITS.documentBytes });
  if (document.kind !== "document") return document;
  const { status, retryAfter, body } = document;
  // Loaded with the first page: most commands read none.
  const { findStaticTexts } = await import("./static-page.ts");
  try {
    const texts = status < 400 ? findStaticTexts(body, document.url, target) : [];
    return { kind: "page", url: document.url, status, retryAfter, texts, markup: body };
  } catch (error) {
    return {
      kind: "failed",
      reason: "target",
      detail: error instanceof Error ? error.message.slice(0, 300) : String(error),
    };
  }
}
