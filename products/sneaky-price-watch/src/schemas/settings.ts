// What a person may set, with its bounds. The command line is the only place it comes from, but for the webhook's secret URL.
import { z } from "zod";

/** `shop.lan`, `127.0.0.1` or either with a port. */
const host = z.string().regex(/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\]|[0-9a-f:]+)(?::\d{1,5})?$/i);

export const settingsSchema = z.strictObject({
  /** The file of the database; null keeps everything in memory, until the program ends. */
  database: z.string().min(1).nullable().default("sneaky-price-watch.db"),
  /** Where the web page is served. */
  listen: z.string().min(1).default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535).default(7070),
  /** Further names under which the page may be asked for. */
  hostNames: z.array(host).max(20).default([]),
  /** Hosts at private addresses that may be read. */
  allowPrivate: z.array(host).max(50).default([]),
  /** The least time between two pages of one host. */
  hostGapMs: z.number().int().min(0).max(3_600_000).default(10_000),
  /** Chromium's program; null looks in the usual places. */
  chromium: z.string().min(1).nullable().default(null),
  /** Receives alerts; null prints them. */
  webhook: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Bounds of one reading; they are no settings, because no page that tells a price needs more. */
export const LIMITS = {
  /** All of it: waiting for the host's turn, redirects, scripts. */
  readingMs: 60_000,
  /** The longest wait for a host's turn, within that. */
  turnMs: 20_000,
  /** How long scripts may take to bring the price. */
  settleMs: 8000,
  redirects: 5,
  documentBytes: 2 * 1024 * 1024,
  /** What Chromium may load for one page. */
  pageBytes: 25 * 1024 * 1024,
  robotsBytes: 512 * 1024,
  robotsMs: 15_000,
  webhookMs: 10_000,
  alertTries: 12,
  watches: 200,
} as const;

export const USER_AGENT = "sneaky-price-watch/0.1 (reads one price; obeys robots.txt)";
/** Our name in robots.txt. */
export const ROBOTS_TOKEN = "sneaky-price-watch";
