// The pages that the rail, the keys and the palette lead to.
import type { IconName } from "./kit/icons.tsx";

export type RailEntry = {
  readonly path: string;
  readonly word: string;
  readonly icon: IconName;
  /** After `g`. */
  readonly letter: string;
};

export const RAIL: readonly RailEntry[] = [
  { path: "/board", word: "Board", icon: "board", letter: "b" },
  { path: "/runs", word: "Runs", icon: "runs", letter: "r" },
  { path: "/approvals", word: "Approvals", icon: "approvals", letter: "a" },
  { path: "/reviews", word: "Reviews", icon: "review", letter: "v" },
  { path: "/sandboxes", word: "Sandboxes", icon: "sandboxes", letter: "s" },
  { path: "/driver", word: "Driver", icon: "driver", letter: "d" },
  { path: "/system", word: "System", icon: "system", letter: "y" },
];

/** The parts of the last one. */
export const SYSTEM_PAGES = [
  { path: "/system", word: "Health" },
  { path: "/system/security", word: "Security" },
  { path: "/system/settings", word: "Settings" },
  { path: "/system/files", word: "Files" },
  { path: "/system/usage", word: "Usage" },
] as const;
