// HTTP questions to a sandbox on this machine, and to nothing else.
import type * as Undici from "undici";
import type { Json } from "../../domain/json.ts";
import { sandboxAddress } from "../../domain/sandbox-address.ts";
import { ok } from "../../domain/result.ts";
import type { HttpAnswer, HttpCheck, HttpQuestion } from "../../ports/http-check.ts";

const BYTES_MAX = 1024 * 1024;

export const createLoopbackHttpCheck = (): HttpCheck => ({
  ask: async (question, signal) => {
    const address = sandboxAddress(question.baseUrl, question.endpoint);
    if (!address.ok) return address;
    // Its own connection, gone afterwards; undici follows no redirect unless it is told to.
    // Loaded when it is first needed: most commands ask nothing.
    const undici = await import("undici");
    const agent = new undici.Agent({ connections: 1, pipelining: 0 });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(question.timeoutMs)]);
    try {
      return ok(
        await ask(
          { request: undici.request, dispatcher: agent },
          { ...question, url: address.value },
          limit,
        ),
      );
    } catch (error) {
      return ok({ kind: "failed", why: whyOf(error, question.timeoutMs) });
    } finally {
      await agent.destroy();
    }
  },
});

async function ask(
  {
    request,
    dispatcher,
  }: { readonly request: typeof Undici.request; readonly dispatcher: Undici.Agent },
  { url, method, payload }: HttpQuestion & { readonly url: string },
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { statusCode: status, body } = await request(url, {
    dispatcher,
    signal,
    method: method as "GET",
    headers: {
      accept: "application/json",
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) return { kind: "failed", why: `a body of more than ${BYTES_MAX} bytes` };
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return { kind: "answered", status, body: parse(text), text };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function whyOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `no whole answer within ${timeoutMs / 1000} s`;
  const { code, message } = error as NodeJS.ErrnoException;
  return `no answer (${code ?? message})`;
}
