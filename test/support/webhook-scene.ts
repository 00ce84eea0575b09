// The webhook listener on a real socket over a real store, the samples of deliveries as bytes, and a forge that sends them.
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { TestContext } from "node:test";
import type { Engine } from "../../src/app/engine.ts";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { WebhookDeps, WebhookServer } from "../../src/webhook/server.ts";
import { createWebhookServer } from "../../src/webhook/server.ts";
import { makeProject, openTestEngine } from "./project.ts";
import type { TestEngine } from "./project.ts";

export const SECRET = "orket-test-webhook-secret-do-not-use";
const FOLDER = new URL("../fixtures/gitea/", import.meta.url);

export type Headers = Readonly<Record<string, string | readonly string[]>>;
export type Sample = { readonly name: string; readonly body: Buffer; readonly headers: Headers };

/** What the client makes itself. */
const OWN = ["host", "content-length"];

/** The body byte for byte, and the headers that came with it, in lower case. */
export function sampleOf(start: string): Sample {
  const name = readdirSync(FOLDER)
    .find((file) => file.startsWith(start) && !file.endsWith(".headers.json"))
    ?.replace(/\.json$/, "");
  const headers = JSON.parse(
    readFileSync(new URL(`${name}.headers.json`, FOLDER), "utf8"),
  ) as Record<string, string>;
  return {
    name: String(name),
    body: readFileSync(new URL(`${name}.json`, FOLDER)),
    headers: Object.fromEntries(
      Object.entries(headers)
        .map(([key, value]) => [key.toLowerCase(), value] as const)
        .filter(([key]) => !OWN.includes(key)),
    ),
  };
}

export const samples = (): readonly Sample[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".headers.json"))
    .map((file) => sampleOf(file.slice(0, 2)));

export const signatureOf = (body: Buffer | string, secret = SECRET): string =>
  createHmac("sha256", secret).update(body).digest("hex");

/** Any value as a delivery of its own, signed, with the words of a sample's event. */
export function signed(value: unknown, more: Headers = {}): Sample {
  const body = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
  const headers = { "x-gitea-signature": signatureOf(body), ...more };
  return { name: "own", body, headers };
}

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: Readonly<Record<string, unknown>>;
};

export type Sent = {
  readonly body: Buffer | string;
  readonly headers?: Headers;
  readonly path?: string;
  readonly method?: string;
  readonly isChunked?: boolean;
};

export const HOOK = "/webhook/gitea";

export async function send(port: number, sent: Sent): Promise<Answer> {
  const { body, headers = {}, path = HOOK, method = "POST", isChunked = false } = sent;
  const length = isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        agent: false,
        headers: { ...(headers as Record<string, string | string[]>), ...length },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            json: JSON.parse(text) as Answer["json"],
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

export type WebhookScene = TestEngine & {
  readonly dir: string;
  readonly port: number;
  readonly server: WebhookServer;
  /** How often somebody was told that work came in. */
  readonly woken: () => number;
  readonly send: (sent: Sent) => Promise<Answer>;
  /** Oldest first. */
  readonly stored: () => Promise<readonly Delivery[]>;
};

export type WebhookOptions = Partial<
  Pick<WebhookDeps, "secrets" | "perMinute" | "test" | "limits">
> & {
  readonly replace?: Partial<Engine>;
  readonly store?: (store: Engine["store"]) => Engine["store"];
};

export async function openWebhook(
  context: TestContext,
  options: WebhookOptions = {},
): Promise<WebhookScene> {
  const project = await makeProject({});
  const opened = await openTestEngine(
    project.dir,
    options.replace === undefined ? {} : { replace: options.replace },
  );
  const { secrets = [SECRET], perMinute = 60, test = null, limits = {} } = options;
  let woken = 0;
  const store = options.store?.(opened.engine.store) ?? opened.engine.store;
  const server = createWebhookServer({
    engine: { ...opened.engine, store },
    organization: "The test",
    secrets,
    perMinute,
    test,
    limits,
    wake: () => (woken += 1),
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  context.after(async () => {
    await server.stop(0);
    await opened.close();
    await project.remove();
  });
  return {
    ...opened,
    dir: project.dir,
    port,
    server,
    woken: () => woken,
    send: async (sent) => send(port, sent),
    stored: async () =>
      opened.engine.store.read(async ({ deliveries }) =>
        (await deliveries.list({ limit: 1000 })).toReversed(),
      ),
  };
}
