// Calls one function of a JavaScript or TypeScript fixture, inside of the box. The input comes on stdin together with a
// word that nobody else knows; the result goes out on a channel of its own, framed by that word. What is expected never
// gets here.
import { openSync, readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

// Taken before any foreign code runs, so that nothing it replaces is used for the result.
const { parse, stringify } = JSON;
const { isFinite: isFiniteNumber } = Number;
const { isArray } = Array;
const { keys, getPrototypeOf } = Object;
const plainPrototypes = [Object.prototype, null];
const toBytes = Buffer.from.bind(Buffer);
const leave = process.reallyExit?.bind(process) ?? process.exit.bind(process);

const { ORKET_RESULT_FD: descriptor, ORKET_RESULT_FILE: path } = process.env;
delete process.env["ORKET_RESULT_FD"];
delete process.env["ORKET_RESULT_FILE"];
const channel = descriptor === undefined ? openSync(path, "a") : Number(descriptor);
const { nonce, ...task } = parse(readFileSync(0, "utf8"));

function end(frame) {
  let data = toBytes(`${nonce} ${frame}\n`);
  while (data.length > 0) data = data.subarray(writeSync(channel, data));
  leave(0);
}

/** JSON, or an error: nothing is left out, rounded or turned into null on the way. */
function encode(value, above = []) {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "string") return stringify(value);
  if (typeof value === "number" && isFiniteNumber(value)) return String(value);
  if (typeof value !== "object") throw new TypeError(`${String(value)} is no JSON`);
  if (above.includes(value)) throw new TypeError("a value that contains itself is no JSON");
  const inside = [...above, value];
  if (isArray(value)) {
    const items = [];
    for (let place = 0; place < value.length; place += 1) items.push(encode(value[place], inside));
    return `[${items.join(",")}]`;
  }
  if (!plainPrototypes.includes(getPrototypeOf(value)))
    throw new TypeError(`an instance of ${value.constructor?.name ?? "a class"} is no JSON`);
  return `{${keys(value)
    .map((key) => `${stringify(key)}:${encode(value[key], inside)}`)
    .join(",")}}`;
}

function describe(error) {
  try {
    return stringify(
      `${error?.name ?? "Error"}: ${error?.message ?? String(error)}`.slice(0, 1000),
    );
  } catch {
    return '"an exception that cannot be shown"';
  }
}

const refuse = (error) => end(`{"error":${describe(error)}}`);
process.on("uncaughtException", refuse);

async function call() {
  const module = await import(pathToFileURL(task.fixture).href);
  for (const name of task.functions) {
    const named = module[name] ?? module.default?.[name];
    if (typeof named === "function") return named(task.input);
  }
  throw new ReferenceError(`the fixture exports no ${task.functions.join(" and no ")}`);
}

let frame;
try {
  frame = `{"value":${encode(await call())}}`;
} catch (error) {
  refuse(error);
}
end(frame);
