// What a page that came is worth: a text with a price, a refusal that is respected, or neither. Pure.
import type { PageData, Reading } from "../schemas/poll.ts";
import { parseRetryAfter } from "./pace-engine.ts";

/** The site knows us not, or not now. None of these is asked again until the host has rested. */
const REFUSING = new Set([401, 403, 407, 429, 451, 503]);
/** Programs that stand between a site and its readers, by what their pages load or say. They are looked for only where the
 * price is not: a shop may well have one of them beside its newsletter. */
const GUARDS = [
  /challenges\.cloudflare\.com|cdn-cgi\/challenge-platform/i,
  /(?:google|recaptcha)\.(?:com|net)\/recaptcha\//i,
  /hcaptcha\.com|captcha-delivery\.com|perimeterx|px-captcha|arkoselabs|funcaptcha|geetest|friendlycaptcha/i,
  /\bid=["'](?:captcha|px-captcha|challenge-form)\b/i,
  /<title>[^<]{0,80}(?:captcha|just a moment|robot check|are you (?:a )?human|access denied)/i,
];

type Page = Extract<PageData, { kind: "page" }>;

export function judgePage(page: Page, now: number): Reading {
  const retryAfterMs = parseRetryAfter(page.retryAfter, now);
  const refused = (reason: "status" | "captcha", detail: string): Reading => ({
    kind: "refused",
    reason,
    detail,
    retryAfterMs,
  });
  if (REFUSING.has(page.status)) return refused("status", `The site answers with ${page.status}.`);
  if (page.status >= 400)
    return { kind: "failed", reason: "status", detail: `The site answers with ${page.status}.` };
  const text = page.texts.find((one) => /\p{Nd}/u.test(one));
  if (text !== undefined) return { kind: "read", text };
  if (GUARDS.some((guard) => guard.test(page.markup)))
    return refused(
      "captcha",
      "The site asks for a proof of being human in the place of the price.",
    );
  const detail =
    page.texts.length > 0
      ? "What fits the target holds no number."
      : "Nothing on the page fits the target.";
  return { kind: "failed", reason: "target", detail };
}
