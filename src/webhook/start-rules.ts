// What the webhook listener may start with: a secret that nobody guesses, and a test endpoint on loopback alone.
import type { Result } from "../domain/result.ts";
import { ok, refuse } from "../domain/result.ts";

export type WebhookSettings = {
  readonly host: string;
  readonly secret: string | null;
  readonly previousSecret: string | null;
  readonly isProduction: boolean;
  readonly testEndpoint: boolean;
  readonly testToken: string | null;
};

/** `secrets` null: no secret is set, and the listener stays closed. */
export type WebhookStart = {
  readonly secrets: readonly string[] | null;
  readonly warnings: readonly string[];
};

const SECRET_BYTES_MIN = 32;
/** Words out of manuals and samples, long enough or not. */
const PLACEHOLDER =
  /change[-_ ]?me|replace[-_ ]?me|your[-_ ].*secret|^(.{1,8})\1+$|^(?:0123456789|1234567890)/i;
/** Published with samples of deliveries. */
const SAMPLE = /do-not-use/i;

export function decideWebhookStart(settings: WebhookSettings): Result<WebhookStart> {
  const { secret, previousSecret, testEndpoint } = settings;
  if (secret === null || secret.trim() === "")
    return previousSecret === null && !testEndpoint
      ? ok({ secrets: null, warnings: [] })
      : ok({ secrets: null, warnings: [CLOSED] });
  const named = [
    ["GITEA_WEBHOOK_SECRET", secret],
    ...(previousSecret === null ? [] : [["GITEA_WEBHOOK_SECRET_PREVIOUS", previousSecret]]),
  ] as const;
  const warnings: string[] = [];
  for (const [name = "", value = ""] of named) {
    const problem = problemOf(value, settings.isProduction);
    if (problem !== null)
      return refuse("SERVER_UNSAFE", `${name} ${problem}. Make one with: openssl rand -hex 32`, {
        name,
      });
    if (SAMPLE.test(value))
      warnings.push(`${name} is the secret of published samples; anybody can sign with it.`);
  }
  if (!testEndpoint) return ok({ secrets: named.map(([, value = ""]) => value), warnings });
  if (!isLoopback(settings.host))
    return refuse(
      "SERVER_UNSAFE",
      `ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT is on, and ORKET_WEBHOOK_HOST is ${settings.host}. The test endpoint is open on loopback only.`,
      { host: settings.host },
    );
  const how =
    settings.testToken === null
      ? "no ORKET_WEBHOOK_TEST_TOKEN is set, so it lets nobody in"
      : "it takes deliveries that nobody signed";
  return ok({
    secrets: named.map(([, value = ""]) => value),
    warnings: [...warnings, `ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT is on: ${how}.`],
  });
}

const CLOSED =
  "The webhook listener is closed: settings for it are there, and no GITEA_WEBHOOK_SECRET.";

function problemOf(secret: string, isProduction: boolean): string | null {
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN)
    return `has less than ${SECRET_BYTES_MIN} bytes`;
  if (PLACEHOLDER.test(secret)) return "is a placeholder that anybody can guess";
  return isProduction && SAMPLE.test(secret) ? "is the secret of published samples" : null;
}

/** By its text: a name that leads to loopback today may lead elsewhere tomorrow. */
const isLoopback = (host: string): boolean =>
  /^127(?:\.\d{1,3}){3}$/.test(host) || ["localhost", "::1", "[::1]"].includes(host.toLowerCase());
