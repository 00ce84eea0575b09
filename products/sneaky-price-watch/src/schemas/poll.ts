// What came of reading a page: for the reader of pages, for what is kept of it, and for who is told.
import type { Price } from "./price.ts";
import type { Watch } from "./watch.ts";

/** What a reader of pages brought back. */
export type PageData =
  | {
      readonly kind: "page";
      /** Where redirects ended. */
      readonly url: string;
      readonly status: number;
      readonly retryAfter: string | null;
      /** Of the elements that fit the target, in the order of the page. */
      readonly texts: readonly string[];
      /** The begin of the page's HTML, after its scripts where they ran. */
      readonly markup: string;
    }
  | Stop;

/** `refused` means that the site does not want to be read; it is left alone for a while. */
export type Stop =
  | {
      readonly kind: "refused";
      readonly reason: Refusal;
      readonly detail: string;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "failed"; readonly reason: Failure; readonly detail: string };

export type Reading = { readonly kind: "read"; readonly text: string } | Stop;

/** Asked before every document, also the one that a redirect leads to. Null lets it through, perhaps after a wait. */
export type Permit = (url: URL, signal: AbortSignal) => Promise<Stop | null>;

export type Refusal =
  | "robots" // robots.txt says no, or could not be read for reasons of the server's
  | "status" // 401, 403, 407, 429, 451, 503
  | "captcha" // the page asks who we are, in the place of the price
  | "resting"; // it refused before, and its rest is not over
export type Failure =
  | "address" // a private address that nobody named, or a protocol that is not HTTP
  | "unreachable"
  | "status" // 404, 500 and the like
  | "timeout"
  | "too-large"
  | "redirects"
  | "busy" // the host's rate leaves no room within the time of a poll
  | "target" // nothing on the page fits the target
  | "price" // what fits is no price
  | "currency"; // another currency than the baseline's

/** One attempt to learn a price, as it is kept. */
export type Poll = { readonly watchId: string; readonly at: number } & (
  | { readonly outcome: "price"; readonly price: Price }
  | { readonly outcome: "refused"; readonly reason: Refusal; readonly detail: string }
  | { readonly outcome: "failed"; readonly reason: Failure; readonly detail: string }
);

/** A drop that somebody is to hear of; it is kept until it was delivered. */
export type Alert = {
  readonly id: string;
  readonly watchId: string;
  readonly at: number;
  readonly from: Price;
  readonly to: Price;
  readonly deliveredAt: number | null;
  readonly tries: number;
};

/** What is known of a host, across processes: when it may be asked again, and how often it refused in a row. */
export type HostState = {
  readonly freeAt: number;
  readonly restsUntil: number;
  readonly refusals: number;
};

export type History = {
  readonly watch: Watch;
  /** Oldest first. */
  readonly polls: readonly Poll[];
  readonly alerts: readonly Alert[];
};
