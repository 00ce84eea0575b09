// The worker that all tabs of a browser share, so that nine of them hold one connection.
import type { FromTab, Tab } from "./hub.ts";
import { createHub } from "./hub.ts";
import { openStream } from "./stream.ts";

type Scope = { onconnect: ((event: { readonly ports: readonly MessagePort[] }) => void) | null };

const hub = createHub({
  openStream,
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
});

(globalThis as unknown as Scope).onconnect = ({ ports }) => {
  const [port] = ports;
  if (port === undefined) return;
  const tab: Tab = { post: (message) => port.postMessage(message) };
  port.addEventListener("message", ({ data }: MessageEvent<FromTab>) => hub.receive(tab, data));
  port.start();
};
