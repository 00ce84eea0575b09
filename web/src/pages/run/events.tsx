// What the log says of a run, newest first, with a search through all of it.
import type { EventPage } from "../../api/types.ts";
import { useSearchState } from "../../kit/search-state.ts";
import { Loaded } from "../../kit/states.tsx";
import { Text } from "../../kit/text.tsx";
import { clockOf } from "../../kit/time.tsx";
import { reloadOn, useLive } from "../../live/use-live.ts";
import { isOfRun, loadEvents } from "./run-data.ts";

export function Events({ id }: { readonly id: string }) {
  const { get, set } = useSearchState();
  const words = get("q") ?? "";
  const before = Number(get("before")) || null;
  const events = useLive<EventPage>({
    key: ["run-events", id, words, before],
    load: async (signal) => loadEvents(id, { before, words }, signal),
    apply: reloadOn((event) => before === null && isOfRun(id)(event)),
  });
  return (
    <>
      <label>
        Find in all events{" "}
        <input
          type="search"
          value={words}
          onChange={({ target }) => set({ q: target.value, before: null }, "replace")}
        />
      </label>
      <Loaded what="its events" {...events}>
        {({ events: shown }) => (
          <>
            <ol className="events" aria-label="Events, newest first" tabIndex={0}>
              {shown.toReversed().map(({ seq, at, type, card, data }) => (
                <li key={seq}>
                  <span className="mono meta">
                    {seq} {clockOf(at)}
                  </span>{" "}
                  <strong>{type}</strong> {card === null ? null : <Text>{card}</Text>}{" "}
                  <span className="mono">
                    <Text>{JSON.stringify(data).slice(0, 500)}</Text>
                  </span>
                </li>
              ))}
            </ol>
            <p className="actions">
              {before === null ? null : (
                <button type="button" onClick={() => set({ before: null })}>
                  Newest
                </button>
              )}
              {shown.length === 0 ? (
                <span className="meta">No event has that.</span>
              ) : (
                <button type="button" onClick={() => set({ before: String(shown[0]?.seq ?? 0) })}>
                  Older
                </button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </>
  );
}
