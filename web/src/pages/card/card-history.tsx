// What happened to a card, newest first: moves and who made them, turns, refusals, decisions.
import { useState } from "react";
import { getJson } from "../../api/http.ts";
import type { Card, EventPage } from "../../api/types.ts";
import { marked } from "../../kit/marks.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { clockOf, momentOf } from "../../kit/time.tsx";
import { useLive } from "../../live/use-live.ts";
import { historyLine } from "./history-line.ts";

const SHOWN = 12;
const HELD = 500;

export function CardHistory({ id, build }: Pick<Card, "id" | "build">) {
  const history = useLive<EventPage>({
    key: ["card-history", build, id],
    load: async (signal) => loadNewest({ id, build }, signal),
    apply: (page, events) => {
      const own = events.filter((event) => event.card === id && event.build === build);
      return own.length === 0 ? page : { ...page, events: [...page.events, ...own].slice(-HELD) };
    },
  });
  return (
    <Loaded what="its history" {...history}>
      {({ events }) => <Lines events={events} />}
    </Loaded>
  );
}

const PARTS_MAX = 40;

/** The server tells it from the beginning; only its end is held. */
async function loadNewest(
  { id, build }: Pick<Card, "id" | "build">,
  signal: AbortSignal,
): Promise<EventPage> {
  const path = `/v1/cards/${encodeURIComponent(id)}/history`;
  const ask = async (after: number): Promise<EventPage> =>
    getJson(path, { params: { build, limit: HELD, after }, signal });
  let page = await ask(0);
  for (let part = 1; part < PARTS_MAX && page.next !== null; part += 1) {
    const next = await ask(page.next);
    page = { ...next, events: [...page.events, ...next.events].slice(-HELD) };
  }
  return page;
}

function Lines({ events }: { readonly events: EventPage["events"] }) {
  const [isWhole, setWhole] = useState(false);
  const lines = events.flatMap((event) => {
    const text = historyLine(event);
    return text === null ? [] : [{ seq: event.seq, at: event.at, actor: event.actor, text }];
  });
  const shown = isWhole ? lines : lines.slice(-SHOWN);
  return (
    <>
      <ol>
        {shown.toReversed().map(({ seq, at, actor, text }) => (
          <li key={seq} className="wrap">
            <time className="meta" dateTime={at} title={momentOf(at)}>
              {clockOf(at)}
            </time>{" "}
            <Text>{text}</Text> <span className="meta">{marked(actor)}</span>
          </li>
        ))}
      </ol>
      {lines.length > shown.length ? (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {lines.length}
        </button>
      ) : null}
    </>
  );
}
