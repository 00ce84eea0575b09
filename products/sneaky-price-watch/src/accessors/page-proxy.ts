// Chromium's only way out: a forward proxy on the loopback interface that lives as long as one page. It connects by the guarded
// net, so that no script, frame or redirect of a page reaches what is closed to us, and it ends a page that loads too much.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as requestHttp } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { hostNameOf } from "../utils/address.ts";
import type { GuardedNet } from "./guarded-net.ts";

export type PageProxy = {
  readonly url: string;
  /** Aborted when the page has loaded too much. */
  readonly overfull: AbortSignal;
  readonly close: () => Promise<void>;
};

export async function openPageProxy(net: GuardedNet, bytesMax: number): Promise<PageProxy> {
  const sockets = new Set<Duplex>();
  const overfull = new AbortController();
  let bytes = 0;
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const hold = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };
  const count = (source: NodeJS.ReadableStream): void => {
    source.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax || overfull.signal.aborted) return;
      end();
      overfull.abort();
    });
  };
  const server = createServer((request, response) => forward(request, response, { net, count }));
  server.on("connection", hold);
  server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
    const target = tunnel(request.url ?? "", net);
    if (target === null) return client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    hold(target);
    count(target);
    target.on("connect", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      target.write(head);
      target.pipe(client).pipe(target);
    });
    target.on("close", () => client.destroy());
    client.on("close", () => target.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    overfull: overfull.signal,
    close: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Encrypted pages: we see the host and carry the bytes. */
function tunnel(authority: string, net: GuardedNet): Socket | null {
  if (!URL.canParse(`https://${authority}`)) return null;
  const url = new URL(`https://${authority}`);
  if (net.refuse(url) !== null) return null;
  return connect({
    host: hostNameOf(url),
    port: Number(url.port || 443),
    lookup: net.lookupFor(url),
  });
}

type Forwarding = {
  readonly net: GuardedNet;
  readonly count: (source: NodeJS.ReadableStream) => void;
};

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { net, count }: Forwarding,
): void {
  const refuse = (): void => void response.writeHead(403).end();
  const target = request.url ?? "";
  if (!/^http:\/\//i.test(target) || !URL.canParse(target)) return refuse();
  const url = new URL(target);
  if (net.refuse(url) !== null) return refuse();
  const { "proxy-connection": _hop, ...headers } = request.headers;
  const outer = requestHttp(url, {
    method: request.method ?? "GET",
    headers,
    lookup: net.lookupFor(url),
    agent: false,
  });
  outer.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    count(answer);
    answer.on("error", () => response.destroy()).pipe(response);
  });
  outer.on("error", () =>
    response.headersSent ? response.destroy() : response.writeHead(502).end(),
  );
  response.on("close", () => outer.destroy());
  request.pipe(outer);
}
