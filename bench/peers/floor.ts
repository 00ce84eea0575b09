// The floor: one row of 1 KiB and one commit per step, on the disk when it returns. Nothing durable can cost less.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { askStore, createMeter, readTask, storeFolder } from "./meter.ts";

const task = readTask();
const meter = createMeter(task);
mkdirSync(storeFolder(task));
const path = join(storeFolder(task), "floor.db");
const database = new DatabaseSync(path);
database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
database.exec("CREATE TABLE steps (id INTEGER PRIMARY KEY, body TEXT)");
const insert = database.prepare("INSERT INTO steps (body) VALUES (?)");
const body = "x".repeat(1024);
for (let number = 0; number < task.size; number += 1) {
  insert.run(body);
  meter.step();
}
const journalMode = database.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
const synchronous = database.prepare("PRAGMA synchronous").get()?.["synchronous"];
database.close();
meter.print({ stored: askStore(path, "SELECT count(*) FROM steps"), journalMode, synchronous });
