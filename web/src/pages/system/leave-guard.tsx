// Asks before somebody leaves a text that is not saved: by a link, by a key, by Back, or by closing the tab.
import { useEffect, useState } from "react";
import { Dialog } from "../../kit/dialog.tsx";

type Departure = { readonly url: string; readonly historyKey: string | null };

const hereUrl = (): string => `${location.pathname}${location.search}`;
const pathOf = (url: string): string => {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
};

/** There while something is unsaved. */
export function LeaveGuard({ what }: { readonly what: string }) {
  const [departure, setDeparture] = useState<Departure | null>(null);
  const [leaves, setLeaves] = useState(false);
  useEffect(() => {
    if (leaves) return undefined;
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
    const onNavigate = (event: NavigateEvent): void => {
      const { destination, navigationType, hashChange } = event;
      const isElsewhere = destination.sameDocument && pathOf(destination.url) !== hereUrl();
      if (!isElsewhere || hashChange || !event.cancelable) return;
      event.preventDefault();
      const historyKey = navigationType === "traverse" ? destination.key : null;
      setDeparture({ url: pathOf(destination.url), historyKey });
    };
    addEventListener("beforeunload", onUnload);
    // Older browsers only ask when the tab is closed.
    const history = "navigation" in window ? navigation : null;
    history?.addEventListener("navigate", onNavigate);
    return () => {
      removeEventListener("beforeunload", onUnload);
      history?.removeEventListener("navigate", onNavigate);
    };
  }, [leaves]);
  useEffect(() => {
    if (!leaves || departure === null) return;
    if (departure.historyKey === null) history.pushState(null, "", departure.url);
    else navigation.traverseTo(departure.historyKey);
  }, [leaves, departure]);
  if (departure === null || leaves) return null;
  return (
    <Dialog title="Leave without saving?" onClose={() => setDeparture(null)}>
      <p>What you changed in {what} is not saved, and would be lost.</p>
      <p className="actions">
        <button type="button" onClick={() => setDeparture(null)}>
          Stay
        </button>
        <button type="button" className="danger" onClick={() => setLeaves(true)}>
          Leave, and lose it
        </button>
      </p>
    </Dialog>
  );
}
