// How a tab reaches the one stream of its browser: through the shared worker, or by a stream of its own where there is none.
import type { FromTab, ToTab } from "./hub.ts";
import { createHub } from "./hub.ts";
import { openStream } from "./stream.ts";
import workerUrl from "./worker.ts?worker&url";

export type Link = { readonly send: (message: FromTab) => void };
export type OpenLink = (receive: (message: ToTab) => void) => Link;

type TrustedUrl = { readonly createScriptURL: (url: string) => string };
type Factory = {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => TrustedUrl;
};

/** The one policy that the page's own rules allow, and the one address that it lets through. */
function trustedWorkerUrl(): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: Factory };
  if (trustedTypes === undefined) return workerUrl;
  const policy = trustedTypes.createPolicy("orket-worker", {
    createScriptURL: (url) => {
      if (url === workerUrl) return url;
      throw new TypeError("Only the built worker is started.");
    },
  });
  return policy.createScriptURL(workerUrl);
}

export const openLink: OpenLink = (receive) =>
  typeof SharedWorker === "function" ? openShared(receive) : openOwn(receive);

const openShared: OpenLink = (receive) => {
  const { port } = new SharedWorker(trustedWorkerUrl(), { type: "module", name: "orket-live" });
  port.addEventListener("message", ({ data }: MessageEvent<ToTab>) => receive(data));
  port.start();
  addEventListener("pagehide", () => port.postMessage({ kind: "bye" } satisfies FromTab));
  return { send: (message) => port.postMessage(message) };
};

const after = (milliseconds: number, act: () => void): (() => void) => {
  const timer = setTimeout(act, milliseconds);
  return () => clearTimeout(timer);
};

const HIDDEN_MS = 60_000;

/** A tab that nobody looks at for a minute lets its stream go; it says where it stands when it is looked at again. */
const openOwn: OpenLink = (receive) => {
  const hub = createHub({ openStream, after, random: () => Math.random() });
  const tab = { post: receive };
  let callOff: (() => void) | null = null;
  document.addEventListener("visibilitychange", () => {
    callOff?.();
    callOff = null;
    if (document.hidden) callOff = after(HIDDEN_MS, () => hub.receive(tab, { kind: "bye" }));
  });
  return { send: (message) => hub.receive(tab, message) };
};
