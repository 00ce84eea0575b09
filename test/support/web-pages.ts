// Every page of the dashboard as a scene: its address in the full project, its heading, and what it must say there, in a project
// without cards, and while it loads.
import type { Page } from "playwright-core";
import { SANDBOX } from "./web-full-project.ts";

/** Runs of the full project, by their epic. */
export type Runs = Readonly<Record<string, string>>;

export type PageScene = {
  readonly path: (runs: Runs) => string;
  readonly heading: (runs: Runs) => string;
  readonly full: RegExp;
  /** What is left of it when the server is gone; all of it unless it is said otherwise. */
  readonly stale?: RegExp;
  /** In a project without cards. */
  readonly empty: RegExp;
  /** What the page is called while it loads; null where it asks for nothing before somebody acts. */
  readonly loads: RegExp | null;
  /** What a key of scope `read` is told here; the page itself unless it is said. */
  readonly refused?: RegExp;
  /** What a person does here that a key of scope `read` may not; the address where it stands. */
  readonly act?: {
    readonly path: (runs: Runs) => string;
    readonly by: (page: Page) => Promise<void>;
  };
};

const press = async (page: Page, ...names: readonly (string | RegExp)[]): Promise<void> => {
  for (const name of names) await page.getByRole("button", { name, exact: true }).last().click();
};

const fixed = (text: string) => (): string => text;

const board: PageScene = {
  path: fixed("/board"),
  heading: fixed("Board"),
  full: /Choose the currency/,
  empty: /No cards yet\.[^]*orket init --yes/,
  loads: /Loading the board/,
  act: {
    path: fixed("/board?card=build-stuck%3ACURR-1"),
    by: async (page) => press(page, /^Start/),
  },
};

export const SCENES: Readonly<Record<string, PageScene>> = {
  "/": { ...board, path: fixed("/") },
  "/board": board,
  "/cards/:id": {
    path: fixed("/cards/LEDG-2?build=build-done"),
    heading: fixed("Card LEDG-2"),
    full: /Mind the rounding/,
    empty: /CARD_UNKNOWN/,
    loads: /Loading the card/,
  },
  "/runs": {
    path: fixed("/runs"),
    heading: fixed("Runs"),
    full: /Blocked: stalled/,
    empty: /Nothing has run\.[^]*orket demo/,
    loads: /Loading the runs/,
  },
  "/runs/compare": {
    path: ({ done, stuck }) => `/runs/compare?a=${done}&b=${stuck}`,
    heading: fixed("Compare runs"),
    full: /Tokens in/,
    empty: /RUN_UNKNOWN/,
    loads: /Loading both runs/,
  },
  "/runs/:id": {
    path: ({ done }) => `/runs/${done}`,
    heading: ({ done }) => `Run ${done}`,
    full: /LEDG-2/,
    empty: /RUN_UNKNOWN/,
    loads: /Loading the run/,
    act: { path: ({ asks }) => `/runs/${asks}`, by: async (page) => press(page, "Continue") },
  },
  "/runs/:id/turns/:turn": {
    path: ({ done }) => `/runs/${done}/turns/1`,
    heading: fixed("Turn 1"),
    full: /write_file/,
    empty: /RUN_UNKNOWN/,
    loads: /Loading the turn/,
  },
  "/approvals": {
    path: fixed("/approvals"),
    heading: fixed("Approvals"),
    full: /Name the rule that was broken/,
    empty: /Nothing waits for you\./,
    loads: /Loading what waits for you/,
    act: {
      path: fixed("/approvals"),
      by: async (page) => press(page, "Allow this call…", "Allow"),
    },
  },
  "/reviews": {
    path: fixed("/reviews"),
    heading: fixed("Reviews"),
    full: /shop\/api#12/,
    empty: /No pull requests seen\./,
    loads: /Loading the reviews/,
  },
  "/reviews/:owner/:repo/:number": {
    path: fixed("/reviews/shop/api/12"),
    heading: fixed("shop/api#12"),
    full: /There is no index/,
    empty: /PULL_REQUEST_UNKNOWN/,
    loads: /Loading the pull request/,
  },
  "/sandboxes": {
    path: fixed("/sandboxes"),
    heading: fixed("Sandboxes"),
    full: /No container engine\.[^]*build-done/,
    empty: /No container engine\.[^]*orket doctor/,
    loads: /Loading the sandboxes/,
  },
  "/sandboxes/:id": {
    path: fixed(`/sandboxes/${SANDBOX}`),
    heading: fixed(SANDBOX),
    full: /No container engine\.[^]*build-done/,
    empty: /No sandbox has that id\./,
    loads: /Loading the sandbox/,
    act: {
      path: fixed(`/sandboxes/${SANDBOX}`),
      by: async (page) => press(page, "Take down…", "Take it down"),
    },
  },
  "/driver": {
    path: fixed("/driver"),
    heading: fixed("Driver"),
    full: /What should change\?/,
    empty: /What should change\?/,
    loads: null,
    act: {
      path: fixed("/driver"),
      by: async (page) => {
        await page.getByRole("textbox").fill("What is there?");
        await press(page, "Send");
      },
    },
  },
  "/system": {
    path: fixed("/system"),
    heading: fixed("Health"),
    full: /Runs in flight/,
    empty: /Runs in flight/,
    loads: /Runs in flight…/,
  },
  "/system/files": {
    path: fixed("/system/files"),
    heading: fixed("Files"),
    full: /No file is open\./,
    empty: /No file is open\./,
    loads: /Loading the folder/,
  },
  "/system/security": {
    path: fixed("/system/security"),
    heading: fixed("Security"),
    full: /api-key/,
    empty: /api-key/,
    loads: /Loading the security posture/,
    refused: /Your key may not do this/,
  },
  "/system/settings": {
    path: fixed("/system/settings"),
    heading: fixed("Settings"),
    full: /ORKET_/,
    empty: /ORKET_/,
    loads: /Loading the settings/,
    refused: /Your key may not do this/,
  },
  "/system/usage": {
    path: fixed("/system/usage"),
    heading: fixed("Usage"),
    full: /By day/,
    empty: /Nothing has run in the last 30 days\./,
    loads: /Loading the runs/,
  },
};
