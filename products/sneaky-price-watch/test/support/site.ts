// The product's own server on a free port.
import type { TestContext } from "node:test";
import { createHttpController } from "../../src/controllers/http-controller.ts";
import type { Scene } from "./scene.ts";

export async function openSite(
  context: TestContext,
  { watches, overviews }: Scene,
  settings = { listen: "127.0.0.1", hostNames: [] as string[] },
): Promise<string> {
  const { signal } = new AbortController();
  const app = createHttpController({ watches, overviews, settings, signal });
  context.after(() => app.close());
  return app.listen({ host: "127.0.0.1", port: 0 });
}
