// Calls of the API to `orket serve` as a process: the heartbeat, ten thousand cards page by page, and runs that are handed in,
// beside a bare route of the framework in the same run. Each call is let in by its key and written down where it changes something.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { openTestEngine } from "../test/support/project.ts";
import { makeBenchProject } from "./project.ts";

const BIN = fileURLToPath(new URL("../bin/orket", import.meta.url));
const BARE = fileURLToPath(new URL("bare-route.ts", import.meta.url));
const KEY = "a-key-of-the-bench-0123456789";
const CONNECTIONS = 8;

export type ApiRow = {
  readonly call: string;
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Its requests/s over those of the bare route. */
  readonly ofBare: number;
};

type Measured = Omit<ApiRow, "ofBare">;

export type ApiBench = {
  readonly requests: number;
  readonly cards: number;
  readonly runs: number;
};

export async function benchApi({ requests, cards, runs }: ApiBench): Promise<readonly ApiRow[]> {
  const backlog = await makeBenchProject({ epics: 1, issues: cards });
  // A run of one turn puts the whole backlog into the store.
  const opened = await openTestEngine(backlog, { limits: { turnsPerRunMax: 1 } });
  await opened.run({ card: "epic-0" });
  await opened.close();
  const small = await makeBenchProject({ epics: 1, issues: 1 });
  const bare = start([BARE], backlog);
  const reading = start([BIN, "serve", "--port", "0", "--json"], backlog);
  const working = start([BIN, "serve", "--port", "0", "--json"], small);
  try {
    const route = { port: await bare.port, path: () => "/bare" };
    const heartbeat = { port: await reading.port, path: () => "/v1/system/heartbeat" };
    // Both once unmeasured, so that neither pays for being first.
    await measure("bare route", times(requests), route);
    await measure("heartbeat", times(requests), heartbeat);
    const floor = await measure("bare route", times(requests), route);
    const rows = [
      floor,
      await measure("heartbeat", times(requests), heartbeat),
      await pages(await reading.port),
      await measure("run submission", times(runs), {
        port: await working.port,
        path: () => "/v1/runs",
        body: (number) => ({ card: "epic-0", build: `bench-${number}` }),
      }),
    ];
    return rows.map((row) => ({ ...row, ofBare: row.perSecond / floor.perSecond }));
  } finally {
    await Promise.all([bare, reading, working].map(async ({ stop }) => stop()));
    for (const dir of [backlog, small]) await rm(dir, { recursive: true, force: true });
  }
}

const times = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

function start(args: readonly string[], cwd: string) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: cwd, ORKET_API_KEY: KEY };
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd,
    env,
    // What a server logs is not part of the table.
    stdio: ["pipe", "pipe", "ignore"],
  });
  const port = new Promise<number>((resolve, reject) => {
    child.stdout?.once("data", (text: Buffer) => {
      const [found] = /\d+$|:(\d+)"/.exec(text.toString().trim()) ?? [];
      resolve(Number((found ?? "").replaceAll(/\D/g, "")));
    });
    child.once("exit", () => reject(new Error(`It did not start: ${args.join(" ")}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    child.kill("SIGTERM");
    await ended;
  };
  return { port, stop };
}

type Target = {
  readonly port: number;
  readonly path: (number: number) => string;
  readonly body?: (number: number) => unknown;
};

async function measure(
  call: string,
  numbers: readonly number[],
  target: Target,
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const waiting = numbers.toReversed();
  const took: number[] = [];
  const lane = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const startMs = performance.now();
      await ask(agent, target, one);
      took.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  const row = rowOf(call, took, performance.now() - startMs);
  agent.destroy();
  return row;
}

function rowOf(call: string, took: readonly number[], allMs: number): Measured {
  const sorted = took.toSorted((left, right) => left - right);
  const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  return { call, requests: took.length, perSecond: (took.length * 1000) / allMs, p99Ms };
}

const PAGE = 100;

/** Each page leads to the next, so they come one after the other. */
async function pages(port: number): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const took: number[] = [];
  const startMs = performance.now();
  for (let round = 0; round < 3; round += 1) {
    for (let cursor: string | null = ""; cursor !== null;) {
      const after = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const pageMs = performance.now();
      const text = await ask(agent, { port, path: () => `/v1/cards?limit=${PAGE}${after}` }, 0);
      took.push(performance.now() - pageMs);
      cursor = (JSON.parse(text) as { readonly next: string | null }).next;
    }
  }
  const row = rowOf(`cards list, ${PAGE} a page`, took, performance.now() - startMs);
  agent.destroy();
  return row;
}

const ask = async (agent: Agent, { port, path, body }: Target, number: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const json = body === undefined ? null : JSON.stringify(body(number));
    const headers = {
      "x-api-key": KEY,
      ...(json === null
        ? {}
        : {
            "content-type": "application/json",
            "content-length": String(Buffer.byteLength(json)),
          }),
    };
    const method = json === null ? "GET" : "POST";
    const asked = request(
      { host: "127.0.0.1", port, path: path(number), method, agent, headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.once("end", () => {
          if ((answer.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`${path(number)} was answered ${answer.statusCode}: ${text}`));
        });
      },
    );
    asked.once("error", reject);
    asked.end(json ?? undefined);
  });
