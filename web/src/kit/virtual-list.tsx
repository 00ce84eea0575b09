// A long list of which only the rows in sight are drawn; rows have a fixed height, and say their place in the whole.
import type { KeyboardEvent, ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";

export type VirtualListProps<Item> = {
  readonly label: string;
  readonly items: readonly Item[];
  readonly rowHeight: number;
  readonly keyOf: (item: Item) => string;
  readonly children: (item: Item, index: number) => ReactNode;
  /** Which rows are in sight; for lists that fetch more, and for those that stand still while somebody reads. */
  readonly onSight?: (first: number, last: number) => void;
};

const USUAL_PX = 16;

/** Rows grow with the text that the reader has set in the browser. */
const scaleOfText = (): number =>
  Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_PX;

/** Arrow keys, Home, End, `j` and `k` move between the first links or buttons of the rows. */
export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const { label, items, rowHeight, keyOf, children, onSight } = props;
  const scroller = useRef<HTMLElement>(null);
  const [scale] = useState(scaleOfText);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight * scale,
    getItemKey: (index) => keyOf(items[index] as Item),
    overscan: 6,
  });
  const { startIndex = 0, endIndex = 0 } = virtualizer.range ?? {};
  useEffect(() => onSight?.(startIndex, endIndex), [onSight, startIndex, endIndex, items.length]);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[aria-posinset]");
    const at = Number(row?.getAttribute("aria-posinset") ?? 0) - 1;
    const next = nextRow(event.key, at, items.length);
    if (next === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    virtualizer.scrollToIndex(next);
    const focus = (): void =>
      scroller.current
        ?.querySelector<HTMLElement>(`[aria-posinset="${next + 1}"] :is(a, button)`)
        ?.focus({ preventScroll: true });
    // Once more when the row had to be drawn first.
    focus();
    requestAnimationFrame(() => requestAnimationFrame(focus));
  };
  return (
    <section className="virtual" ref={scroller} aria-label={label} tabIndex={0}>
      <ul style={{ height: virtualizer.getTotalSize() }} onKeyDown={onKeyDown} role="list">
        {virtualizer.getVirtualItems().map(({ key, index, start, size }) => (
          <li
            key={key}
            aria-posinset={index + 1}
            aria-setsize={items.length}
            style={{ height: size, transform: `translateY(${start}px)` }}
          >
            {children(items[index] as Item, index)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function nextRow(key: string, at: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    j: at + 1,
    ArrowUp: at - 1,
    k: at - 1,
    Home: 0,
    End: count - 1,
  };
  const next = steps[key];
  return next === undefined || next < 0 || next >= count ? null : next;
}
