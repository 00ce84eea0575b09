// Tells somebody of a drop: a webhook, or a line where the program runs. Says whether it was taken; who sends again is not
// decided here.
import { LIMITS, USER_AGENT } from "../schemas/settings.ts";

/** What is told; the names are the webhook's. A receiver may meet the same `id` twice and should act once. */
export type AlertNotice = {
  readonly event: "price-drop";
  readonly id: string;
  readonly at: string;
  readonly watch: { readonly id: string; readonly name: string; readonly url: string };
  readonly from: { readonly amount: string; readonly currency: string | null };
  readonly to: { readonly amount: string; readonly currency: string | null };
  readonly dropPercent: number;
};

export type AlertAccessor = {
  readonly send: (notice: AlertNotice, signal: AbortSignal) => Promise<boolean>;
};

export const createConsoleAlerts = (say: (line: string) => void): AlertAccessor => ({
  send: async ({ watch, from, to, dropPercent }) => {
    const unit = to.currency ?? "";
    say(
      `▼ ${watch.name}: ${from.amount} → ${to.amount} ${unit}, ${dropPercent} % less. ${watch.url}`,
    );
    return true;
  },
});

/** The URL is the user's own, so any host will do; where it redirects to is not, and is not followed. */
export const createWebhookAlerts = (url: string): AlertAccessor => ({
  send: async (notice, signal) => {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": USER_AGENT },
        body: JSON.stringify(notice),
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.webhookMs)]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  },
});
