// The canary's part of the composition root: the questions over HTTP, the forge's signature, and a server of its own in a
// temporary project, started and stopped as a person would, with keys that are worth nothing afterwards.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import type { Door, SmokeAnswer, SmokeQuestion, SmokeResult, StartEnd } from "./app/smoke.ts";
import { runSmoke } from "./app/smoke.ts";
import type { Result } from "./domain/result.ts";
import { ok, refuse } from "./domain/result.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type SmokeSetting = {
  /** Of a running server; null to start one. */
  readonly url: string | null;
  readonly webhookUrl: string | null;
  readonly env: Env;
  /** The program that starts the product. */
  readonly program: string;
  readonly makeProject: (dir: string) => Promise<Result<unknown>>;
  /** Ends it early: nothing is asked any more, and nothing that it started or made is left. */
  readonly signal: AbortSignal;
};

export type SmokeReport = { readonly passed: boolean; readonly checks: readonly SmokeResult[] };

const ANSWER_MS = 10_000;
const ANSWER_BYTES_MAX = 65_536;
const START_MS = 30_000;

export async function smoke(setting: SmokeSetting): Promise<Result<SmokeReport>> {
  if (setting.url === null && setting.webhookUrl !== null)
    return refuse(
      "USAGE",
      "--webhook-url is the receiver of a running server: give that server's --url too.",
    );
  const checks =
    setting.url === null ? await smokeOwn(setting) : await smokeRunning(setting, setting.url);
  if (!checks.ok) return checks;
  const passed = checks.value.every(({ verdict }) => verdict !== "fail");
  return ok({ passed, checks: checks.value });
}

type Addresses = Readonly<Record<Door, string | null>>;

const word = (): string => randomBytes(24).toString("hex");
const signerOf = (secret: string) => (body: string) =>
  createHmac("sha256", secret).update(body).digest("hex");
const set = (value: string | undefined): string | null =>
  value === undefined || value.trim() === "" ? null : value;

async function smokeRunning(
  { webhookUrl, env, signal }: SmokeSetting,
  url: string,
): Promise<Result<readonly SmokeResult[]>> {
  const addresses = { API: url, webhook: webhookUrl };
  const wrong = Object.values(addresses).find((one) => one !== null && !isAddress(one));
  if (wrong !== undefined)
    return refuse("USAGE", `${String(wrong)} is no address such as http://127.0.0.1:8082.`);
  const secret = set(env["GITEA_WEBHOOK_SECRET"]);
  return ok(
    await runSmoke({
      ask: asker(addresses, signal),
      key: set(env["ORKET_API_KEY"]),
      webhook: webhookUrl === null || secret === null ? null : { sign: signerOf(secret) },
      start: null,
      word,
    }),
  );
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}` === "" && pathname === "/";
}

async function smokeOwn(setting: SmokeSetting): Promise<Result<readonly SmokeResult[]>> {
  const dir = await mkdtemp(join(tmpdir(), "orket-smoke-"));
  try {
    const made = await setting.makeProject(dir);
    if (!made.ok) return made;
    const [key, secret] = [word(), word()];
    const env = {
      PATH: setting.env["PATH"] ?? "",
      HOME: dir,
      ORKET_PROJECT: dir,
      ORKET_API_KEY: key,
      ORKET_PORT: "0",
      ORKET_WEBHOOK_PORT: "0",
      GITEA_WEBHOOK_SECRET: secret,
    };
    const server = await startServer(setting, env);
    try {
      const start = async (more: Readonly<Record<string, string>>): Promise<StartEnd> =>
        tryStart(setting, { ...env, ...more });
      return ok(
        await runSmoke({
          ask: asker(server.addresses, setting.signal),
          key,
          webhook: { sign: signerOf(secret) },
          start,
          word,
        }),
      );
    } finally {
      await stop(server.child);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

type Started = { readonly child: ChildProcess; readonly addresses: Addresses };

/** Without an address in time everything that is asked of it fails, with what it said as the reason. */
async function startServer(
  setting: Pick<SmokeSetting, "program" | "signal">,
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const { child, line } = await serve(setting, env);
  const { addresses = [] } = (line === null ? {} : JSON.parse(line)) as {
    readonly addresses?: readonly { readonly name: string; readonly url: string }[];
  };
  const at = (door: Door): string | null =>
    addresses.find(({ name }) => name === door)?.url ?? null;
  return { child, addresses: { API: at("API"), webhook: at("webhook") } };
}

async function serve(
  { program, signal }: Pick<SmokeSetting, "program" | "signal">,
  env: Readonly<Record<string, string>>,
) {
  const child = spawn(process.execPath, [program, "serve", "--json"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said = `${said}${chunk}`.slice(-ANSWER_BYTES_MAX);
  });
  const line = await firstLine(child, signal);
  return { child, line, said: () => said };
}

/** Null when it ended, said no such line, took too long, or nobody waits any more. */
async function firstLine(child: ChildProcess, signal: AbortSignal): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) resolve(text.slice(0, end));
    else if (text.length > ANSWER_BYTES_MAX) resolve(null);
  });
  child.once("error", () => resolve(null)).once("close", () => resolve(null));
  const late = setTimeout(() => resolve(null), START_MS);
  const leave = (): void => resolve(null);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  const line = await promise;
  signal.removeEventListener("abort", leave);
  clearTimeout(late);
  return line;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  await ended;
  clearTimeout(late);
}

async function tryStart(
  setting: Pick<SmokeSetting, "program" | "signal">,
  env: Readonly<Record<string, string>>,
): Promise<StartEnd> {
  const { child, line, said } = await serve(setting, env);
  const isServing = line?.includes('"type":"serving"') === true;
  await stop(child);
  return { isServing, exitCode: child.exitCode, said: said() };
}

/** To the named server alone: a redirect is an answer, and nothing follows it. */
function asker(addresses: Addresses, stop: AbortSignal) {
  return async (question: SmokeQuestion): Promise<SmokeAnswer> => {
    const { door, method = "GET", path, headers = {}, body } = question;
    const base = addresses[door];
    if (base === null) return { kind: "none", reason: `no ${door} listens.` };
    if (stop.aborted) return { kind: "none", reason: "it was stopped." };
    const signal = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
    try {
      const answer = await request(new URL(path, base), {
        method,
        headers: { ...headers },
        signal,
        ...(body === undefined ? {} : { body }),
      });
      return { kind: "answered", status: answer.statusCode, text: await beginningOf(answer.body) };
    } catch (error) {
      const { code = "", name } = error as { readonly code?: string; readonly name: string };
      const reason = stop.aborted
        ? "it was stopped."
        : signal.aborted
          ? `nothing came within ${ANSWER_MS / 1000} s.`
          : `${code || name}.`;
      return { kind: "none", reason };
    }
  };
}

/** What came of a body: one without an end, such as an event stream, is an answer as well. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > ANSWER_BYTES_MAX) break;
    }
  } catch {
    // Cut off: the status has been said.
  }
  return text;
}
