// What the pages of the system have in common: the way between them, and below it the page with its heading.
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { PageHead } from "../../kit/page.tsx";
import { SYSTEM_PAGES } from "../../rail.ts";
import "./system.css";

export type SystemFrameProps = {
  readonly title: (typeof SYSTEM_PAGES)[number]["word"];
  /** Beside the heading. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
};

export function SystemFrame({ title, aside, children }: SystemFrameProps) {
  const [here] = useLocation();
  return (
    <>
      <nav className="subnav" aria-label="System">
        {SYSTEM_PAGES.map(({ path, word }) => (
          <Link key={path} href={path} aria-current={here === path ? "page" : undefined}>
            {word}
          </Link>
        ))}
      </nav>
      <PageHead title={title}>{aside}</PageHead>
      {children}
    </>
  );
}
