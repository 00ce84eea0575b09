// Deliveries of the usual size, each signed and another one, sent over twenty connections at once: how many are on the disk
// and answered a second, and how long the slow ones took, beside a bare route that keeps nothing.
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";

const SAMPLE = new URL("../test/fixtures/gitea/01-pull_request-opened.json", import.meta.url);
const SERVER = fileURLToPath(new URL("webhook-server.ts", import.meta.url));
const SECRET = "a-secret-of-the-bench-0123456789";

export type WebhookRow = {
  readonly receiver: "product" | "bare route";
  readonly connections: number;
  readonly deliveries: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export type WebhookBench = { readonly connections: number; readonly deliveries: number };

export const benchWebhooks = async (bench: WebhookBench): Promise<readonly WebhookRow[]> => [
  await measure("product", bench),
  await measure("bare route", bench),
];

type Made = { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> };

/** Made before the clock runs. The number of the pull request makes each another body. */
function makeDeliveries(count: number): readonly Made[] {
  const text = readFileSync(SAMPLE, "utf8");
  return Array.from({ length: count }, (_, place) => {
    const body = Buffer.from(text.replaceAll('"number": 12,', `"number": ${place + 1},`));
    const headers = {
      "content-type": "application/json",
      "content-length": String(body.length),
      "x-gitea-delivery": randomUUID(),
      "x-gitea-event": "pull_request",
      "x-gitea-event-type": "pull_request",
      "x-gitea-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
    };
    return { body, headers };
  });
}

async function measure(
  receiver: WebhookRow["receiver"],
  { connections, deliveries }: WebhookBench,
): Promise<WebhookRow> {
  const child = spawn(
    process.execPath,
    [SERVER, receiver === "product" ? "product" : "bare", SECRET],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (text: Buffer) => resolve(Number(text.toString())));
    child.once("exit", () => reject(new Error("The receiver did not start.")));
  });
  const sendAll = async (made: readonly Made[]): Promise<readonly number[]> => {
    const waiting = [...made];
    const times: number[] = [];
    const lane = async (): Promise<void> => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
        const startMs = performance.now();
        await deliver(port, one);
        times.push(performance.now() - startMs);
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
    return times.toSorted((left, right) => left - right);
  };
  const all = makeDeliveries(deliveries + Math.ceil(deliveries / 4));
  await sendAll(all.slice(deliveries));
  const startMs = performance.now();
  const times = await sendAll(all.slice(0, deliveries));
  const tookMs = performance.now() - startMs;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin.end();
  await ended;
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  const perSecond = (deliveries * 1000) / tookMs;
  return { receiver, connections, deliveries, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}

const deliver = async (port: number, { body, headers }: Made): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path: "/webhook/gitea", method: "POST", agent: false, headers },
      (answer) => {
        answer.resume();
        answer.once("end", () => {
          if (answer.statusCode === 202) resolve();
          else reject(new Error(`A delivery was answered ${answer.statusCode}.`));
        });
      },
    );
    asked.once("error", reject);
    asked.end(body);
  });
