// Deliveries: signed as the real ones, sent once, in order, unless a test asks for loss, repetition, delay or disorder.
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ForgeHook, ForgeRepository, ForgeState } from "./state.ts";

export type Delivery = {
  readonly id: string;
  readonly hook: number;
  readonly url: string;
  readonly event: string;
  readonly eventType: string;
  readonly body: string;
  /** Of each time it was sent; null where nobody answered. */
  readonly statuses: (number | null)[];
  error: string | null;
};

export type DeliveryMode = {
  /** Nothing is sent. */
  readonly lose?: boolean;
  readonly repeat?: number;
  readonly delayMs?: number;
  /** Kept back until `flush`, which sends the newest first. */
  readonly reorder?: boolean;
};

export type Notice = {
  readonly event: string;
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
};

export type Webhooks = {
  readonly deliveries: Delivery[];
  readonly setMode: (mode: DeliveryMode) => void;
  readonly notify: (repository: ForgeRepository, notice: Notice) => void;
  readonly sendTo: (hook: ForgeHook, notice: Notice) => void;
  readonly flush: () => Promise<void>;
  readonly settled: () => Promise<void>;
};

const FAMILY = {
  pull_request: /^pull_request/,
  pull_request_only: /^pull_request$/,
  pull_request_sync: /^pull_request_sync$/,
  pull_request_review: /^pull_request_review_(approved|rejected|comment)$/,
  pull_request_comment: /^pull_request_comment$/,
  issues: /^issues?_?/,
  issue_comment: /^issue_comment$/,
  push: /^push$/,
  status: /^status$/,
} as const satisfies Readonly<Record<string, RegExp>>;

const hears = ({ events }: ForgeHook, type: string): boolean =>
  events.some((event) => event in FAMILY && FAMILY[event as keyof typeof FAMILY].test(type));

const escaped = (json: string): string =>
  json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");

export function createWebhooks(state: ForgeState, allowsLoopback: () => boolean): Webhooks {
  const deliveries: Delivery[] = [];
  let held: (() => Promise<void>)[] = [];
  let mode: DeliveryMode = {};
  let chain = Promise.resolve();
  const enqueue = (send: () => Promise<void>): void => {
    chain = chain.then(send);
  };

  function sendTo(hook: ForgeHook, notice: Notice): void {
    const body = escaped(JSON.stringify(notice.payload, null, 2));
    const { event, eventType } = notice;
    const delivery: Delivery = {
      id: randomUUID(),
      hook: hook.id,
      url: hook.url,
      event,
      eventType,
      body,
      statuses: [],
      error: null,
    };
    deliveries.push(delivery);
    const { lose, repeat = 1, delayMs = 0, reorder } = mode;
    if (lose === true) return;
    const send = async (): Promise<void> => {
      if (delayMs > 0) await sleep(delayMs);
      for (let time = 0; time < repeat; time += 1) await sendOnce(hook, delivery);
    };
    if (reorder === true) held.push(send);
    else enqueue(send);
  }

  async function sendOnce(hook: ForgeHook, delivery: Delivery): Promise<void> {
    if (!allowsLoopback()) {
      delivery.statuses.push(null);
      delivery.error = "webhook can only call allowed HTTP servers";
      return;
    }
    try {
      const response = await fetch(hook.url, {
        method: "POST",
        headers: headersOf(state, hook.secret, delivery),
        body: delivery.body,
        signal: AbortSignal.timeout(5000),
      });
      await response.arrayBuffer();
      delivery.statuses.push(response.status);
    } catch (error) {
      delivery.statuses.push(null);
      delivery.error = String(error);
    }
  }

  return {
    deliveries,
    setMode: (wanted) => {
      mode = wanted;
    },
    notify: (repository, notice) => {
      for (const hook of repository.hooks)
        if (hook.isActive && hears(hook, notice.eventType)) sendTo(hook, notice);
    },
    sendTo,
    flush: async () => {
      for (const send of held.toReversed()) enqueue(send);
      held = [];
      await chain;
    },
    settled: () => chain,
  };
}

function headersOf(
  state: ForgeState,
  secret: string,
  { id, event, eventType, body }: Delivery,
): Record<string, string> {
  const hmac = (kind: string): string =>
    secret === "" ? "" : createHmac(kind, secret).update(body).digest("hex");
  const signature = hmac("sha256");
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "user-agent": "Go-http-client/1.1",
    "accept-encoding": "gzip",
    "x-hub-signature": `sha1=${hmac("sha1")}`,
    "x-hub-signature-256": `sha256=${signature}`,
    "x-gitea-signature": signature,
    "x-gogs-signature": signature,
  };
  const families = ["gitea", "gogs", "github", ...(state.flavour === "forgejo" ? ["forgejo"] : [])];
  for (const family of families) {
    headers[`x-${family}-delivery`] = id;
    headers[`x-${family}-event`] = event;
    headers[`x-${family}-event-type`] = eventType;
  }
  if (state.flavour === "forgejo") headers["x-forgejo-signature"] = signature;
  else
    for (const family of ["gitea", "github"])
      headers[`x-${family}-hook-installation-target-type`] = "repository";
  return headers;
}
