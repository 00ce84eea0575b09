// The web page: every watch with its price and chart, or one of them with its history. Made on the server, without a script.
import type { Overview } from "../schemas/overview.ts";
import type { Alert, Poll } from "../schemas/poll.ts";
import type { Watch } from "../schemas/watch.ts";
import { toMoney } from "../utils/format-money.ts";
import { toMoment, toSpan } from "../utils/format-time.ts";
import type { Markup } from "../utils/markup.ts";
import { html } from "../utils/markup.ts";
import { viewChart } from "./chart-view.ts";

const REFRESH_SECONDS = 30;

export const viewList = (overviews: readonly Overview[]): Markup =>
  layOut(
    "Watched prices",
    html`<header class="top">
        <h1>Watched prices</h1>
        <p>${summarize(overviews)}</p>
      </header>
      ${overviews.length === 0 ? EMPTY : html`<div class="cards">${overviews.map((one) => viewCard(one))}</div>`}`,
  );

export const viewOne = (overview: Overview): Markup =>
  layOut(
    overview.watch.name,
    html`<header class="top"><a class="back" href="/">← All prices</a></header>
      ${viewCard(overview)} ${viewAlerts(overview.alerts)} ${viewPolls(overview.polls)}`,
  );

export const viewMissing = (): Markup =>
  layOut(
    "Not here",
    html`<header class="top">
      <a class="back" href="/">← All prices</a>
      <h1>Nothing is watched here.</h1>
    </header>`,
  );

const EMPTY = html`<section class="card empty">
  <h2>Nothing is watched yet</h2>
  <p>Add a page whose price you want to follow:</p>
  <pre>sneaky-price-watch watch https://shop.example/lamp --css "#price"</pre>
</section>`;

const layOut = (title: string, content: Markup): Markup =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="refresh" content="${REFRESH_SECONDS}" />
        <title>${title} · sneaky price watch</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <main>${content}</main>
        <footer class="foot">Times are in UTC. Sites that refuse are left alone.</footer>
      </body>
    </html>`;

function summarize(overviews: readonly Overview[]): string {
  const dropped = overviews.filter(
    ({ watch, belowPercent }) => belowPercent >= watch.dropPercent,
  ).length;
  const pages = overviews.length === 1 ? "1 page" : `${overviews.length} pages`;
  if (overviews.length === 0) return "";
  return dropped === 0 ? `${pages}, no drop right now` : `${pages}, ${dropped} with a drop`;
}

function viewCard(overview: Overview): Markup {
  const { watch, current, chart, threshold } = overview;
  const title = `Price history of ${watch.name}, ${current === null ? "nothing read yet" : `now ${toMoney(current)}`}`;
  return html`<article class="card" id="watch-${watch.id}">
    <div class="head">
      <div class="names">
        <h2><a href="/watches/${watch.id}">${watch.name}</a></h2>
        <a class="host" href="${watch.url}" rel="noopener noreferrer"
          >${new URL(watch.url).host} ↗</a
        >
      </div>
      <div class="now">
        <strong class="price">${current === null ? "—" : toMoney(current)}</strong>
        ${viewBadge(overview)}
      </div>
    </div>
    ${chart === null ? html`<p class="none">No price yet.</p>` : viewChart({ chart, currency: current?.currency ?? null, title, id: watch.id })}
    <dl class="facts">
      ${watch.baseline && fact("Baseline", toMoney(watch.baseline), "key-baseline")}
      ${threshold && fact(`Alert at −${watch.dropPercent} %`, toMoney(threshold), "key-threshold")}
      ${viewLast(overview)}
    </dl>
  </article>`;
}

const fact = (name: string, value: string, key: string): Markup =>
  html`<div class="fact ${key}">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

function viewBadge({ watch, current, belowPercent }: Overview): Markup {
  if (current === null) return html`<span class="badge">waiting</span>`;
  if (belowPercent >= watch.dropPercent)
    return html`<span class="badge is-drop">▼ ${belowPercent} %</span>`;
  if (belowPercent > 0) return html`<span class="badge">▼ ${belowPercent} %</span>`;
  return belowPercent < 0
    ? html`<span class="badge">▲ ${-belowPercent} %</span>`
    : html`<span class="badge">at baseline</span>`;
}

function viewLast({ lastPoll, shownAt, watch }: Overview): Markup {
  const next = fact("Next look", nextLook(watch, shownAt), "");
  if (lastPoll === null) return next;
  const ago = toSpan(shownAt - lastPoll.at);
  const when = ago === "now" ? "just now" : `${ago} ago`;
  if (lastPoll.outcome === "price") return html`${fact("Last read", when, "")}${next}`;
  return html`${fact(lastPoll.outcome === "refused" ? "Refused" : "Not read", when, "key-trouble")}${next}
    <p class="trouble">${lastPoll.detail}</p>`;
}

const nextLook = ({ dueAt }: Watch, now: number): string =>
  toSpan(dueAt - now) === "now" ? "soon" : `in ${toSpan(dueAt - now)}`;

const viewAlerts = (alerts: readonly Alert[]): Markup | null =>
  alerts.length === 0
    ? null
    : html`<section class="card">
        <h3>Alerts</h3>
        <table>
          ${alerts.map(
            ({ at, from, to, deliveredAt, tries }) =>
              html`<tr>
                <td>${toMoment(at)}</td>
                <td>${toMoney(from)} → <strong>${toMoney(to)}</strong></td>
                <td class="${deliveredAt === null ? "bad" : "good"}">
                  ${deliveredAt === null ? `not delivered, ${tries} tries` : "delivered"}
                </td>
              </tr>`,
          )}
        </table>
      </section>`;

const viewPolls = (polls: readonly Poll[]): Markup | null =>
  polls.length === 0
    ? null
    : html`<section class="card">
        <h3>Latest looks</h3>
        <table>
          ${polls.map(
            (poll) =>
              html`<tr>
                <td>${toMoment(poll.at)}</td>
                ${poll.outcome === "price" ? html`<td><strong>${toMoney(poll.price)}</strong></td>` : html`<td class="bad">${poll.outcome}: ${poll.detail}</td>`}
              </tr>`,
          )}
        </table>
      </section>`;
