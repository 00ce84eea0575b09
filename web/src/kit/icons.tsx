// The shapes that stand beside every word of state, and the few of the rail. Each is decoration: the word is always there.
import type { ReactElement } from "react";

const SHAPES = {
  canceled: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM4 12l8-8" />,
  running: <path d="M5 3l8 5-8 5z" fill="currentColor" />,
  ready: <circle cx="8" cy="8" r="5.5" />,
  waiting: <path d="M5.5 3v10M10.5 3v10" strokeWidth="2.5" />,
  hand: (
    <path d="M4 9V5a1 1 0 0 1 2 0V3a1 1 0 0 1 2 0v1a1 1 0 0 1 2 0v2a1 1 0 0 1 2 0v4a4 4 0 0 1-4 4C6 14 5 12 4 9Z" />
  ),
  review: (
    <>
      <path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z" />
      <circle cx="8" cy="8" r="2" />
    </>
  ),
  verified: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none" />
      <path d="M5 8l2 2 4-4" stroke="var(--surface)" />
    </>
  ),
  unverified: (
    <>
      <circle cx="8" cy="8" r="6" strokeDasharray="2.5 2" />
      <path d="M5 8l2 2 4-4" />
    </>
  ),
  failed: <path d="M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM6 6l4 4M10 6l-4 4" />,
  archived: <path d="M2 3h12v3H2zM3 6v7h10V6M6.5 9h3" />,
  live: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  board: <path d="M2 3h3v10H2zM6.5 3h3v7h-3zM11 3h3v5h-3z" />,
  runs: <path d="M2 4h8M2 8h12M2 12h6" />,
  approvals: <path d="M3 2h10v12H3zM5.5 8l2 2 3.5-4" />,
  sandboxes: <path d="M8 1.5l6 3v7l-6 3-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7" />,
  driver: <path d="M2 3h12v8H7l-3 3v-3H2z" />,
  system: <path d="M2 4h12M2 8h12M2 12h12M5 2.5v3M11 6.5v3M7 10.5v3" />,
} as const satisfies Readonly<Record<string, ReactElement>>;

export type IconName = keyof typeof SHAPES;

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg
    aria-hidden="true"
    width="16"
    height="16"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.5"
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    {SHAPES[name]}
  </svg>
);
