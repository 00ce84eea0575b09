// A receiver of webhooks as a process of its own, for the bench: the product's listener on SQLite on the disk, or a bare
// route that reads the same body and keeps nothing. Says its port; ends with its input.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { createRandomIds } from "../src/adapters/ids/random.ts";
import { createSystemClock } from "../src/adapters/clock/system.ts";
import { silentLog } from "../src/adapters/log/silent.ts";
import { openSqliteStore } from "../src/adapters/store/sqlite.ts";
import { SILENT_WATCHER } from "../src/app/engine.ts";
import { createWebhookServer } from "../src/webhook/server.ts";

const [kind = "product", secret = ""] = process.argv.slice(2);

async function openProduct(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "orket-bench-"));
  const clock = createSystemClock();
  const store = await openSqliteStore({ path: join(dir, "orket.db"), clock });
  const server = createWebhookServer({
    engine: {
      store,
      clock,
      watcher: SILENT_WATCHER,
      ids: createRandomIds({ clock }),
      log: silentLog,
    },
    organization: "bench",
    secrets: [secret],
    perMinute: 1_000_000_000,
    test: null,
    wake: () => {},
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  process.stdin.once("end", () => {
    const end = async (): Promise<void> => {
      await server.stop(0);
      await store.close();
      await rm(dir, { recursive: true, force: true });
    };
    void end().finally(() => process.exit());
  });
  return port;
}

async function openBare(): Promise<number> {
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.post("/webhook/gitea", async (_request, reply) =>
    reply.code(202).header("connection", "close").send({ status: "accepted" }),
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  process.stdin.once("end", () => process.exit());
  return (app.server.address() as { readonly port: number }).port;
}

process.stdin.resume();
process.stdout.write(`${kind === "bare" ? await openBare() : await openProduct()}\n`);
