// The webhook's part of the composition root: the listener with its worker, opened and stopped by the server, and deliveries
// that a person replays out of a file.
import { stat, readFile } from "node:fs/promises";
import type { Engine } from "./app/engine.ts";
import type { Received } from "./app/receive-delivery.ts";
import type { DeliveryHandlers } from "./app/work-deliveries.ts";
import { startDeliveryWorker } from "./app/work-deliveries.ts";
import type { Config } from "./config.ts";
import type { Result } from "./domain/result.ts";
import { refuse } from "./domain/result.ts";
import { listenAddress } from "./http/start-rules.ts";
import { keepParsed, parseBody } from "./webhook/receive.ts";
import { BODY_BYTES_MAX, createWebhookServer } from "./webhook/server.ts";
import { isSignedBy, readSignature } from "./webhook/signature.ts";
import type { WebhookStart } from "./webhook/start-rules.ts";
import { decideWebhookStart } from "./webhook/start-rules.ts";

export const webhookStartOf = (config: Config): Result<WebhookStart> =>
  decideWebhookStart({
    host: config.text("webhook.host") ?? "127.0.0.1",
    secret: config.secret("gitea.webhook_secret")?.reveal() ?? null,
    previousSecret: config.secret("gitea.webhook_secret_previous")?.reveal() ?? null,
    isProduction: config.text("env") === "production",
    testEndpoint: config.flag("webhook.enable_test_endpoint"),
    testToken: testTokenOf(config),
  });

const testTokenOf = (config: Config): string | null =>
  config.secret("webhook.test_token")?.reveal() ?? null;

export type OpenWebhook = {
  readonly address: string;
  readonly port: number;
  /** No new delivery, then no new work; what is being done ends, or is left to the next start. */
  readonly stop: (graceMs: number) => Promise<void>;
};

export type WebhookSetting = {
  readonly engine: Engine;
  readonly config: Config;
  readonly organization: string;
  readonly secrets: readonly string[] | null;
  /** What is done about deliveries; without any they wait in the store. */
  readonly handlers: DeliveryHandlers;
  readonly isOwnerGone: (owner: string) => boolean;
};

/** Null when there is no secret: without one nobody could be told from the forge. */
export async function openWebhook({
  engine,
  config,
  organization,
  secrets,
  handlers,
  isOwnerGone,
}: WebhookSetting): Promise<OpenWebhook | null> {
  if (secrets === null) return null;
  const { owner } = engine.settings;
  const worker = startDeliveryWorker(engine, { handlers, owner, isOwnerGone });
  const isTestOpen = config.flag("webhook.enable_test_endpoint");
  const server = createWebhookServer({
    engine,
    organization,
    secrets,
    perMinute: config.number("webhook.rate_limit"),
    test: isTestOpen ? { token: testTokenOf(config) } : null,
    wake: worker.wake,
  });
  try {
    const at = await server.listen({
      host: listenAddress(config.text("webhook.host") ?? "127.0.0.1"),
      port: config.number("webhook.port"),
    });
    return {
      ...at,
      stop: async (graceMs) => {
        await server.stop(graceMs);
        await worker.stop();
      },
    };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

export type FileReplay = {
  readonly engine: Engine;
  readonly config: Config;
  readonly path: string;
  readonly person: string;
};

/**
 * The body in the file, byte for byte, through the same path as from the forge. The headers that came with it are read from
 * beside it, where they are; a signature among them must be good. Null when there is no such file.
 */
export async function replayFile({
  engine,
  config,
  path,
  person,
}: FileReplay): Promise<Result<Received> | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) return null;
  if (found.size > BODY_BYTES_MAX) return refuse("BODY_TOO_LARGE", "A delivery has 8 MiB at most.");
  const body = await readFile(path);
  const headers = await readHeaders(path.replace(/\.json$/, ".headers.json"));
  if (headers === null)
    return refuse("PAYLOAD_INVALID", "The file of its headers is no JSON object of texts.");
  const signed = headers["x-gitea-signature"];
  if (signed !== undefined && !isGood(config, body, signed))
    return refuse(
      "SIGNATURE_INVALID",
      "The signature among its headers fits neither GITEA_WEBHOOK_SECRET nor the one before it.",
    );
  return keepParsed(engine, {
    body,
    parsed: parseBody(body),
    source: "replay",
    actor: `human:${person}`,
    deliveryId: headers["x-gitea-delivery"] ?? null,
    event: headers["x-gitea-event"] || null,
    eventType: headers["x-gitea-event-type"] || null,
  });
}

function isGood(config: Config, body: Buffer, shown: string): boolean {
  const start = webhookStartOf(config);
  const signature = readSignature([shown]);
  const secrets = start.ok ? (start.value.secrets ?? []) : [];
  return signature.kind === "hex" && isSignedBy(secrets, body, signature.bytes);
}

/** Names in lower case; empty when there is no such file, null when it cannot be used. */
async function readHeaders(path: string): Promise<Readonly<Record<string, string>> | null> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const entries = Object.entries(value);
    if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string"))
      return null;
    return Object.fromEntries(entries.map(([name, one]) => [name.toLowerCase(), one]));
  } catch {
    return null;
  }
}
