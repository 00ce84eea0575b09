// The board by keys: `h` and `l` between columns, `[` and `]` between cards, `m`, `c` and `Esc` on the open one.
import { useEffect } from "react";
import { isForPage, isTyping } from "../../shell/go-keys.ts";

export type BoardKeys = {
  readonly step: (by: 1 | -1) => void;
  readonly ask: (what: "move" | "comment") => void;
  readonly close: () => void;
};

export function useBoardKeys({ step, ask, close }: BoardKeys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // Esc closes, also where single keys are off.
      if (!isForPage(event) && (event.key !== "Escape" || isTyping(event.target))) return;
      const acts: Readonly<Record<string, () => void>> = {
        "[": () => step(-1),
        "]": () => step(1),
        m: () => ask("move"),
        c: () => ask("comment"),
        Escape: close,
        h: () => focusColumn(-1),
        l: () => focusColumn(1),
      };
      const act = acts[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [step, ask, close]);
}

/** The first card of the next column that has one. */
function focusColumn(by: 1 | -1): void {
  const columns = [...document.querySelectorAll<HTMLElement>(".kanban > section")];
  const here = columns.findIndex((column) => column.contains(document.activeElement));
  const order = by === 1 ? columns.slice(here + 1) : columns.slice(0, Math.max(0, here)).reverse();
  for (const column of order) {
    const link = column.querySelector<HTMLElement>("a");
    if (link === null) continue;
    link.focus();
    return;
  }
}
