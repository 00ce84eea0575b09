// A shop for tests: a real server on loopback whose pages a test changes, and which keeps what was asked of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export type Page = string | ((request: IncomingMessage, response: ServerResponse) => void);
export type Shop = {
  readonly host: string;
  readonly url: (path: string) => string;
  /** What is served from now on; anything else is 404. */
  readonly pages: Map<string, Page>;
  /** Paths in the order they were asked for. */
  readonly asked: { path: string; agent: string; at: number }[];
};

export async function openShop(
  context: TestContext,
  pages: Readonly<Record<string, Page>> = {},
): Promise<Shop> {
  const served = new Map(Object.entries(pages));
  const asked: Shop["asked"] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push({ path, agent: request.headers["user-agent"] ?? "", at: Date.now() });
    const page = served.get(path.split("?")[0] ?? "");
    if (typeof page === "function") return page(request, response);
    response.writeHead(page === undefined ? 404 : 200, {
      "content-type": path === "/robots.txt" ? "text/plain" : "text/html; charset=utf-8",
    });
    response.end(page ?? "nothing here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    pages: served,
    asked,
  };
}

/** A page of the shop with one price, which a script brings when `late`. */
export const offer = (
  price: string,
  late = false,
): string => `<!doctype html><html lang="en"><head><title>Lamp</title></head><body>
  <nav><a href="/basket">Basket (3)</a></nav>
  <main><h1>A calm lamp</h1><p>Our price: <strong id="price" role="status" aria-label="Price of today">${late ? "…" : price}</strong></p></main>
  ${late ? `<script>setTimeout(() => { document.querySelector("#price").textContent = ${JSON.stringify(price)}; }, 300);</script>` : ""}
</body></html>`;
