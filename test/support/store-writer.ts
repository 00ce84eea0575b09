// A process that writes to a store until it is done or killed: `node store-writer.ts <path> <name> <transactions>`.
// Each line it prints is the number of a transaction that was acknowledged.
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { createSystemClock } from "../../src/adapters/clock/system.ts";
import { openSqliteStore } from "../../src/adapters/store/sqlite.ts";
import { newCard, newEvent } from "./store-records.ts";

const [path = "", name = "", count = "0"] = argv.slice(2);
const store = await openSqliteStore({ path, clock: createSystemClock() });
for (let number = 1; number <= Number(count); number += 1) {
  await store.transaction(async ({ cards, comments, events }) => {
    const shared = await cards.get("build-a", "SHARED");
    if (shared === null) await cards.insert(newCard("SHARED"));
    else await cards.write("build-a", "SHARED", { credits: shared.credits + 1 });
    await cards.insert(newCard(`${name}-${number}`));
    await events.append([newEvent({ card: `${name}-${number}`, data: { number } })]);
    await comments.add({
      build: "build-a",
      card: name,
      author: name,
      text: String(number),
      turn: null,
    });
    await events.append([newEvent({ type: "card-commented", card: name })]);
  });
  writeSync(1, `${number}\n`);
}
await store.close();
