// A bare Fastify route as a process of its own: what the framework and the connection cost by themselves. Says its port;
// ends with its input.
import fastify from "fastify";

const app = fastify();
app.get("/bare", async () => ({ status: "online" }));
await app.listen({ host: "127.0.0.1", port: 0 });
process.stdin.resume().once("end", () => process.exit());
process.stdout.write(`${(app.server.address() as { readonly port: number }).port}\n`);
