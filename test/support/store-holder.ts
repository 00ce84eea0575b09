// A process that takes a database's write lock and keeps it until it is killed: `node store-holder.ts <path>`.
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(argv[2] ?? "");
database.exec("BEGIN IMMEDIATE");
writeSync(1, "held\n");
setInterval(() => database.isTransaction, 1000);
