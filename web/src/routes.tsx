// Every page of the dashboard and its address, in one table; each is loaded when it is first asked for. The addresses are
// those that the server knows, see src/http/pages.ts there.
import { lazy } from "react";
import type { LazyExoticComponent } from "react";
import type { Page } from "./page.ts";

export type PageRoute = { readonly path: string; readonly page: LazyExoticComponent<Page> };

const board = lazy(() => import("./pages/board/board-page.tsx"));
const card = lazy(() => import("./pages/card/card-page.tsx"));
const runs = lazy(() => import("./pages/runs/runs-page.tsx"));
const compare = lazy(() => import("./pages/compare/compare-page.tsx"));
const turn = lazy(() => import("./pages/turn/turn-page.tsx"));
const run = lazy(() => import("./pages/run/run-page.tsx"));
const approvals = lazy(() => import("./pages/approvals/approvals-page.tsx"));
const reviews = lazy(() => import("./pages/reviews/reviews-page.tsx"));
const review = lazy(() => import("./pages/review/review-page.tsx"));
const sandboxes = lazy(() => import("./pages/sandboxes/sandboxes-page.tsx"));
const sandbox = lazy(() => import("./pages/sandbox/sandbox-page.tsx"));
const driver = lazy(() => import("./pages/driver/driver-page.tsx"));
const health = lazy(() => import("./pages/system/health-page.tsx"));
const security = lazy(() => import("./pages/system/security-page.tsx"));
const settings = lazy(() => import("./pages/system/settings-page.tsx"));
const files = lazy(() => import("./pages/system/files-page.tsx"));
const usage = lazy(() => import("./pages/system/usage-page.tsx"));

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
