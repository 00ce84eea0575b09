// Every page of the dashboard and its address, in one table; each is loaded when it is first asked for. The addresses are
// those that the server knows, see src/http/pages.ts there.
import type { LazyExoticComponent } from "react";
import { lazyPart } from "./kit/lazy-part.ts";
import type { Page } from "./page.ts";

export type PageRoute = { readonly path: string; readonly page: LazyExoticComponent<Page> };

const board = lazyPart(() => import("./pages/board/board-page.tsx"));
const card = lazyPart(() => import("./pages/card/card-page.tsx"));
const runs = lazyPart(() => import("./pages/runs/runs-page.tsx"));
const compare = lazyPart(() => import("./pages/compare/compare-page.tsx"));
const turn = lazyPart(() => import("./pages/turn/turn-page.tsx"));
const run = lazyPart(() => import("./pages/run/run-page.tsx"));
const approvals = lazyPart(() => import("./pages/approvals/approvals-page.tsx"));
const reviews = lazyPart(() => import("./pages/reviews/reviews-page.tsx"));
const review = lazyPart(() => import("./pages/review/review-page.tsx"));
const sandboxes = lazyPart(() => import("./pages/sandboxes/sandboxes-page.tsx"));
const sandbox = lazyPart(() => import("./pages/sandbox/sandbox-page.tsx"));
const driver = lazyPart(() => import("./pages/driver/driver-page.tsx"));
const health = lazyPart(() => import("./pages/system/health-page.tsx"));
const security = lazyPart(() => import("./pages/system/security-page.tsx"));
const settings = lazyPart(() => import("./pages/system/settings-page.tsx"));
const files = lazyPart(() => import("./pages/system/files-page.tsx"));
const usage = lazyPart(() => import("./pages/system/usage-page.tsx"));

/** The first that fits is taken. */
export const PAGES: readonly PageRoute[] = [
  { path: "/board", page: board },
  { path: "/cards/:id", page: card },
  { path: "/runs", page: runs },
  { path: "/runs/compare", page: compare },
  { path: "/runs/:id/turns/:turn", page: turn },
  { path: "/runs/:id", page: run },
  { path: "/approvals", page: approvals },
  { path: "/reviews", page: reviews },
  { path: "/reviews/:owner/:repo/:number", page: review },
  { path: "/sandboxes", page: sandboxes },
  { path: "/sandboxes/:id", page: sandbox },
  { path: "/driver", page: driver },
  { path: "/system", page: health },
  { path: "/system/files", page: files },
  { path: "/system/security", page: security },
  { path: "/system/settings", page: settings },
  { path: "/system/usage", page: usage },
];
