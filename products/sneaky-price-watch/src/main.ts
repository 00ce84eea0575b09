#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The program: reads the world once, hands it in, and takes everything down in the reverse order.
import { randomUUID } from "node:crypto";
import type { Product } from "./compose.ts";
import { openProduct } from "./compose.ts";
import type { Order } from "./controllers/cli-controller.ts";
import { answer, parseOrder, pollLine, USAGE } from "./controllers/cli-controller.ts";
import { runSchedule } from "./managers/schedule-manager.ts";
import { plain } from "./utils/markup.ts";
import { systemClock } from "./utils/world.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (error: unknown): void =>
  void process.stderr.write(`${plain(error instanceof Error ? error.message : String(error))}\n`);

async function serve(product: Product, { settings }: Order, signal: AbortSignal): Promise<void> {
  const { watches, overviews, clock } = product;
  const { createHttpController } = await import("./controllers/http-controller.ts");
  const app = createHttpController({ watches, overviews, settings, signal });
  say(`Prices are shown at ${await app.listen({ host: settings.listen, port: settings.port })}`);
  await runSchedule(
    { watches, clock, tell: ({ poll }) => say(pollLine(poll)), fail: complain },
    signal,
  );
  await app.close();
}

async function run(order: Order, signal: AbortSignal): Promise<number> {
  const { command, settings, isJson } = order;
  if (command.kind === "help") return (say(USAGE), 0);
  const world = {
    clock: systemClock,
    chance: Math.random,
    newId: () => randomUUID().slice(0, 8),
    isRoot: process.getuid?.() === 0,
  };
  const product = openProduct(settings, { ...world, say: (line) => say(plain(line)) });
  try {
    if (command.kind === "serve") return (await serve(product, order, signal), 0);
    const { exitCode, data, lines } = await answer(product.watches, command, signal);
    for (const line of isJson ? [JSON.stringify(data)] : lines) say(line);
    return exitCode;
  } finally {
    await product.close();
  }
}

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
const order = parseOrder(process.argv.slice(2), process.env["SNEAKY_WEBHOOK_URL"]);
if (order.ok) {
  process.exitCode = await run(order.value, stop.signal).catch((error: unknown) => {
    complain(error);
    return 1;
  });
} else {
  complain(order.error);
  process.stderr.write("--help tells what there is.\n");
  process.exitCode = 2;
}
