// One document by plain HTTP: few redirects, each asked about before it is followed; bounded in bytes and time. No cookies are
// kept and no script runs.
import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Permit, Stop } from "../schemas/poll.ts";
import { LIMITS, USER_AGENT } from "../schemas/settings.ts";
import type { GuardedNet } from "./guarded-net.ts";
import { PRIVATE_CODE } from "./guarded-net.ts";

export type Document = {
  readonly kind: "document";
  readonly url: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
};

export type FetchDocument = (url: URL, bounds: FetchBounds) => Promise<Document | Stop>;
type FetchBounds = {
  readonly permit: Permit;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
};

const HEADERS = {
  "user-agent": USER_AGENT,
  accept: "text/html, text/plain;q=0.8, */*;q=0.1",
  "accept-encoding": "gzip, deflate, br",
};

export const createHttpAccessor =
  (net: GuardedNet): FetchDocument =>
  async (start, { permit, bytesMax, signal }) => {
    let url = start;
    for (let hop = 0; hop <= LIMITS.redirects; hop += 1) {
      const closed = await net.explain(url);
      if (closed !== null) return failed("address", closed);
      const stop = await permit(url, signal);
      if (stop !== null) return stop;
      const answer = await ask({ url, net, bytesMax, signal }).catch((error: unknown) =>
        toFailure(error, signal),
      );
      if ("kind" in answer) return answer;
      const next = locationOf(answer, url);
      if (next === null)
        return {
          kind: "document",
          url: url.href,
          status: answer.status,
          retryAfter: answer.retryAfter,
          body: answer.body,
        };
      url = next;
    }
    return failed("redirects", `More than ${LIMITS.redirects} redirects.`);
  };

type Asked = {
  readonly url: URL;
  readonly net: GuardedNet;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
};
type Answer = {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly location: string | null;
  readonly body: string;
};

async function ask({ url, net, bytesMax, signal }: Asked): Promise<Answer> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers: HEADERS, lookup: net.lookupFor(url), signal, agent: false }, resolve)
      .on("error", reject)
      .end();
  });
  const { statusCode = 0, headers } = response;
  const isRedirect = statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
  try {
    const body = isRedirect ? "" : await readText(response, bytesMax);
    return {
      status: statusCode,
      retryAfter: headers["retry-after"] ?? null,
      location: isRedirect ? (headers.location ?? null) : null,
      body,
    };
  } finally {
    response.destroy();
  }
}

class TooLarge extends Error {}

/** The bound holds for what was unpacked: a small body can unpack to a disk full. */
async function readText(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpacked(response)) {
    const buffer = chunk as Buffer;
    bytes += buffer.length;
    if (bytes > bytesMax) throw new TooLarge(`The page is larger than ${bytesMax} bytes.`);
    chunks.push(buffer);
  }
  return decode(Buffer.concat(chunks), response.headers["content-type"] ?? "");
}

function unpacked(response: IncomingMessage): NodeJS.ReadableStream {
  const done = (): void => {};
  switch (response.headers["content-encoding"]?.trim().toLowerCase()) {
    case "gzip":
      return pipeline(response, createGunzip(), done);
    case "deflate":
      return pipeline(response, createInflate(), done);
    case "br":
      return pipeline(response, createBrotliDecompress(), done);
    default:
      return response;
  }
}

function decode(body: Buffer, contentType: string): string {
  const begin = body.subarray(0, 1024).toString("latin1");
  const name =
    /charset=["']?([\w-]+)/i.exec(contentType)?.[1] ??
    /<meta[^>]+charset=["']?([\w-]+)/i.exec(begin)?.[1] ??
    "utf-8";
  try {
    return new TextDecoder(name).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

const locationOf = ({ location }: Answer, base: URL): URL | null =>
  location === null ? null : URL.canParse(location, base) ? new URL(location, base) : null;

function toFailure(error: unknown, signal: AbortSignal): Stop {
  if (error instanceof TooLarge) return failed("too-large", error.message);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === PRIVATE_CODE) return failed("address", message);
  if (signal.aborted) return failed("timeout", "The page did not come in time.");
  return failed("unreachable", code ?? message);
}

const failed = (reason: Extract<Stop, { kind: "failed" }>["reason"], detail: string): Stop => ({
  kind: "failed",
  reason,
  detail,
});
