// The keys of the dashboard, and the way to switch the single ones off: who dictates or types by chance needs them quiet.
import { useEffect, useState } from "react";
import { Dialog } from "../kit/dialog.tsx";
import { areKeysOn, isForPage, setKeysOn } from "./go-keys.ts";

const KEYS = [
  ["Ctrl-K", "go to any page, card or run"],
  ["g, then b r a v s d y", "Board, Runs, Approvals, reViews, Sandboxes, Driver, sYstem"],
  ["j k", "down, up in a list"],
  ["h l", "column to the left, to the right"],
  ["Enter, Esc", "open, close a card"],
  ["[ ]", "previous, next card of the column"],
  ["m, c", "move, comment on the open card"],
  ["[ ] u", "on a turn: previous, next, up to its run"],
  ["a, x", "on approvals: allow, deny, which asks once more"],
  ["/", "find in the events of a run"],
  ["o", "open a review in the forge"],
  ["?", "this sheet"],
] as const;

export function KeySheet() {
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useState(areKeysOn);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "?" && isForPage(event)) setOpen(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <button type="button" className="plain" onClick={() => setOpen(true)}>
        Keys
      </button>
      {isOpen ? (
        <Dialog title="Keys" onClose={() => setOpen(false)}>
          <dl className="keys">
            {KEYS.map(([keys, does]) => (
              <div key={keys}>
                <dt className="mono">{keys}</dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <label>
            <input
              type="checkbox"
              checked={isOn}
              onChange={({ target }) => {
                setKeysOn(target.checked);
                setOn(target.checked);
              }}
            />
            Single keys do something
          </label>
          <div className="actions">
            <button type="button" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
