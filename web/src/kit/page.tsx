// The head of a page: its one first heading, which takes the focus when somebody comes here, and the tab's title.
import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { marked, Text } from "./text.tsx";

export type PageHeadProps = { readonly title: string; readonly children?: ReactNode };

let isFirst = true;
let waiting = 0;
let shown = "";

/** What waits stands before the title, to be seen from other tabs. */
export function countInTitle(count: number): void {
  waiting = count;
  document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${shown}`;
}

export function PageHead({ title, children }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The page that the browser opens starts at its top, with the way past the rail.
    if (!isFirst) heading.current?.focus();
    isFirst = false;
  }, []);
  useEffect(() => {
    shown = `${marked(title)} · Orket`;
    countInTitle(waiting);
  }, [title]);
  return (
    <header className="toolbar">
      <h1 ref={heading} tabIndex={-1}>
        <Text>{title}</Text>
      </h1>
      {children}
    </header>
  );
}
